"""The few settings that the controls share; each control sets its own defaults."""

from __future__ import annotations

from pydantic import Field

from reference_models.key_value import Section


class Player(Section):
    """A network and its Adam optimizer."""

    learning_rate: float = Field(ge=0, le=10, description="Adam's learning rate")
    beta_1: float = Field(default=0.5, ge=0, lt=1, description="Adam's decay rate of the mean gradient")
    beta_2: float = Field(default=0.999, ge=0, lt=1, description="Adam's decay rate of the mean squared gradient")
    width: float = Field(gt=0, le=4, description="channels or units as a multiple of the published ones")


class Latent(Section):
    """The generator's input z; standard normal."""

    dimension: int = Field(default=100, ge=1, le=4096, description="length of z")


class Loop(Section):
    """The training loop."""

    batch_size: int = Field(default=32, ge=2, le=8192, description="real images per step")
    steps: int = Field(default=1000, ge=1, le=10_000_000, description="generator steps")
    critic_steps: int = Field(default=1, ge=1, le=100, description="discriminator steps per generator step")


class ControlSettings(Section):
    """All settings of a control."""

    generator: Player
    discriminator: Player
    latent: Latent = Latent()
    training: Loop = Loop()

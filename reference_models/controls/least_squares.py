"""LSGAN: the article's networks with a least-squares loss instead of cross-entropy (Mao et al. 2017)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from keras import ops

from gandoctor.experiments.training import Training
from reference_models.controls.settings import ControlSettings, Player
from reference_models.controls.start import adam, begin
from reference_models.controls.two_tapes import TwoTapeGAN
from reference_models.dcgan import build_discriminator, build_generator
from reference_models.settings import load_settings

DEFAULTS = ControlSettings(
    generator=Player(learning_rate=4e-4, width=0.25), discriminator=Player(learning_rate=4e-4, width=0.25)
)


class LSGAN(TwoTapeGAN):
    """The targets are 1 for reals and 0 for fakes; at equilibrium both losses are 1/4."""

    def discriminator_loss(self, real: Any, fake: Any) -> Any:
        """Return the mean squared distance of the scores from their labels, 1 and 0, with weight 1/2 each."""
        return 0.5 * ops.mean((real - 1.0) ** 2) + 0.5 * ops.mean(fake**2)

    def generator_loss(self, fake: Any) -> Any:
        """Return the mean squared distance of the fakes' scores from 1."""
        return ops.mean((fake - 1.0) ** 2)


def lsgan(settings: Iterable[str] = (), steps: int | None = None, seed: int = 0, data: str | None = None) -> Training:
    """LSGAN on digits; the discriminator has no sigmoid. Arguments: `start.begin`."""
    start = begin(DEFAULTS, settings, steps, seed, data)
    g, d = start.settings.generator, start.settings.discriminator
    networks = load_settings(
        "reference",
        [
            f"generator.width={g.width}",
            f"discriminator.width={d.width}",
            f"latent.dimension={start.settings.latent.dimension}",
            "discriminator.output_activation=linear",
        ],
    )
    generator, discriminator = build_generator(networks, start.shape), build_discriminator(networks, start.shape)
    model = LSGAN(generator, discriminator, start.settings.latent.dimension, start.settings.training.critic_steps, seed)
    model.compile(d_optimizer=adam(d), g_optimizer=adam(g))
    return start.training(model, "unit")

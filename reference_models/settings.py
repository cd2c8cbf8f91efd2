"""Every setting of the article's DCGAN as a typed field with bounds, and the presets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic.fields import FieldInfo

from gandoctor.errors import GandoctorError
from reference_models import key_value
from reference_models.key_value import Section

PixelRange = Literal["unit", "symmetric", "bytes"]
"""unit: [0, 1], as in the article. symmetric: [-1, 1], for a tanh generator. bytes: [0, 255]."""


class GeneratorSettings(Section):
    """The generator and the optimizer of the adversarial step."""

    learning_rate: float = Field(default=4e-4, ge=0, le=10, description="RMSprop learning rate")
    clip_value: float | None = Field(default=1.0, gt=0, le=1e6, description="clip each gradient entry at ±this")
    decay: float = Field(default=3e-8, ge=0, le=1, description="inverse-time decay of the learning rate per step")
    batch_norm: bool = Field(default=True, description="batch normalisation before every ReLU")
    batch_norm_momentum: float = Field(default=0.9, ge=0, lt=1, description="momentum of the moving statistics")
    dropout: float = Field(default=0.4, ge=0, lt=1, description="share of units dropped after the first ReLU")
    kernel_size: int = Field(default=5, ge=1, le=15, description="side of the convolution kernels, in pixels")
    upsampling: Literal["resize", "stride"] = Field(
        default="resize", description="resize, then convolve; or a transposed convolution of stride 2"
    )
    output_activation: Literal["sigmoid", "tanh", "linear"] = Field(
        default="sigmoid", description="sigmoid for unit data, tanh for symmetric data"
    )
    width: float = Field(default=1.0, gt=0, le=4, description="channels as a multiple of the article's")


class DiscriminatorSettings(Section):
    """The discriminator and its own optimizer."""

    learning_rate: float = Field(default=8e-4, ge=0, le=10, description="RMSprop learning rate")
    clip_value: float | None = Field(default=1.0, gt=0, le=1e6, description="clip each gradient entry at ±this")
    decay: float = Field(default=6e-8, ge=0, le=1, description="inverse-time decay of the learning rate per step")
    dropout: float = Field(default=0.4, ge=0, lt=1, description="share of units dropped after every activation")
    activation: Literal["leaky_relu", "relu"] = Field(
        default="leaky_relu", description="activation after every convolution"
    )
    leaky_relu_slope: float = Field(default=0.2, ge=0, le=1, description="slope for negative inputs")
    batch_norm: bool = Field(default=False, description="batch normalisation after every convolution except the first")
    batch_norm_momentum: float = Field(default=0.9, ge=0, lt=1, description="momentum of the moving statistics")
    downsampling: Literal["stride", "max_pooling"] = Field(
        default="stride", description="convolutions of stride 2, or max pooling after convolutions of stride 1"
    )
    output_activation: Literal["sigmoid", "linear"] = Field(
        default="sigmoid", description="sigmoid for training.loss_input=probabilities, linear for logits"
    )
    kernel_size: int = Field(default=5, ge=1, le=15, description="side of the convolution kernels, in pixels")
    width: float = Field(default=1.0, gt=0, le=4, description="channels as a multiple of the article's")


class LatentSettings(Section):
    """The generator's input z, uniform on [low, high) in every dimension."""

    dimension: int = Field(default=100, ge=1, le=4096, description="length of z")
    low: float = Field(default=-1.0, ge=-1e6, le=1e6, description="smallest value of z")
    high: float = Field(default=1.0, ge=-1e6, le=1e6, description="largest value of z")


class TrainingSettings(Section):
    """The training loop."""

    batch_size: int = Field(default=256, ge=2, le=8192, description="real images per step; there are as many fakes")
    steps: int = Field(default=2000, ge=1, le=10_000_000, description="adversarial steps")
    freeze_discriminator: bool = Field(
        default=True, description="do not update D in the adversarial step; as published, the article does"
    )
    pretrain_steps: int = Field(
        default=0, ge=0, le=1_000_000, description="steps that D trains alone before training begins"
    )
    real_label: float = Field(default=1.0, ge=0, le=1, description="D's target for reals; 0.9 is label smoothing")
    fake_label: float = Field(default=0.0, ge=0, le=1, description="D's target for fakes")
    generator_label: float = Field(default=1.0, ge=0, le=1, description="target of the adversarial step")
    loss_input: Literal["probabilities", "logits"] = Field(
        default="probabilities", description="what the cross-entropy takes D's output to be"
    )


class DataSettings(Section):
    """How the images are prepared before D sees them."""

    range: PixelRange = Field(default="unit", description="pixel range the images are scaled to")
    training_images: int | None = Field(
        default=None, ge=1, le=100_000_000, description="train only on the first so many images"
    )
    digits: int | None = Field(
        default=None, ge=1, le=10, description="train only on digits below this: 1 keeps the zeros, 7 drops 7, 8 and 9"
    )


class Switch(Section):
    """A fault. It is off if `start` is None and acts from step `start` on otherwise (counted from 1; 0: always)."""

    start: int | None = Field(default=None, ge=0, le=10_000_000, description="first step that the fault acts in")


class LearningRateFault(Switch):
    """Replace or multiply a learning rate."""

    value: float | None = Field(default=None, ge=0, le=10, description="the learning rate from that step on")
    factor: float = Field(default=1.0, ge=0, le=1e6, description="multiplies the learning rate if no value is given")


class SmallLatentFault(Switch):
    """Shrink z."""

    factor: float = Field(default=0.01, ge=0, le=1, description="multiplies every z")


class OutputNoiseFault(Switch):
    """Add Gaussian noise to the generator's images, in inference too."""

    sigma: float = Field(default=0.1, gt=0, le=1000, description="standard deviation, in the units of the images")


class SaltAndPepperFault(Switch):
    """Set single pixels of the generator's images to black or white, in inference too."""

    share: float = Field(default=0.02, gt=0, le=1, description="share of pixels")


class LossScaleFault(Switch):
    """Multiply both losses."""

    factor: float = Field(default=1e4, ge=0, le=1e30, description="multiplies both losses before the gradient is taken")


class FaultSettings(Section):
    """The faults, all off by default; the package `faults` describes each of them."""

    generator_step_moves_discriminator: Switch = Switch()
    discriminator_step_moves_generator: Switch = Switch()
    discriminator_frozen: bool = Field(default=False, description="D.trainable=False before the first trace")
    generator_frozen: bool = Field(default=False, description="G.trainable=False before the first trace")
    freeze_by_flag: bool = Field(default=False, description="D.trainable=False while the adversarial step is traced")
    swapped_labels: Switch = Switch()
    generator_wants_fake: Switch = Switch()
    loss_scale: LossScaleFault = LossScaleFault()
    nan: Switch = Switch()
    discriminator_learning_rate: LearningRateFault = LearningRateFault()
    generator_learning_rate: LearningRateFault = LearningRateFault()
    constant_latent: Switch = Switch()
    small_latent: SmallLatentFault = SmallLatentFault()
    repeated_latent: Switch = Switch()
    half_latents_collapsed: Switch = Switch()
    ten_latents: Switch = Switch()
    symmetric_data: Switch = Switch()
    byte_data: Switch = Switch()
    repeated_batch: Switch = Switch()
    output_noise: OutputNoiseFault = OutputNoiseFault()
    salt_and_pepper: SaltAndPepperFault = SaltAndPepperFault()
    output_batch_norm: bool = Field(default=False, description="batch normalisation before G's last activation")
    output_relu: bool = Field(default=False, description="ReLU before G's last activation")
    activation_before_batch_norm: bool = Field(
        default=False, description="every ReLU of G before its batch normalisation"
    )
    dropout_before_batch_norm: bool = Field(
        default=False, description="G's dropout before its first batch normalisation"
    )


class Settings(Section):
    """All settings; the defaults are the article's, but for the discriminator, which the article never freezes."""

    generator: GeneratorSettings = GeneratorSettings()
    discriminator: DiscriminatorSettings = DiscriminatorSettings()
    latent: LatentSettings = LatentSettings()
    training: TrainingSettings = TrainingSettings()
    data: DataSettings = DataSettings()
    faults: FaultSettings = FaultSettings()

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        if self.latent.low > self.latent.high:
            raise ValueError(f"latent.low ({self.latent.low:g}) is above latent.high ({self.latent.high:g}).")
        for name, there in (("symmetric_data", "[-1, 1]"), ("byte_data", "[0, 255]")):
            if getattr(self.faults, name).start is not None and self.data.range != "unit":
                raise ValueError(
                    f"The fault {name.replace('_', '-')} rescales data from [0, 1] to {there}, but data.range is "
                    f"{self.data.range!r}. Leave data.range at 'unit'."
                )
        leak = self.faults.generator_step_moves_discriminator.start
        if leak and not self.training.freeze_discriminator:
            raise ValueError(
                f"The adversarial step cannot begin to update the discriminator at step {leak}: without "
                "training.freeze_discriminator it does so from the first step. Set training.freeze_discriminator=true "
                "to freeze it until then."
            )
        return self


PRESETS: dict[str, dict[str, Any]] = {
    "quick": {
        "generator.width": 0.25,
        "discriminator.width": 0.25,
        "training.batch_size": 32,
        "training.steps": 1000,
    },
    "reference": {},
    "article": {"training.freeze_discriminator": False},
}
"""Differences from the defaults. `article` is the article as published: its adversarial step also updates the
discriminator. `quick` trains in about a minute on two CPU cores."""


def changed_from(preset: str, chosen: Settings) -> dict[str, Any]:
    """Return the settings that are not as the preset has them: "generator.dropout" -> value."""
    default, found = load_settings(preset).model_dump(mode="json"), dict[str, Any]()
    stack: list[tuple[tuple[str, ...], dict[str, Any], dict[str, Any]]] = [
        ((), default, chosen.model_dump(mode="json"))
    ]
    while stack:
        path, before, now = stack.pop()
        for key, value in now.items():
            if isinstance(value, dict) and isinstance(before.get(key), dict):
                stack.append(((*path, key), before[key], value))
            elif value != before.get(key):
                found[".".join((*path, key))] = value
    return dict(sorted(found.items()))


def load_settings(preset: str = "quick", changes: Iterable[str] = ()) -> Settings:
    """Return a preset with "KEY=VALUE" changes applied in order, e.g. "generator.dropout=0.5".

    "none" turns an optional setting off, e.g. "generator.clip_value=none".

    Raises:
        GandoctorError: The preset is unknown, a key is unknown (the message names the nearest), or a value is out of
            bounds (the message names them).
    """
    if preset not in PRESETS:
        raise GandoctorError(f"There is no preset {preset!r}. Choose from: {', '.join(PRESETS)}.")
    return change_settings(Settings(), {**PRESETS[preset], **key_value.parse_changes(changes)})


def change_settings(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return settings with values replaced by dotted key.

    Raises:
        GandoctorError: As in `load_settings`.
    """
    return key_value.with_changes(settings, changes)


def setting_keys() -> dict[str, FieldInfo]:
    """Return every setting by its dotted key, in the order of the tree."""
    return key_value.keys_of(Settings)


def allowed(key: str) -> str:
    """Describe the values that a setting takes, e.g. "a number, 0 <= value < 1 (default 0.4)"."""
    return key_value.allowed(Settings, key)

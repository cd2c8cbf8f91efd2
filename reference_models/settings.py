"""Every knob of the article's DCGAN as a typed field with its bounds, the presets, and `--set KEY=VALUE`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from gandoctor.errors import GandoctorError

PixelRange = Literal["unit", "symmetric", "bytes"]
"""unit: [0, 1] as in the article. symmetric: [-1, 1], what a tanh generator makes. bytes: [0, 255]."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class GeneratorSettings(_Section):
    """The generator and the optimizer of the adversarial step."""

    learning_rate: float = Field(default=4e-4, ge=0, le=10, description="RMSprop learning rate")
    clip_value: float | None = Field(default=1.0, gt=0, le=1e6, description="clip each gradient entry at ±this")
    decay: float = Field(default=3e-8, ge=0, le=1, description="inverse-time decay of the learning rate a step")
    batch_norm: bool = Field(default=True, description="batch normalisation before every ReLU")
    batch_norm_momentum: float = Field(default=0.9, ge=0, lt=1, description="momentum of the moving statistics")
    dropout: float = Field(default=0.4, ge=0, lt=1, description="share of units dropped after the first ReLU")
    kernel_size: int = Field(default=5, ge=1, le=15, description="side of the convolution kernels, in pixels")
    output_activation: Literal["sigmoid", "tanh", "linear"] = Field(
        default="sigmoid", description="sigmoid for unit data, tanh for symmetric data"
    )
    width: float = Field(default=1.0, gt=0, le=4, description="channels as a multiple of the article's")


class DiscriminatorSettings(_Section):
    """The discriminator and its own optimizer."""

    learning_rate: float = Field(default=8e-4, ge=0, le=10, description="RMSprop learning rate")
    clip_value: float | None = Field(default=1.0, gt=0, le=1e6, description="clip each gradient entry at ±this")
    decay: float = Field(default=6e-8, ge=0, le=1, description="inverse-time decay of the learning rate a step")
    dropout: float = Field(default=0.4, ge=0, lt=1, description="share of units dropped after every activation")
    leaky_relu_slope: float = Field(default=0.2, ge=0, le=1, description="slope for negative inputs")
    kernel_size: int = Field(default=5, ge=1, le=15, description="side of the convolution kernels, in pixels")
    width: float = Field(default=1.0, gt=0, le=4, description="channels as a multiple of the article's")


class LatentSettings(_Section):
    """The generator's input z, uniform on [low, high) in every dimension."""

    dimension: int = Field(default=100, ge=1, le=4096, description="length of z")
    low: float = Field(default=-1.0, ge=-1e6, le=1e6, description="smallest value of z")
    high: float = Field(default=1.0, ge=-1e6, le=1e6, description="largest value of z")


class TrainingSettings(_Section):
    """The loop."""

    batch_size: int = Field(default=256, ge=2, le=8192, description="real images a step, and as many fakes")
    steps: int = Field(default=2000, ge=1, le=10_000_000, description="adversarial steps")
    freeze_discriminator: bool = Field(
        default=False, description="keep the adversarial step from moving D, which as published it does"
    )
    pretrain_steps: int = Field(default=0, ge=0, le=1_000_000, description="steps D trains alone beforehand")
    real_label: float = Field(default=1.0, ge=0, le=1, description="D's target for reals; 0.9 smooths")
    fake_label: float = Field(default=0.0, ge=0, le=1, description="D's target for fakes")
    generator_label: float = Field(default=1.0, ge=0, le=1, description="target of the adversarial step")


class DataSettings(_Section):
    """What is done to the images before D sees them."""

    range: PixelRange = Field(default="unit", description="pixel range the images are scaled to")
    training_images: int | None = Field(
        default=None, ge=1, le=100_000_000, description="train on the first so many images only"
    )


class Switch(_Section):
    """A fault, off while `start` is None; otherwise it acts from that step on (counted from 1; 0: always)."""

    start: int | None = Field(default=None, ge=0, le=10_000_000, description="first step the fault acts in")


class GeneratorLearningRateFault(Switch):
    """Replace the generator's learning rate."""

    value: float = Field(default=1e-7, ge=0, le=10, description="the learning rate from then on")


class OutputNoiseFault(Switch):
    """Add Gaussian noise to the generator's images, also in inference."""

    sigma: float = Field(default=0.1, gt=0, le=1000, description="standard deviation, in the images' own units")


class FaultSettings(_Section):
    """Deliberate damage, all off by default; `faults.py` describes each."""

    generator_learning_rate: GeneratorLearningRateFault = GeneratorLearningRateFault()
    constant_latent: Switch = Switch()
    symmetric_data: Switch = Switch()
    half_latents_collapsed: Switch = Switch()
    output_noise: OutputNoiseFault = OutputNoiseFault()
    nan: Switch = Switch()


class Settings(_Section):
    """The whole tree; the defaults are the article's."""

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
        if self.faults.symmetric_data.start is not None and self.data.range != "unit":
            raise ValueError(
                "The fault symmetric-data moves unit data to [-1, 1], but data.range is "
                f"{self.data.range!r}. Leave data.range at 'unit'."
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
}
"""Differences from the article: none in `reference`; `quick` trains in about a minute on two CPU cores."""


def load_settings(preset: str = "quick", changes: Iterable[str] = ()) -> Settings:
    """Return a preset with "KEY=VALUE" changes applied in order, e.g. "generator.dropout=0.5".

    "none" switches an optional setting off, e.g. "generator.clip_value=none".

    Raises:
        GandoctorError: Unknown preset or key (names the nearest), or a value outside the key's bounds (names
            them).
    """
    if preset not in PRESETS:
        raise GandoctorError(f"There is no preset {preset!r}. There are: {', '.join(PRESETS)}.")
    return change_settings(Settings(), {**PRESETS[preset], **dict(_parse(change) for change in changes)})


def change_settings(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return settings with values replaced, by dotted key.

    Raises:
        GandoctorError: As in `load_settings`.
    """
    tree = settings.model_dump()
    for key, value in changes.items():
        field = _field(key)
        *path, leaf = key.split(".")
        branch = tree
        for name in path:
            branch = branch[name]
        branch[leaf] = None if _optional(field) and str(value).lower() == "none" else value
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if not key:
            raise GandoctorError(str(first["ctx"]["error"])) from None
        raise GandoctorError(f"{key}={first['input']} is not possible: it must be {allowed(key)}.") from None


def setting_keys() -> dict[str, FieldInfo]:
    """Return every setting by its dotted key, in the order of the tree."""

    def walk(section: type[BaseModel], prefix: str) -> dict[str, FieldInfo]:
        keys: dict[str, FieldInfo] = {}
        for name, field in section.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                keys |= walk(inner, f"{prefix}{name}.")
            else:
                keys[prefix + name] = field
        return keys

    return walk(Settings, "")


def allowed(key: str) -> str:
    """Say in words which values a setting takes, e.g. "a number, 0 <= value < 1 (default 0.4)"."""
    field = _field(key)
    kind = field.annotation
    if choices := getattr(kind, "__args__", ()):
        names = [str(choice) for choice in choices if isinstance(choice, str)]
    else:
        names = []
    bounds = {type(bound): bound for bound in field.metadata}
    low = f"{bounds[Ge].ge:g} <= " if Ge in bounds else f"{bounds[Gt].gt:g} < " if Gt in bounds else ""
    high = f" <= {bounds[Le].le:g}" if Le in bounds else f" < {bounds[Lt].lt:g}" if Lt in bounds else ""
    if names:
        words = "one of " + ", ".join(names)
    elif kind is bool:
        words = "true or false"
    else:
        words = "a whole number" if kind is int or int in choices else "a number"
        words += f", {low}value{high}" if low or high else ""
        words += ", or none" if _optional(field) else ""
    return f"{words} (default {'none' if field.default is None else field.default})"


def _parse(change: str) -> tuple[str, str]:
    key, equals, value = change.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise GandoctorError(f"The setting {change!r} is not of the form KEY=VALUE, e.g. generator.dropout=0.5.")
    return key.strip(), value.strip()


def _field(key: str) -> FieldInfo:
    keys = setting_keys()
    if key in keys:
        return keys[key]
    members = [name for name in keys if name.startswith(key + ".")]
    if members:
        raise GandoctorError(f"{key!r} is a group of settings. Name one of {', '.join(members)}.")
    raise GandoctorError(f"There is no setting {key!r}. Did you mean {_nearest(key, list(keys))}?")


def _nearest(key: str, keys: list[str]) -> str:
    # A key typed without its group ("dropuot") is compared with the last parts alone.
    if "." not in key:
        leaves = [name.rsplit(".", 1)[-1] for name in keys]
        near = difflib.get_close_matches(key, leaves, n=1, cutoff=0.6)
        if near:
            return " or ".join(name for name in keys if name.rsplit(".", 1)[-1] == near[0])
    return difflib.get_close_matches(key, keys, n=1, cutoff=0.0)[0]


def _optional(field: FieldInfo) -> bool:
    return type(None) in getattr(field.annotation, "__args__", ())

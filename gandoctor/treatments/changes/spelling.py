"""Spelling: how a framework writes optimizers, layers and losses, and how a number is typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from gandoctor.player_names import SLOTS, Player
from gandoctor.printable import as_typed
from gandoctor.store import Run
from gandoctor.treatments.treatment import Framework


def typed(value: Any) -> str:
    """Return a value as it is typed in code: 4e-4, 0.5, True, "tanh"; to six digits, as float32 has seven."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool) or not isinstance(value, int | float):
        return repr(value)
    return as_typed(value)


class Spelling(Protocol):
    """A framework's words. Settings have the names that Keras has for them, as in the model card."""

    framework: Framework

    def optimizer(self, player: Player, type_: str, **settings: Any) -> str:
        """Return the line that makes a player's optimizer."""

    def layer(self, type_: str, **settings: Any) -> str:
        """Return the call that makes a layer."""

    def cross_entropy(self, from_logits: bool) -> str:
        """Return the call that makes the cross-entropy of logits or probabilities."""


class KerasSpelling:
    """As Keras 3 has it."""

    framework: Framework = "keras"

    def optimizer(self, player: Player, type_: str, **settings: Any) -> str:
        """As `Spelling`."""
        return f"{player}_optimizer = keras.optimizers.{type_}({_arguments(settings)})"

    def layer(self, type_: str, **settings: Any) -> str:
        """As `Spelling`."""
        return f"layers.{type_}({_arguments(settings)})"

    def cross_entropy(self, from_logits: bool) -> str:
        """As `Spelling`."""
        return f"keras.losses.BinaryCrossentropy(from_logits={from_logits})"


class TorchSpelling:
    """As PyTorch has it."""

    framework: Framework = "torch"

    _SETTINGS: ClassVar = {"learning_rate": "lr", "rho": "alpha", "epsilon": "eps", "rate": "p", "strides": "stride"}
    _LAYERS: ClassVar = {
        "Dense": "Linear",
        "Conv2D": "Conv2d",
        "Conv2DTranspose": "ConvTranspose2d",
        "BatchNormalization": "BatchNorm2d",
        "SpatialDropout2D": "Dropout2d",
    }

    def optimizer(self, player: Player, type_: str, **settings: Any) -> str:
        """As `Spelling`."""
        betas = [settings.pop(name, other) for name, other in (("beta_1", None), ("beta_2", 0.999))]
        named = {self._SETTINGS.get(name, name): value for name, value in settings.items()}
        given = [f"{player.upper()}.parameters()", *filter(None, [_arguments(named)])]
        if betas[0] is not None:
            given.append(f"betas=({typed(betas[0])}, {typed(betas[1])})")
        return f"opt_{player} = torch.optim.{type_}({', '.join(given)})"

    def layer(self, type_: str, **settings: Any) -> str:
        """As `Spelling`; batch normalisation's momentum is the share of the new, as PyTorch counts it."""
        if type_ == "Activation":
            return f"nn.{str(settings.get('activation', 'Identity')).capitalize()}()"
        if type_ == "BatchNormalization" and "momentum" in settings:
            settings["momentum"] = round(1.0 - settings["momentum"], 6)
        named = {self._SETTINGS.get(name, name): value for name, value in settings.items()}
        return f"nn.{self._LAYERS.get(type_, type_)}({_arguments(named)})"

    def cross_entropy(self, from_logits: bool) -> str:
        """As `Spelling`."""
        return "nn.BCEWithLogitsLoss()" if from_logits else "nn.BCELoss()"


def framework_of(run: Run) -> Framework:
    """Return the framework a run was trained with; Keras where it is not recorded."""
    versions = run.manifest.versions
    return "torch" if "torch" in versions and "keras" not in versions else "keras"


def spelling_of(run: Run) -> Spelling:
    """Return the words of a run's framework."""
    return TorchSpelling() if framework_of(run) == "torch" else KerasSpelling()


def network_name(run: Run, player: Player) -> str:
    """Return what a network is called in code: `generator`, or `G` as PyTorch programs write it."""
    return player.upper() if framework_of(run) == "torch" else SLOTS[player]


def _arguments(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={typed(value)}" for name, value in settings.items())

"""Layers: which ones of the run's own networks a treatment changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gandoctor.message import Message
from gandoctor.player_names import NAMES, PLAYERS, SLOTS, Player
from gandoctor.store import LayerCard
from gandoctor.treatments.changes.case import Case, Change, name_of
from gandoctor.treatments.edit import Edit
from gandoctor.treatments.treatment import Framework

HIGHEST_DROPOUT, LOW_DROPOUT = 0.6, 0.3
"""The article advises 0.3 to 0.6 (problem 1)."""
MOMENTUM = 0.9
"""Batch normalisation's, in Keras's sense: averages over about 10 steps; the article's generator has it."""
SHOWN = 4
"""Layers of one kind that are changed one by one; of more, the first stands for all."""

_BATCH_NORM = ("BatchNorm", "InstanceNorm")
_NORM = (*_BATCH_NORM, "LayerNorm", "GroupNorm")
LARGE_EPSILON = 0.1
"""As of large-epsilon (GD119)."""
EPSILON: dict[Framework, float] = {"keras": 1e-3, "torch": 1e-5}
"""Of batch normalisation, the frameworks' defaults."""


def _edit(case: Case, player: Player, layer: LayerCard, old: dict[str, Any], new: dict[str, Any] | None) -> Edit:
    """Return what changes a layer's settings; takes the layer out where there are no new ones."""
    kind, where = layer.type, f"  # {SLOTS[player]}: {name_of(layer)}"
    before = case.spelling.layer(kind, **old) + where
    after = None if new is None else case.spelling.layer(kind, **new) + where
    numbers = [v for settings in (old, new or {}) for v in settings.values() if isinstance(v, float)]
    direction = 0 if len(numbers) < 2 or numbers[0] == numbers[1] else (1 if numbers[1] > numbers[0] else -1)
    return Edit(f"{SLOTS[player]}/{name_of(layer)}", before, after, direction)


def _named(layers: Iterable[LayerCard]) -> tuple[str, ...]:
    return tuple(name_of(layer) for layer in layers)


def _without_batch_norm(case: Case) -> Change | None:
    """Take out the batch normalisation that the findings name; of the whole discriminator where that is the cause."""
    found = [(p, one) for p in PLAYERS for one in case.named(p) if one.type.startswith(_BATCH_NORM)]
    if not found and "batch-norm-in-discriminator" in case.causes:
        found = [("d", one) for one in case.layer_cards("d", *_BATCH_NORM)]
    if not found:
        return Change()
    edits = tuple(_edit(case, p, one, _momentum(one), None) for p, one in found[:SHOWN])
    player = found[0][0]
    if len({p for p, _ in found}) > 1:
        return Change(edits)
    title = Message(
        "Remove batch normalisation from the {player} ({layers})",
        player=NAMES[player],
        layers=_named(one for _, one in found[:SHOWN]),
    )
    return Change(edits, title, {"discriminator.batch_norm": False} if player == "d" else None)


def _momentum(layer: LayerCard) -> dict[str, Any]:
    momentum = layer.settings.get("momentum")
    return {"momentum": momentum} if isinstance(momentum, int | float) else {}


def _lower_momentum(case: Case) -> Change | None:
    """Lower the momentum of the generator's batch normalisation; moot where none is above 0.9."""
    high = [
        (one, float(m))
        for one in case.layer_cards("g", *_BATCH_NORM)
        if isinstance(m := one.settings.get("momentum"), int | float) and MOMENTUM < m < 1.0
    ]
    if not high:
        return None if any(case.layer_cards("g", *_BATCH_NORM)) else Change()
    edits = tuple(_edit(case, "g", one, {"momentum": m}, {"momentum": MOMENTUM}) for one, m in high[:SHOWN])
    title = Message(
        "Lower the momentum of the generator's batch normalisation from {old:g} to {new:g}",
        old=high[0][1],
        new=MOMENTUM,
    )
    return Change(edits, title, {"generator.batch_norm_momentum": MOMENTUM})


def _small_epsilon(case: Case) -> Change | None:
    """Set epsilons that are large to the framework's default; moot where none is."""
    large = [
        (p, one, float(epsilon))
        for p in PLAYERS
        for one in case.layer_cards(p, *_NORM)
        if isinstance(epsilon := one.settings.get("epsilon"), int | float) and epsilon >= LARGE_EPSILON
    ]
    if not large:
        return None
    usual = EPSILON[case.spelling.framework]
    edits = tuple(_edit(case, p, one, {"epsilon": e}, {"epsilon": usual}) for p, one, e in large[:SHOWN])
    title = Message("Set epsilon of batch normalisation to {new:g}; it is {old:g}", new=usual, old=large[0][2])
    return Change(edits, title, {f"{SLOTS[p]}.batch_norm_epsilon": usual for p, *_ in large})


def _lower_dropout(case: Case) -> Change | None:
    """Lower rates above 0.6; moot as an answer to too much dropout where there are none."""
    high = [
        (p, one, float(rate))
        for p in PLAYERS
        for one in case.layer_cards(p, "Dropout", "SpatialDropout")
        if isinstance(rate := one.settings.get("rate"), int | float) and rate > HIGHEST_DROPOUT
    ]
    if not high:
        has = any(next(case.layer_cards(p, "Dropout", "SpatialDropout"), None) for p in PLAYERS)
        return None if has or "too-much-dropout" in case.causes else Change()
    edits = tuple(_edit(case, p, one, {"rate": rate}, {"rate": LOW_DROPOUT}) for p, one, rate in high)
    title = Message("Lower dropout from {old:g} to {new:g}", old=high[0][2], new=LOW_DROPOUT)
    return Change(edits, title, {f"{SLOTS[p]}.dropout": LOW_DROPOUT for p, *_ in high})


def _even_kernels(player: Player, *types: str) -> Callable[[Case], Change | None]:
    """Return a treatment that makes kernels of strided layers divisible by the stride; moot where all are."""

    def change(case: Case) -> Change | None:
        uneven = [
            (one, kernel, stride)
            for one in case.layer_cards(player, *types)
            if (kernel := _side(one, "kernel_size")) and (stride := _side(one, "strides")) and stride > 1
            if kernel % stride
        ]
        if not uneven:
            return None if any(case.layer_cards(player, *types)) else Change()
        edits = tuple(
            _edit(
                case,
                player,
                one,
                {"kernel_size": kernel, "strides": stride},
                {"kernel_size": max(stride, kernel - kernel % stride), "strides": stride},
            )
            for one, kernel, stride in uneven[:SHOWN]
        )
        _, kernel, stride = uneven[0]
        even = max(stride, kernel - kernel % stride)
        title = Message(
            "Make the {player}'s strided kernels {even} wide instead of {kernel}: divisible by the stride of {stride}",
            player=NAMES[player],
            even=even,
            kernel=kernel,
            stride=stride,
        )
        return Change(edits, title, {f"{SLOTS[player]}.kernel_size": even})

    return change


def _side(layer: LayerCard, name: str) -> int:
    """Return the side of a kernel or stride; 0 where the card does not have it."""
    value = layer.settings.get(name)
    value = value[0] if isinstance(value, list | tuple) and value else value
    return int(value) if isinstance(value, int | float) else 0


def _leaky(case: Case) -> Change | None:
    """Replace the discriminator's ReLU; moot where it has none."""
    cards = list(case.layer_cards("d", "ReLU", "Activation"))
    plain = [one for one in cards if _is_plain_relu(one)]
    pooled = list(case.layer_cards("d", "MaxPool"))
    if not plain and not pooled:
        return None if case.card("d") is not None else Change()
    leaky = case.spelling.layer("LeakyReLU", negative_slope=0.2)
    edits = []
    for one in plain[:SHOWN]:
        settings = {"activation": "relu"} if one.type == "Activation" else {}
        where = f"  # discriminator: {name_of(one)}"
        before = case.spelling.layer(one.type, **settings)
        edits.append(Edit(f"discriminator/{name_of(one)}", before + where, leaky + where))
    if not edits:
        return Change()
    title = Message("Replace ReLU by leaky ReLU in the discriminator ({layers})", layers=_named(plain[:SHOWN]))
    return Change(tuple(edits), title, {"discriminator.activation": "leaky_relu"})


def _is_plain_relu(layer: LayerCard) -> bool:
    if layer.type == "ReLU":
        return not layer.settings.get("negative_slope")
    return layer.settings.get("activation") == "relu"


def _without_noise(case: Case) -> Change | None:
    """Take out the generator's layers that add noise, by the name of their type."""
    noisy = [one for one in case.layer_cards("g", "") if "noise" in one.type.lower()]
    edits = tuple(_edit(case, "g", one, {}, None) for one in noisy)
    if not edits:
        return Change()
    return Change(edits, Message("Remove {layers} from the generator: it adds noise", layers=_named(noisy)))


def _batch_norm_in_generator(case: Case) -> Change | None:
    """Add batch normalisation after each of the generator's layers with weights but the last; moot where it has it."""
    if any(case.layer_cards("g", *_BATCH_NORM)):
        return None
    weights = list(case.layer_cards("g", "Dense", "Conv", "Linear"))[:-1]
    if not weights:
        return Change()
    norm = case.spelling.layer("BatchNormalization", momentum=MOMENTUM)
    edits = tuple(
        Edit(f"generator/{name_of(one)}+norm", None, f"{norm}  # generator: after {name_of(one)}")
        for one in weights[:SHOWN]
    )
    title = Message("Add batch normalisation to the generator's hidden layers, but not to its output")
    return Change(edits, title)


CHANGES: dict[str, Callable[[Case], Change | None]] = {
    "batch-norm-placement": _without_batch_norm,
    "batch-norm-momentum": _lower_momentum,
    "batch-norm-in-generator": _batch_norm_in_generator,
    "small-epsilon": _small_epsilon,
    "dropout-rate": _lower_dropout,
    "even-upsampling": _even_kernels("g", "Conv2DTranspose", "ConvTranspose"),
    "even-discriminator-strides": _even_kernels("d", "Conv2D", "Conv"),
    "leaky-discriminator": _leaky,
    "no-noise-on-output": _without_noise,
}

"""The networks of the model card as the page draws them: a box per layer, flagged where a finding names it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gandoctor.networks.layer_roles import role_of
from gandoctor.report.languages.language import Language
from gandoctor.report.page.facts import shape_of
from gandoctor.report.text import clean, flat, number
from gandoctor.rules import Evidence, Finding
from gandoctor.store import LayerCard, PlayerCard, Run

LAYERS_MAX = 300
OPTIONS_MAX = 12
QUIET = {"axis", "epsilon", "interpolation", "target_shape", "use_bias: true", "activation: linear"}
"""Settings, or settings of one value, that a box does not show: defaults, and what the output shape says."""


@dataclass(frozen=True)
class LayerView:
    """One call of a layer.

    Attributes:
        name: With the path to it.
        type: With what wraps it, e.g. "SpectralNormalization(Conv2D)".
        options: (name, value) of the settings that matter to a reader.
        given: What it is given, "" where that is what the layer before makes.
        shape: Of its output.
        has_weights: Whether it is drawn as a full box; what only passes values on is drawn smaller.
        flags: Findings that name it.
    """

    name: str
    type: str
    options: tuple[tuple[str, str], ...]
    given: str
    shape: str
    parameters: str
    has_weights: bool
    flags: tuple[Finding, ...]

    @property
    def severity(self) -> str:
        """Of the worst finding that names it; "" where there is none."""
        return self.flags[0].severity.value if self.flags else ""


@dataclass(frozen=True)
class PlayerView:
    """One network and its optimizer.

    Attributes:
        takes: What its input is, in words; makes: what its output can be; "" where that is not known.
        notes: Sentences on it as a whole.
        more: Layers that are left out.
    """

    title: str
    parameters: str
    takes: str
    makes: str
    notes: tuple[str, ...]
    optimizer: tuple[tuple[str, str], ...]
    layers: tuple[LayerView, ...]
    more: int


def players(run: Run, detected: Sequence[Finding], words: Language) -> list[PlayerView]:
    """Return the model card, layers flagged where a finding's evidence names them."""
    cards = (("generator", run.manifest.generator), ("discriminator", run.manifest.discriminator))
    return [_player(role, card, detected, words) for role, card in cards if card is not None]


def _player(role: str, card: PlayerCard, detected: Sequence[Finding], words: Language) -> PlayerView:
    return PlayerView(
        title=words(f"model.{role}"),
        parameters=f"{card.parameters:,}",
        takes=_takes(card, words),
        makes=_makes(card, words),
        notes=tuple(_notes(card, words)),
        optimizer=tuple(flat(card.optimizer, words, 40)),
        layers=tuple(_layer(role, card, i, detected, words) for i in range(min(len(card.layers), LAYERS_MAX))),
        more=max(0, len(card.layers) - LAYERS_MAX),
    )


def _layer(role: str, card: PlayerCard, position: int, detected: Sequence[Finding], words: Language) -> LayerView:
    layer = card.layers[position]
    kind = clean(layer.type, 80)
    for wrapper in reversed(layer.wrappers[:8]):
        kind = f"{clean(wrapper, 80)}({kind})"
    return LayerView(
        name=clean(layer.address, 120),
        type=kind,
        options=tuple(_options(layer, words)),
        given=_given(card, position, words),
        shape=shape_of(layer.output_shape, words),
        parameters=f"{layer.parameters:,}",
        has_weights=layer.parameters > 0 and role_of(layer) not in ("batch_norm", "norm"),
        flags=_flags(role, layer, detected),
    )


def _options(layer: LayerCard, words: Language) -> Iterator[tuple[str, str]]:
    for name, value in flat(layer.settings, words, OPTIONS_MAX):
        if not QUIET & {name, f"{name}: {value}"}:
            is_size = re.fullmatch(r"\[\d+(, \d+)*\]", value) is not None
            yield name, value[1:-1].replace(", ", " × ") if is_size else value


def _given(card: PlayerCard, position: int, words: Language) -> str:
    """What a layer is given, where that is not simply the output of the layer before."""
    inputs = card.layers[position].inputs
    if inputs is None or inputs == (position - 1,):
        return ""
    names = [
        clean(card.layers[i].address, 80) if 0 <= i < len(card.layers) else words("model.network_input")
        for i in inputs[:8]
    ]
    return words("model.given", names=words("model.and").join(names)) if names else ""


def _takes(card: PlayerCard, words: Language) -> str:
    if not card.input_shapes:
        return ""
    return words("model.takes", shapes=words("model.and").join(shape_of(s, words) for s in card.input_shapes[:8]))


def _makes(card: PlayerCard, words: Language) -> str:
    if card.reach is None:
        return ""
    low, high = card.reach.low, card.reach.high
    bounds = {"low": number(low or 0.0), "high": number(high or 0.0), "layer": clean(card.reach.layer, 80)}
    kind = "anything" if low is None and high is None else "up_to" if low is None else "from"
    return words(f"model.reach.{'between' if low is not None and high is not None else kind}", **bounds)


def _notes(card: PlayerCard, words: Language) -> Iterator[str]:
    """Sentences on a network as a whole."""
    if card.order == "declared" and card.order_note is not None:
        yield words("model.declared", why=clean(words.say(card.order_note), 300))
    elif card.order == "declared":
        yield words("model.declared_without_reason")


def _flags(role: str, layer: LayerCard, detected: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, worst first, whose evidence lists the layer, or, listing none, names it as a whole word."""
    address = f"{role}/{layer.address}"
    word = None
    if 3 <= len(layer.name) <= 200:
        word = re.compile(rf"(?<![\w.-]){re.escape(layer.name)}(?![\w-])")

    def names_it(evidence: Evidence) -> bool:
        if evidence.layers:
            return address in evidence.layers
        return word is not None and word.search(str(evidence.statement)) is not None

    found = (f for f in detected if any(map(names_it, f.evidence)))
    return tuple(sorted(found, key=lambda f: f.severity.rank, reverse=True))

"""Model cards of small networks, written by hand, and what the design rules say of a run that has only them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from gandoctor.message import Value
from gandoctor.rules import Finding, find_rule
from gandoctor.store import DataCard, LayerCard, PlayerCard, Run

Spec = str | tuple[Any, ...]
"""A layer as its type, or (type, settings), or (type, settings, inputs)."""

DENSE = ("Dense", {"units": 8, "activation": "linear"})
CONV = ("Conv2D", {"filters": 8, "kernel_size": [3, 3], "strides": [1, 1], "activation": "linear"})
UNIT = ("Dense", {"units": 1, "activation": "linear"})
NORM = ("BatchNormalization", {"momentum": 0.9})
LEAKY = ("LeakyReLU", {"negative_slope": 0.2})


def transpose(kernel: int = 4, stride: int = 2, activation: str = "linear") -> Spec:
    return (
        "Conv2DTranspose",
        {"filters": 1, "kernel_size": [kernel] * 2, "strides": [stride] * 2, "activation": activation},
    )


def act(name: str) -> Spec:
    return ("Activation", {"activation": name})


def drop(rate: float) -> Spec:
    return ("Dropout", {"rate": rate})


def card(*specs: Spec, outputs: tuple[int, ...] | None = None, **fields: Any) -> PlayerCard:
    """A network whose layers follow each other where their inputs are not given; the last one is its output."""
    counts: Counter[str] = Counter()
    layers = []
    for i, spec in enumerate(specs):
        kind, *rest = (spec,) if isinstance(spec, str) else spec
        settings = rest[0] if rest else {}
        inputs = rest[1] if len(rest) > 1 else (i - 1,)
        name = f"{kind.lower()}_{counts[kind]}" if counts[kind] else kind.lower()
        counts[kind] += 1
        layers.append(LayerCard(name=name, type=kind, settings=settings, inputs=inputs, output_shape=(None, 1)))
    return PlayerCard(
        name="network",
        layers=layers,
        **{"order": "called", "outputs": (len(layers) - 1,) if outputs is None else outputs, **fields},
    )


GENERATOR = card(DENSE, NORM, act("relu"), ("Reshape", {}), transpose(), act("sigmoid"))
DISCRIMINATOR = card(CONV, LEAKY, drop(0.3), "Flatten", UNIT)


def data(minimum: float = 0.0, maximum: float = 1.0, **fields: Any) -> DataCard:
    width = maximum - minimum
    known = {"mean": minimum + 0.13 * width, "std": 0.3 * width, "probe_count": 288, "shape": (28, 28, 1)}
    return DataCard(dtype="float32", minimum=minimum, maximum=maximum, **{**known, **fields})


def judged(id_: str, run: Run) -> Finding:
    return find_rule(id_).evaluate(run)


def named(finding: Finding) -> set[str]:
    """Addresses of the layers a finding's evidence is about."""
    return {layer for evidence in finding.evidence for layer in evidence.layers}


def facts(finding: Finding) -> dict[str, Value]:
    """What the first evidence says, or why there is none: its numbers and names."""
    said = finding.evidence[0].statement if finding.evidence else finding.reason
    assert said is not None
    return said.facts

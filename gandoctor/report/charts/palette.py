"""Colours of the charts in light and dark mode (Okabe-Ito, safe for colour-blind readers), and of each signal."""

from __future__ import annotations

from gandoctor.signals import Colour, signal_of

DISCRIMINATOR = "#0072b2"
GENERATOR = "#d55e00"
REAL = "#009e73"
HOLDOUT = "#56b4e9"
FAKE = "#cc79a7"
PLAIN = "#3d4653"
TEXT = "#4a5361"
STRONG = "#1a2028"
GRID = "#e3e7ec"
EVIDENCE = "rgba(230,159,0,0.2)"
EVIDENCE_EDGE = "#9a6700"
BAND = "rgba(0,158,115,0.16)"
WARM_UP = "rgba(110,120,135,0.1)"
BAD = "#b3261e"
ZERO = "#8b95a3"
ON_FILL = "#ffffff"
"""Marks on top of BAD and ZERO."""

COLOURS: dict[Colour, str] = {
    "discriminator": DISCRIMINATOR,
    "generator": GENERATOR,
    "real": REAL,
    "holdout": HOLDOUT,
    "fake": FAKE,
    "plain": PLAIN,
}
"""What the vocabulary calls a colour -> the colour."""

PATTERNS = {HOLDOUT: "/", FAKE: "."}
"""Colour of a filled band -> the pattern that tells it apart without colours; plain where there is none."""

RUNS = ((STRONG, "solid"), *((c, d) for d in ("solid", "dash", "dot") for c in (DISCRIMINATOR, GENERATOR, REAL, FAKE)))
"""Colour and line style of each of several runs in one chart, the baseline's first."""

IN_DARK: dict[str, str] = {
    DISCRIMINATOR: "#4fb0ea",
    GENERATOR: "#f58b3c",
    REAL: "#2fc79a",
    HOLDOUT: "#8fcdf2",
    FAKE: "#e29bc4",
    PLAIN: "#c3cad4",
    TEXT: "#aab3c0",
    STRONG: "#eef1f5",
    GRID: "#2b323c",
    EVIDENCE: "rgba(240,180,40,0.2)",
    EVIDENCE_EDGE: "#f0b428",
    BAND: "rgba(47,199,154,0.17)",
    WARM_UP: "rgba(150,160,175,0.12)",
    BAD: "#ff8a80",
    ZERO: "#97a1b0",
    ON_FILL: "#181c23",
}
"""Light colour -> dark colour. The page swaps them in every figure when the reader's scheme changes."""


def color_of(signal: str) -> tuple[str, str]:
    """Return a signal's colour and line style; where two lines share a colour the style tells them apart."""
    known = signal_of(signal)
    if known is not None:
        return COLOURS[known.colour], known.dash
    if signal.startswith("g_"):
        return GENERATOR, "solid"
    return (DISCRIMINATOR, "solid") if signal.startswith("d_") else (PLAIN, "solid")

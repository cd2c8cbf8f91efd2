"""Whether the generator can produce the range of the data: from its last activation, else from what it produced."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gandoctor.rules.rule import Cause
from gandoctor.store import Run

REACHES: dict[str, tuple[float, float]] = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, float("inf")),
    "linear": (float("-inf"), float("inf")),
}
"""Values an output activation can take."""


def output_reach(run: Run) -> tuple[float, float] | None:
    """Return the smallest and largest value the generator's last activation can produce, if it is known."""
    card = run.manifest.generator
    for layer in reversed(card.layers if card is not None else []):
        named = str(layer.settings.get("activation") or layer.type).lower()
        if named in REACHES:
            return REACHES[named]
        if layer.parameters > 0 or "activation" in layer.settings:
            return None  # an activation of the user's own
    return None


def range_mismatch(run: Run) -> Cause:
    """Return the hypothesis that the data lie outside what the generator can produce, scored by what the run shows."""
    title = "The generator cannot produce the range of the data"
    test = "Compare the data's range with what the generator's last activation can reach. This run: "
    data, reach = run.manifest.data, output_reach(run)
    if data is None:
        return Cause("range-mismatch", title, 0.25, test + "the data's range was not recorded.")
    tolerance = 0.02 * (data.maximum - data.minimum)
    shown = f"data in {data.minimum:g} .. {data.maximum:g}"
    if reach is not None:
        short = data.minimum < reach[0] - tolerance or data.maximum > reach[1] + tolerance
        shown += f", the generator reaches {reach[0]:g} .. {reach[1]:g}."
        return Cause("range-mismatch", title, 0.9 if short else 0.02, test + shown)
    low, high = _extreme(run, "sample_min", np.min), _extreme(run, "sample_max", np.max)
    if low is None or high is None:
        return Cause("range-mismatch", title, 0.25, f"{test}{shown}; samples were not recorded.")
    short = low > data.minimum + 5 * tolerance or high < data.maximum - 5 * tolerance
    shown += f", samples never left {low:.3g} .. {high:.3g}."
    return Cause("range-mismatch", title, 0.6 if short else 0.05, test + shown)


def _extreme(run: Run, name: str, pick: Callable[[np.ndarray], float]) -> float | None:
    if name not in run:
        return None
    values = run[name].to_numpy()
    values = values[np.isfinite(values)]
    return float(pick(values)) if values.size else None

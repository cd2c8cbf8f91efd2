"""When to probe: as often as the overhead budget allows, never so seldom that a run cannot be judged."""

from __future__ import annotations

import math
from statistics import median_high

SHORTEST_EVERY = 25
LONGEST_EVERY = 500
LEAST_PROBES_A_RUN = 20
YOUNG = ((200, 10), (500, SHORTEST_EVERY))
"""Distance of probes up to a step, in a run of unknown length: it may end early, and three probes are no verdict."""
LEAST_EVERY, GROWTH = 50, 10
"""Later such a run has probes 50 steps apart, or a tenth of the steps so far, whatever they cost."""


class Cadence:
    """Decides at which steps the expensive probes run. Time is an argument: nothing here reads a clock.

    The budget can be exceeded in two cases, and the overhead that results is recorded. Where it would leave fewer than
    20 probes in a run (50 steps apart in a run of 1,000), the probes are kept. Where the length is unknown, the first
    500 steps have 32 probes, and later ones are no further apart than a tenth of the steps so far. Neither depends on
    how fast the machine is.

    Args:
        budget: Share of training time that probes may cost, e.g. 0.02.
        planned_steps: Length of the run; None when unknown.

    Attributes:
        every_steps: Steps between two probes as things stand.
    """

    def __init__(self, budget: float, planned_steps: int | None = None) -> None:
        self.budget = budget
        self._longest = max(1, planned_steps // LEAST_PROBES_A_RUN) if planned_steps else None
        self._shortest = min(SHORTEST_EVERY, self._longest or SHORTEST_EVERY)
        self.every_steps = self._shortest
        self._next = 0
        self._costs: list[float] = []

    def due(self, step: int) -> bool:
        """Tell whether a probe is due at this step."""
        return step >= self._next

    def probed(self, step: int, cost_s: float | None, step_time_s: float | None) -> None:
        """Take note of a probe and choose the distance to the next.

        Args:
            step: Step that was probed.
            cost_s: What the probe cost, seconds; None where more than a probe was made, which says nothing of others.
            step_time_s: Mean duration of a training step so far; None before the first.
        """
        if cost_s is not None:
            self._costs = [*self._costs[-4:], cost_s]
        young = next((every for until, every in YOUNG if step < until), None)
        if self._longest is None and young is not None and self.budget > 0:
            self.every_steps = young
        # The first probe compiles; it says nothing about the next ones.
        elif len(self._costs) > 1 and step_time_s and self.budget > 0:
            longest = self._longest or min(max(LEAST_EVERY, step // GROWTH), LONGEST_EVERY)
            wanted = math.ceil(median_high(self._costs) / (self.budget * step_time_s))
            self.every_steps = min(max(wanted, self._shortest), longest)
        self._next = step + self.every_steps

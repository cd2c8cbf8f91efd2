"""When to probe: as often as the overhead budget allows, never so seldom that a run cannot be judged."""

from __future__ import annotations

import math
from statistics import median_high

SHORTEST_EVERY = 25
LONGEST_EVERY = 50
LEAST_PROBES_A_RUN = 20
YOUNG_EVERY, YOUNG_STEPS = 10, 200
FREE_S = 1.0
"""Seconds that the first probes of a run of unknown length may cost beside the budget: it may be short, and a short run
with three probes cannot be judged."""


class Cadence:
    """Decides at which steps the expensive probes run. Time is an argument: nothing here reads a clock.

    The budget can be exceeded in two cases, and the overhead that results is recorded. Where it would leave fewer than
    20 probes in a run (50 steps apart in a run of 1,000), the probes are kept. Where the length is unknown, the first
    probes come close together until they have cost a second in all.

    Args:
        budget: Share of training time that probes may cost, e.g. 0.02.
        planned_steps: Length of the run; None when unknown.

    Attributes:
        every_steps: Steps between two probes as things stand.
    """

    def __init__(self, budget: float, planned_steps: int | None = None) -> None:
        self.budget = budget
        planned = planned_steps or 0
        self._longest = max(1, planned // LEAST_PROBES_A_RUN) if planned else LONGEST_EVERY * 10
        self._shortest = min(SHORTEST_EVERY, self._longest)
        self.every_steps = self._shortest
        self._next = 0
        self._costs: list[float] = []
        self._free_s = 0.0 if planned or budget <= 0 else FREE_S

    def due(self, step: int) -> bool:
        """Tell whether a probe is due at this step."""
        return step >= self._next

    def probed(self, step: int, cost_s: float, step_time_s: float | None) -> None:
        """Take note of a probe and choose the distance to the next.

        Args:
            step: Step that was probed.
            cost_s: What the probe cost, seconds.
            step_time_s: Mean duration of a training step so far; None before the first.
        """
        self._costs = [*self._costs[-4:], cost_s]
        # The first probe compiles; it says nothing about the next ones.
        is_first = len(self._costs) == 1
        self._free_s -= 0.0 if is_first else cost_s
        if self._free_s > 0:
            self.every_steps = YOUNG_EVERY if step < YOUNG_STEPS else self._shortest
        elif not is_first and step_time_s and self.budget > 0:
            wanted = math.ceil(median_high(self._costs) / (self.budget * step_time_s))
            self.every_steps = min(max(wanted, self._shortest), self._longest)
        self._next = step + self.every_steps

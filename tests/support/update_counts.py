"""Runs of which only the players' updates are known."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.store import Run


def counted(
    make_run: Callable[..., Run], g: float, d: float, family: str | None = "non_saturating", **fields: object
) -> Run:
    """Return a run whose players make so many updates in a step."""
    counts = {"g_updates_a_step": g, "d_updates_a_step": d}
    series = {name: dict.fromkeys(range(25, 501, 25), value) for name, value in counts.items()}
    return make_run(series, loss_family=family, **fields)

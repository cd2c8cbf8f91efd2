"""Runs as trials of a search leave them: with a distance to the real data, or broken."""

from __future__ import annotations

from pathlib import Path

from gandoctor.store import Manifest, RunWriter


def record(run_dir: Path, kid: float | None, broken: bool = False, ended_by: str | None = None) -> Path:
    """Write a run of 100 steps with one distance (None: not measured); broken: its losses are NaN."""
    writer = RunWriter(run_dir, Manifest(loss_family="non_saturating"))
    for step in range(1, 101):
        loss = float("nan") if broken else 0.6
        writer.record(step, {"d_loss": loss, "g_loss": 0.7, **({} if kid is None else {"sample_kid": kid})})
    if ended_by is not None:
        writer.event("guard", 100, guard="StopOnFinding", finding=ended_by)
    writer.close("completed")
    return run_dir

"""Rows: what of a step's scalars is written, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gandoctor.message import Message
from gandoctor.recording.session.rows import Rows


class Numbers:
    """What rows ask of a backend: no numbers of its own, and scalars as NumPy has them."""

    def drain(self) -> list[dict[str, float]]:
        return []

    def number(self, value: Any) -> float:
        return float(np.asarray(value, np.float64).reshape(()))


class Kept:
    """Takes what is written."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, float]] = {}

    def record_all(self, rows: dict[int, dict[str, float]]) -> None:
        self.rows |= rows


@pytest.fixture
def refused() -> list[tuple[str, Message]]:
    return []


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def rows(kept: Kept, refused: list[tuple[str, Message]]) -> Rows:
    return Rows(Numbers(), kept, 0, lambda name, why: refused.append((name, why)))  # type: ignore[arg-type]


def test_none_is_absent_in_its_step_only(rows: Rows, kept: Kept, refused: list[Any]) -> None:
    for step in range(1, 5):
        rows.add(step, {"d_loss": 0.5, "g_loss": 0.7 if step == 4 else None})
    rows.drain(4, {})
    assert kept.rows == {**{step: {"d_loss": 0.5} for step in (1, 2, 3)}, 4: {"d_loss": 0.5, "g_loss": 0.7}}
    assert not refused


def test_nan_is_what_training_produced(rows: Rows, kept: Kept, refused: list[Any]) -> None:
    rows.add(1, {"d_loss": float("nan")})
    rows.drain(1, {})
    assert np.isnan(kept.rows[1]["d_loss"])
    assert not refused


@pytest.mark.parametrize(
    ("value", "facts"),
    [
        ("0.7", {"kind": "str"}),
        (object(), {"kind": "object"}),
        (np.ones(3), {"kind": "ndarray", "shape": "(3,)"}),
        ([1.0, 2.0], {"kind": "list"}),
    ],
)
def test_a_value_that_is_no_number_costs_itself_and_is_told_once(
    rows: Rows, kept: Kept, refused: list[Any], value: Any, facts: dict[str, str]
) -> None:
    for step in (1, 2):
        rows.add(step, {"d_loss": 0.5, "odd": value})
        rows.drain(step, {"sample_std": 0.1})
    rows.add(3, {"odd": 2.0})
    rows.drain(3, {})
    assert kept.rows == {s: {"d_loss": 0.5, "sample_std": 0.1} for s in (1, 2)} | {3: {"odd": 2.0}}
    ((name, why),) = refused
    assert name == "odd"
    assert why.facts == facts


def test_names_of_the_stores_own_columns_are_refused(rows: Rows, kept: Kept, refused: list[Any]) -> None:
    for step in (1, 2):
        assert rows.add(step, {"step": 9, "time": 9, "": 9, "a\nb": 9, "\ud800": 9, "d_loss": 0.5}) == {"d_loss": 0.5}
    rows.drain(2, {})
    assert kept.rows == {1: {"d_loss": 0.5}, 2: {"d_loss": 0.5}}
    assert [name for name, _ in refused] == ["step", "time", "", "a\nb", "\ud800"]
    assert rows.refused == dict.fromkeys(["step", "time", "", "a\nb", "\ud800"], 2)

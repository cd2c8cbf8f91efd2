"""The inequalities between the losses of one game."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gandoctor.rules import NotEvaluated
from gandoctor.rules.reading.phase_agreement import excess, jensen_residual
from gandoctor.store import Run
from support.recorded_runs import every_step

MakeRun = Callable[..., Run]
logits = st.lists(st.floats(-30, 30), min_size=1, max_size=20).map(np.array)
labels = st.floats(0, 1)


def cross_entropy(logit: np.ndarray, label: float) -> float:
    """Mean binary cross-entropy of logits to one label, computed stably."""
    return float(np.mean(np.logaddexp(0.0, -logit) * label + np.logaddexp(0.0, logit) * (1.0 - label)))


@given(real=logits, fake=logits, real_label=labels, summed=st.booleans())
def test_cross_entropies_of_one_game_never_exceed_their_bound(
    real: np.ndarray, fake: np.ndarray, real_label: float, summed: bool
) -> None:
    """Whatever the scores are; with smoothed labels of the reals, and for a summed loss too."""
    share = 1.0 if summed else 0.5
    d_loss = share * (cross_entropy(real, real_label) + cross_entropy(fake, 0.0))
    g_loss = cross_entropy(fake, 1.0)
    assert jensen_residual(np.array([d_loss]), np.array([g_loss]))[0] <= 1e-9
    assert np.exp(-g_loss) + np.exp(-2 * d_loss) <= 1.0 + 1e-9
    minimax = -cross_entropy(fake, 0.0)  # the mean of ln(1 - p)
    assert -minimax - 2.0 * d_loss <= 1e-9


@given(real=logits, fake=logits)
def test_reversed_in_both_steps_is_the_same_game(real: np.ndarray, fake: np.ndarray) -> None:
    d_loss = 0.5 * (cross_entropy(real, 0.0) + cross_entropy(fake, 1.0))
    assert jensen_residual(np.array([d_loss]), np.array([cross_entropy(fake, 0.0)]))[0] <= 1e-9


@given(real=logits, fake=logits)
def test_smoothed_labels_of_fakes_and_of_the_generator_stay_far_below_the_alarm(
    real: np.ndarray, fake: np.ndarray
) -> None:
    d_loss = 0.5 * (cross_entropy(real, 0.9) + cross_entropy(fake, 0.1))
    g_loss = cross_entropy(fake, 0.9)
    assert jensen_residual(np.array([d_loss]), np.array([g_loss]))[0] < 2.0  # the alarm is at 3
    assert np.exp(-g_loss) + np.exp(-2 * d_loss) - 1.0 < 0.3  # at 0.5


@given(real=logits, fake=logits, low=st.floats(-1, 0), halved=st.booleans())
def test_least_squares_of_one_game(real: np.ndarray, fake: np.ndarray, low: float, halved: bool) -> None:
    """Targets 1 and `low`, 0 or below; the generator's loss with or without its factor of a half."""
    d_loss = 0.5 * float(np.mean((real - 1.0) ** 2) + np.mean((fake - low) ** 2))
    g_loss = (0.5 if halved else 1.0) * float(np.mean((fake - 1.0) ** 2))
    assert np.sqrt(2 * d_loss) + np.sqrt(2 * g_loss) >= 1.0 - 1e-9


@given(real=logits, fake=logits)
def test_hinge_of_one_game(real: np.ndarray, fake: np.ndarray) -> None:
    d_loss = 0.5 * float(np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + fake)))
    assert float(-np.mean(fake)) >= 1.0 - 2.0 * d_loss - 1e-9


@pytest.mark.parametrize(
    ("family", "d_loss", "g_loss", "expected"),
    [
        ("non_saturating", np.log(2), np.log(2), -0.25),  # equilibrium: 1/2 + 1/4 - 1
        ("non_saturating", 0.0, 0.0, 1.0),
        ("non_saturating", 2 * np.log(2), np.log(2), 0.5 + 1 / 16 - 1),  # summed
        ("minimax", np.log(2), -np.log(2), -np.log(2)),
        ("minimax", 0.0, -10.0, 10.0),
        ("least_squares", 0.25, 0.25, 1 - np.sqrt(2)),
        ("least_squares", 0.0, 0.0, 1.0),
        ("hinge", 1.0, 0.0, -1.0),
        ("hinge", 0.0, -8.0, 9.0),
    ],
)
def test_excess_by_family(make_run: MakeRun, family: str, d_loss: float, g_loss: float, expected: float) -> None:
    signals = {"d_loss": every_step(float(d_loss), stop=100), "g_loss": every_step(float(g_loss), stop=100)}
    assert excess(make_run(signals, loss_family=family)).iloc[-1] == pytest.approx(expected)


@pytest.mark.parametrize("family", ["wasserstein", None])
def test_families_without_a_bound(make_run: MakeRun, family: str | None) -> None:
    run = make_run({"d_loss": every_step(0.0), "g_loss": every_step(0.0)}, loss_family=family)
    with pytest.raises(NotEvaluated, match=r"cannot be compared|do not bound each other"):
        excess(run)


def test_a_loss_below_zero_bounds_nothing(make_run: Callable[..., Run]) -> None:
    """Seen in a book's DCGAN that adds noise to its labels: it trained well and was called broken."""
    losses = {"d_loss": every_step(lambda s: 0.1 if s < 100 else -0.2), "g_loss": every_step(5.0)}
    with pytest.raises(NotEvaluated, match="cannot be negative"):
        excess(make_run(losses))

"""Loss family, polarity and latent law are told from numbers, and left open where the numbers do not tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gandoctor.recording.objective.formulas import Hypothesis, statistics
from gandoctor.recording.objective.formulas import fitting as fitting_of
from gandoctor.recording.objective.latent_law import law_of

LOGITS = np.random.default_rng(0).normal(0.3, 1.0, (3, 32, 1)).astype(np.float32)
REAL, FAKE, MIXED = LOGITS


def softplus(x: np.ndarray) -> Any:
    return np.log1p(np.exp(x)).mean()


def hypotheses(g_loss: float, d_loss: float = 0.0, penalty: bool = False) -> set[Hypothesis]:
    outputs = [statistics(o, o, 1) for o in (REAL.reshape(-1), FAKE.reshape(-1), MIXED.reshape(-1))]
    return fitting_of(float(d_loss), float(g_loss), outputs, [outputs[1]], penalty)


def fitting(g_loss: float, d_loss: float = 0.0, penalty: bool = False) -> set[Any]:
    return {(one.family, one.real_is_high) for one in hypotheses(g_loss, d_loss, penalty)}


HINGE = np.maximum(0, 1 - REAL).mean() + np.maximum(0, 1 + FAKE).mean()
WASSERSTEIN = FAKE.mean() - REAL.mean()


@pytest.mark.parametrize(
    ("g_loss", "d_loss", "expected"),
    [
        (softplus(-FAKE), 0.0, ("non_saturating", True)),
        (softplus(FAKE), 0.0, ("non_saturating", False)),
        (-softplus(FAKE), 0.0, ("minimax", True)),
        (-softplus(-FAKE), 0.0, ("minimax", False)),
        (((FAKE - 1) ** 2).mean(), 0.0, ("least_squares", True)),
        (0.5 * ((FAKE - 1) ** 2).mean(), 0.0, ("least_squares", True)),
        ((FAKE**2).mean(), 0.0, ("least_squares", False)),
        (-FAKE.mean(), HINGE, ("hinge", True)),
        (-FAKE.mean(), WASSERSTEIN, ("wasserstein", True)),
        (FAKE.mean(), -WASSERSTEIN, ("wasserstein", False)),
    ],
)
def test_each_formula_is_recognised_alone(g_loss: float, d_loss: float, expected: Any) -> None:
    assert fitting(g_loss, d_loss) == {expected}


@pytest.mark.parametrize(
    ("d_loss", "family"),
    [
        (FAKE.mean(), "wasserstein"),
        (-FAKE.mean(), "wasserstein"),
        (np.maximum(0, 1 + FAKE).mean(), "hinge"),
    ],
)
def test_a_discriminator_trained_on_reals_and_fakes_apart_is_told_by_either(d_loss: float, family: str) -> None:
    assert fitting(-FAKE.mean(), d_loss) == {(family, True)}


def test_scores_near_zero_are_not_taken_for_shares() -> None:
    """Seen in critics with clipped weights, whose mean of log(1 - score) is that of -score."""
    scores = np.full(32, 2e-3, np.float32)
    said = [statistics(scores, scores, 1)]
    fits = fitting_of(2e-3, -2e-3, said, said, False)
    assert {(one.family, one.real_is_high) for one in fits} == {("wasserstein", True)}


def test_a_loss_with_something_added_is_no_known_loss() -> None:
    assert fitting(softplus(-FAKE) + 0.05) == set()
    assert fitting(-FAKE.mean(), WASSERSTEIN + 0.05) == set()


def test_a_penalty_leaves_hinge_and_wasserstein_open_until_one_is_excluded() -> None:
    small, large = (fitting(-FAKE.mean(), WASSERSTEIN + penalty, penalty=True) for penalty in (0.1, 100.0))
    assert small == {("wasserstein", True)}
    assert large == {("hinge", True), ("wasserstein", True)}
    assert large & small == small, "a step that leaves it open does not contradict a later one that tells"


def test_a_loss_with_a_penalty_that_happens_to_equal_a_hinge_stays_open() -> None:
    """Seen in a WGAN-GP, which was then taken for a hinge GAN."""
    by_chance = HINGE  # Wasserstein's loss and a penalty that makes up the difference
    assert fitting(-FAKE.mean(), by_chance, penalty=True) == {("hinge", True), ("wasserstein", True)}
    assert fitting(-FAKE.mean(), 0.5 * HINGE + 0.01, penalty=True) == {("hinge", True), ("wasserstein", True)}


def test_what_a_cross_entropy_reads_is_told() -> None:
    p = np.clip(FAKE, np.float32(1e-7), np.float32(1 - 1e-7))
    [logits], [shares] = hypotheses(softplus(-FAKE)), hypotheses(-np.log(p).mean())
    assert (logits.reads, shares.reads) == ("logits", "probabilities")


def test_a_probability_at_its_clip_is_that_of_float32() -> None:
    """1 - 1e-7 is 1 - 2^-23 there: -log of what is left is 15.94, not 16.12."""
    high = np.full(32, 3.0, np.float32)
    said = statistics(high, high, 1)
    assert said.whole.of_shares[1] == pytest.approx(15.94, abs=0.01)


def test_a_sum_over_the_batch_is_told_from_a_mean() -> None:
    [total] = hypotheses(32 * softplus(-FAKE))
    assert (total.family, total.is_sum) == ("non_saturating", True)


@pytest.mark.parametrize(
    ("draw", "law"),
    [
        (lambda rng: rng.standard_normal(4000), "normal"),
        (lambda rng: rng.uniform(-1, 1, 4000), (-1.0, 1.0)),
        (lambda rng: rng.uniform(0, 1, 4000), (0.0, 1.0)),
        (lambda rng: 2 * rng.standard_normal(4000), None),
        (lambda rng: np.zeros(4000), None),
        (lambda rng: np.clip(rng.standard_normal(4000), -1, 1), None),
    ],
)
def test_a_latent_law_is_recognised_or_left_open(draw: Any, law: Any) -> None:
    z = draw(np.random.default_rng(1))
    assert law_of(z.size, z.mean(), z.std(), z.min(), z.max()) == law

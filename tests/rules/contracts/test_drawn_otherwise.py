"""GD018, and what the program's samples say for GD010 and GD013."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import Run
from gandoctor.store.cards import DrawnCard, LatentCard, LatentLaw
from gandoctor.treatments import prescribe

MakeRun = Callable[..., Run]
RULE, MODES, LATENTS = (find_rule(name) for name in ("GD018", "GD010", "GD013"))


def card(**values: Any) -> DrawnCard:
    own = {"network": "generator", "step": 400, "count": 64, "at_a_time": 64, "training": False, "normalised": True}
    return DrawnCard(**{**own, "spread": 1.0, "distance": 0.03, "own_distance": 0.02, **values})


def law(mean: float, std: float) -> LatentLaw:
    return LatentLaw(mean=mean, std=std, count=2000)


@pytest.mark.parametrize(("network", "words"), [("copy", "second network"), ("generator", "same inputs")])
def test_samples_far_from_the_generators_own_are_found(make_run: MakeRun, network: str, words: str) -> None:
    finding = RULE.evaluate(make_run({}, drawn=(card(network=network, distance=1.1),)))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)
    assert words in str(finding.evidence[0].statement)


def test_a_smaller_gap_is_a_warning(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({}, drawn=(card(network="copy", distance=0.3),)))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)


def test_a_smaller_gap_counts_where_samples_are_much_more_alike(make_run: MakeRun) -> None:
    """The copy's moving averages were never moved, so that its samples hardly differ."""
    finding = RULE.evaluate(make_run({}, drawn=(card(network="copy", distance=0.12, spread=0.49),)))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    assert "vary 49% as much" in str(finding.evidence[0].statement)


@pytest.mark.parametrize(
    "values",
    [
        {"distance": 0.05, "spread": 0.49},  # as near as the data are
        {"network": "copy", "distance": 0.01, "own_distance": 0.05},  # better than the trained weights
        {"distance": 2.0, "own_distance": 2.0},  # one class, or latents of another law: the generator does the same
        {"distance": 0.9, "own_distance": 0.7},  # both are bad
        {"distance": 0.12, "own_distance": 0.02},
    ],
)
def test_samples_that_are_no_worse_are_none(make_run: MakeRun, values: dict[str, Any]) -> None:
    assert RULE.evaluate(make_run({}, drawn=(card(**values),))).status is Status.NOT_DETECTED


def test_where_the_program_drew_nothing_it_is_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
    few = card(distance=None, own_distance=None, spread=None)
    assert RULE.evaluate(make_run({}, drawn=(few,))).status is Status.NOT_EVALUATED


ONE_BY_ONE = {"at_a_time": 1, "training": True, "spread": 1e-6, "distance": 0.98}


def test_samples_drawn_one_by_one_are_of_the_other_mode(make_run: MakeRun) -> None:
    run = make_run({"d_loss": dict.fromkeys(range(600), 1.0)}, drawn=(card(**ONE_BY_ONE),))
    finding = MODES.evaluate(run)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)
    assert finding.causes[0].id == "sampled-one-by-one"
    assert RULE.evaluate(run).status is Status.NOT_DETECTED, "said once"


@pytest.mark.parametrize(
    "values",
    [
        {"training": False},
        {"training": None},
        {"normalised": False},
        {"at_a_time": 64},
        {"spread": 0.9, "distance": 0.05},
    ],
)
def test_samples_that_keep_their_spread_or_are_not_normalised_are_none(
    make_run: MakeRun, values: dict[str, Any]
) -> None:
    run = make_run({"d_loss": dict.fromkeys(range(600), 1.0)}, drawn=(card(**{**ONE_BY_ONE, **values}),))
    assert MODES.evaluate(run).status is not Status.DETECTED


def test_samples_drawn_one_by_one_may_lose_but_their_light(make_run: MakeRun) -> None:
    run = make_run(
        {"d_loss": dict.fromkeys(range(600), 1.0)}, drawn=(card(**{**ONE_BY_ONE, "spread": 0.8, "distance": 0.1}),)
    )
    finding = MODES.evaluate(run)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    assert "They are 0.1 from the real data" in str(finding.evidence[0].statement)
    causes = {cause.id: cause.score for cause in finding.causes}
    assert prescribe(MODES.treatments, causes, {})[0].id == "sample-in-inference-mode"
    assert RULE.evaluate(run).status is Status.NOT_DETECTED, "said once"


@pytest.mark.parametrize(("at_a_time", "found"), [(1, False), (8, False), (64, True), (None, True)])
def test_samples_that_are_drawn_as_training_makes_them_are_none(
    make_run: MakeRun, at_a_time: int | None, found: bool
) -> None:
    """Pix2pix is trained on batches of one, and used so, in training mode."""
    run = make_run(
        {"d_loss": dict.fromkeys(range(600), 1.0)},
        drawn=(card(**ONE_BY_ONE),),
        latent=LatentCard(shape=(32,), at_a_time=at_a_time),
    )
    assert (MODES.evaluate(run).status is Status.DETECTED) == found


def test_latents_of_another_law_than_trainings_are_found(make_run: MakeRun) -> None:
    run = make_run({}, drawn=(card(drawn=law(0.5, 0.29), trained=law(0, 1)),))
    finding = LATENTS.evaluate(run)
    assert finding.status is Status.DETECTED
    assert finding.evidence[0].statement.values["std"] == 0.29


def test_latents_of_the_same_law_are_none(make_run: MakeRun) -> None:
    run = make_run({}, drawn=(card(drawn=law(0.05, 0.95), trained=law(0, 1)),))
    assert LATENTS.evaluate(run).status is Status.NOT_DETECTED

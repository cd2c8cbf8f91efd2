"""GD114."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import Run
from support.recorded_runs import every_step, probes

RULE = find_rule("GD114")
MakeRun = Callable[..., Run]


def judged(make_run: MakeRun, g_loss: float, logit: float = -1.0, family: str | None = None, **fields: Any) -> Finding:
    signals = {
        "g_loss": every_step(g_loss),
        "d_fake_logit": probes(logit),
        "d_fake_logit_quantile/5": probes(logit - 1.0),
        "d_fake_logit_quantile/95": probes(logit + 1.0),
    }
    return RULE.evaluate(make_run(signals, loss_family=family, **fields))


@pytest.mark.parametrize("loss", [2e5, -2e5])
def test_a_sum_over_all_pixels_drowns_what_the_discriminator_says(make_run: MakeRun, loss: float) -> None:
    finding = judged(make_run, loss)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    assert finding.evidence[0].observed == pytest.approx(9.0 / 2e5)


@pytest.mark.parametrize("loss", [1.3, 50.0, 300.0])
def test_published_weights_do_not(make_run: MakeRun, loss: float) -> None:
    assert judged(make_run, loss).status is Status.NOT_DETECTED


def test_large_scores_make_large_losses(make_run: MakeRun) -> None:
    assert judged(make_run, 2e5, logit=-400.0).status is Status.NOT_DETECTED


def test_where_both_losses_are_scaled_nothing_drowns(make_run: MakeRun) -> None:
    scaled = {"g_loss": every_step(2e5), "d_loss": every_step(9e4), "d_fake_logit": probes(-1.0)}
    assert RULE.evaluate(make_run(scaled, loss_family=None)).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run({**scaled, "d_loss": every_step(0.6)}, loss_family=None)).status is Status.DETECTED


def test_a_loss_that_is_a_formula_of_the_scores_has_no_other_part(make_run: MakeRun) -> None:
    assert judged(make_run, 2e5, family="wasserstein", loss_family_source="inferred").status is Status.NOT_DETECTED
    assert judged(make_run, 2e5, family="wasserstein", loss_family_source="given").status is Status.DETECTED


@pytest.mark.parametrize("missing", ["g_loss", "d_fake_logit"])
def test_without_its_signals_it_is_not_judged(make_run: MakeRun, missing: str) -> None:
    signals = {"g_loss": every_step(2e5), "d_fake_logit": probes(-1.0)}
    del signals[missing]
    assert RULE.evaluate(make_run(signals, loss_family=None)).status is Status.NOT_EVALUATED

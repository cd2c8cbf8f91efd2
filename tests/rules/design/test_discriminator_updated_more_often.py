"""GD116."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import LayerCard, PlayerCard, Run
from support.update_counts import counted

MakeRun = Callable[..., Run]
RULE = find_rule("GD116")


def test_a_discriminator_that_is_updated_five_times_is_a_remark(make_run: MakeRun) -> None:
    finding = RULE.evaluate(counted(make_run, 1, 5))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.INFO)
    assert finding.evidence[0].observed == 5
    assert RULE.evaluate(counted(make_run, 1, 2)).status is Status.NOT_DETECTED


def test_spectral_normalisation_keeps_it_smooth(make_run: MakeRun) -> None:
    smooth = PlayerCard(name="d", layers=[LayerCard(name="a", type="Conv2D", wrappers=("SpectralNormalization",))])
    assert RULE.evaluate(counted(make_run, 1, 5, discriminator=smooth)).status is Status.NOT_DETECTED


def test_a_critic_that_is_ahead_is_meant_to_be(make_run: MakeRun) -> None:
    assert RULE.evaluate(counted(make_run, 1, 5, "wasserstein")).status is Status.NOT_DETECTED


def test_a_generator_that_stands_still_is_another_rules_matter(make_run: MakeRun) -> None:
    assert RULE.evaluate(counted(make_run, 0, 1)).status is Status.NOT_DETECTED


def test_what_is_not_known_is_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({}, loss_family="non_saturating")).status is Status.NOT_EVALUATED
    assert RULE.evaluate(counted(make_run, 1, 5, None)).status is Status.NOT_EVALUATED

"""Ranking what is behind everything that was found in a run: facts, merged hypotheses, refutations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.run_causes import MOST, RunCause, rank_run_causes, scores_of
from gandoctor.rules import Cause, Evidence, Finding, Severity, Status, find_rule
from gandoctor.store import Run


def finding(
    rule: str,
    *causes: Cause,
    severity: Severity | None = None,
    status: Status = Status.DETECTED,
    steps: tuple[int, int] = (0, 900),
    layers: tuple[str, ...] = (),
) -> Finding:
    judge = find_rule(rule)
    evidence = Evidence("d_loss", 0.0, None, *steps, f"{rule} was seen.", layers=layers)
    found = (evidence,) if status is Status.DETECTED else ()
    return Finding(judge, status, severity or judge.severity, evidence=found, causes=causes)


def clean(rule: str) -> Finding:
    return finding(rule, status=Status.NOT_DETECTED)


def hypothesis(slug: str, score: float) -> Cause:
    return Cause(slug, f"Title of {slug}", score, f"Test of {slug}.")


def ids(causes: tuple[RunCause, ...]) -> list[str]:
    return [cause.id for cause in causes]


def test_nothing_found_no_cause() -> None:
    assert rank_run_causes([]) == ()
    assert rank_run_causes([clean("GD002"), clean("GD301")]) == ()


def test_remarks_alone_need_no_cause() -> None:
    assert rank_run_causes([finding("GD107"), finding("GD108"), clean("GD301")]) == ()


def test_fact_without_symptom_is_its_own_cause() -> None:
    (cause,) = rank_run_causes([finding("GD002")])
    assert (cause.id, cause.title, str(cause.test)) == ("GD002", find_rule("GD002").title, "GD002 was seen.")
    assert cause.is_fact
    assert cause.explains == ()


def test_fact_comes_before_hypotheses_and_takes_in_its_own() -> None:
    symptom = finding("GD401", hypothesis("discriminator-frozen", 0.99), hypothesis("too-much-dropout", 0.99))
    causes = rank_run_causes([symptom, finding("GD002")])
    assert ids(causes) == ["GD002", "too-much-dropout"]
    assert causes[0].explains == ("GD401",)
    assert "discriminator-frozen" in causes[0].hypotheses
    assert scores_of(causes)["discriminator-frozen"] == causes[0].score


def test_one_hypothesis_of_two_symptoms_is_one_cause_and_more_likely() -> None:
    both = [
        finding("GD301", hypothesis("generator-not-moving", 0.6), hypothesis("latents-ignored", 0.61)),
        finding("GD401", hypothesis("generator-not-moving", 0.5)),
    ]
    causes = rank_run_causes(both)
    assert ids(causes) == ["generator-not-moving", "latents-ignored"]
    assert causes[0].explains == ("GD301", "GD401")
    assert 0.6 < causes[0].score < 1
    certain = [finding(rule, hypothesis("latents-ignored", 1.0)) for rule in ("GD301", "GD401", "GD403")]
    assert rank_run_causes(certain)[0].score == MOST


def test_weak_second_opinion_adds_nothing() -> None:
    one = finding("GD301", hypothesis("generator-not-moving", 0.6))
    other = finding("GD401", hypothesis("generator-not-moving", 0.1))
    assert rank_run_causes([one, other])[0].score == rank_run_causes([one])[0].score


def test_hypothesis_is_refuted_by_the_rule_that_did_not_find_it() -> None:
    symptom = finding("GD401", hypothesis("discriminator-frozen", 0.9), hypothesis("too-much-dropout", 0.5))
    assert ids(rank_run_causes([symptom])) == ["discriminator-frozen", "too-much-dropout"]
    causes = rank_run_causes([symptom, clean("GD002")])
    assert ids(causes) == ["too-much-dropout", "discriminator-frozen"]
    assert str(causes[1].test) == "Test of discriminator-frozen. GD002 looks for just this and did not find it."
    assert causes[1].test.values["rule"] == "GD002"


def test_what_was_not_evaluated_refutes_nothing() -> None:
    symptom = finding("GD401", hypothesis("discriminator-frozen", 0.9))
    unknown = finding("GD002", status=Status.NOT_EVALUATED)
    assert rank_run_causes([symptom, unknown]) == rank_run_causes([symptom])


def test_slow_generator_is_not_refuted_by_one_that_stands_not_quite_still() -> None:
    symptom = finding("GD301", hypothesis("generator-not-moving", 0.95))
    assert rank_run_causes([symptom, clean("GD003")])[0].score == 0.95


def test_published_leak_does_not_outrank_strong_evidence() -> None:
    symptom = finding("GD301", hypothesis("generator-not-moving", 0.7), hypothesis("latents-ignored", 0.1))
    assert ids(rank_run_causes([finding("GD004"), symptom])) == ["generator-not-moving", "GD004", "latents-ignored"]
    assert ids(rank_run_causes([finding("GD004")])) == ["GD004"]


def test_remark_counts_where_just_what_it_warns_of_was_seen() -> None:
    remark, hypotheses = finding("GD107"), (hypothesis("saturating-loss", 0.4),)
    assert ids(rank_run_causes([remark, finding("GD301", *hypotheses)])) == ["saturating-loss", "GD107"]
    assert ids(rank_run_causes([remark, finding("GD201", *hypotheses)])) == ["GD107", "saturating-loss"]


def test_measured_hypothesis_beats_a_learning_rate_that_only_looks_odd() -> None:
    rates = finding("GD104", hypothesis("learning-rate-mistyped", 0.5))
    symptom = finding("GD301", hypothesis("generator-not-moving", 0.95))
    assert ids(rank_run_causes([rates, symptom])) == ["generator-not-moving", "GD104"]


def test_contract_takes_in_its_hypothesis_whatever_led_to_it() -> None:
    # It stands still for another reason than its flag; that it stands still is what the symptom's hypothesis says.
    still = finding("GD002", hypothesis("discriminator-frozen", 0.05), hypothesis("learning-rate-zero", 0.97))
    symptom = finding("GD401", hypothesis("discriminator-frozen", 0.95))
    assert ids(rank_run_causes([still, symptom])) == ["GD002", "learning-rate-zero"]


def test_rule_takes_in_no_hypothesis_that_its_own_causes_speak_against() -> None:
    rates = finding("GD104", hypothesis("discriminator-learns-faster", 0.03))
    symptom = finding("GD301", hypothesis("discriminator-learns-faster", 0.5))
    assert "discriminator-learns-faster" in ids(rank_run_causes([rates, symptom]))


def test_fact_that_came_later_than_the_symptom_does_not_explain_it() -> None:
    symptom = finding("GD401", hypothesis("too-much-dropout", 0.6), steps=(100, 900))
    late = rank_run_causes([symptom, finding("GD002", steps=(600, 900))])
    assert ids(late) == ["too-much-dropout", "GD002"]
    assert late[1].explains == ()
    assert ids(rank_run_causes([symptom, finding("GD002", steps=(180, 900))]))[0] == "GD002"


def test_fact_that_follows_from_another_comes_after_it() -> None:
    mixed, mismatch = finding("GD106"), finding("GD010", hypothesis("batch-norm-in-discriminator", 0.85))
    assert ids(rank_run_causes([mismatch, mixed])) == ["GD106", "GD010"]
    # A ReLU before the sigmoid is why the range is short, if both findings name the same layers.
    order = finding("GD102", layers=("generator/relu", "generator/out"))
    assert ids(rank_run_causes([finding("GD006", layers=("generator/out",)), order])) == ["GD102", "GD006"]
    elsewhere = finding("GD102", layers=("generator/dropout_1",))
    assert ids(rank_run_causes([finding("GD006", layers=("generator/out",)), elsewhere])) == ["GD006", "GD102"]


def test_mechanism_comes_after_a_likely_reason_for_it() -> None:
    how, why = hypothesis("saturated-output", 0.9), hypothesis("no-batch-norm", 0.6)
    assert ids(rank_run_causes([finding("GD403", how, why)])) == ["no-batch-norm", "saturated-output"]
    unlikely = hypothesis("no-batch-norm", 0.1)
    assert ids(rank_run_causes([finding("GD403", how, unlikely)])) == ["saturated-output", "no-batch-norm"]


def test_symptom_that_is_a_remark_weighs_half() -> None:
    other = finding("GD301", hypothesis("latents-ignored", 0.5))
    passed = replace(finding("GD402", hypothesis("noise-layer", 0.9)), severity=Severity.INFO)
    assert ids(rank_run_causes([other, passed])) == ["latents-ignored", "noise-layer"]


def test_fact_that_explains_a_remark_only_weighs_half() -> None:
    prone, passed = finding("GD108"), finding("GD406", severity=Severity.INFO)
    symptom = finding("GD403", hypothesis("chasing-the-discriminator", 0.5))
    assert ids(rank_run_causes([prone, passed, symptom]))[0] == "chasing-the-discriminator"
    now = finding("GD406", severity=Severity.WARNING)
    assert ids(rank_run_causes([prone, now, symptom]))[0] == "GD108"


def test_that_samples_became_worse_is_not_named_where_what_is_wrong_with_them_is_confirmed(
    make_run: Callable[..., Run],
) -> None:
    run = make_run({"d_loss": {1: 0.7, 900: 0.7}})
    worse = finding("GD409", hypothesis("chasing-the-discriminator", 0.5), severity=Severity.CRITICAL, steps=(300, 900))

    def named(score: float, since: int) -> tuple[str, str]:
        noisy = finding("GD402", hypothesis("noise-layer", score), steps=(since, 900))
        diagnosis = Diagnosis(run, (worse, noisy))
        assert diagnosis.headline is worse
        assert diagnosis.verdict == "failing"
        assert diagnosis.root is not None
        return diagnosis.root.rule.id, diagnosis.plan[0].findings[0]

    assert named(0.9, 20) == ("GD402", "GD402")
    assert named(0.9, 400)[0] == "GD409"  # the noise came later
    assert named(0.5, 20)[0] == "GD409"  # what is behind the noise is not known


def test_a_finding_said_again_as_a_hypothesis_is_no_cause_of_the_plan(make_run: Callable[..., Run]) -> None:
    collapsed = finding("GD403", hypothesis("chasing-the-discriminator", 0.7), severity=Severity.CRITICAL)
    worse = finding("GD409", hypothesis("collapsed-later", 0.85), severity=Severity.CRITICAL)
    diagnosis = Diagnosis(make_run({"d_loss": {1: 0.7, 900: 0.7}}), (collapsed, worse))
    assert diagnosis.headline is collapsed
    assert "Title of collapsed-later" not in [str(step.why) for step in diagnosis.plan]
    assert str(diagnosis.plan[0].why) == "Title of chasing-the-discriminator"

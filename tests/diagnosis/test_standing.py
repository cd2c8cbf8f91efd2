"""Causes stand as the run leaves them: confirmed, possible, or ruled out, which are folded away and never treated."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from gandoctor.cli.text import diagnosis_lines, print_lines
from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.diagnosis.run_causes import rank_run_causes, with_standings
from gandoctor.report import render_html
from gandoctor.report.markdown import render_markdown
from gandoctor.rules import Cause, Evidence, Finding, Status, all_rules, find_rule
from gandoctor.treatments import TREATMENTS, prescribe
from support.design_cards import DISCRIMINATOR, GENERATOR
from support.recorded_runs import every_step, healthy, make_run, probes
from support.report_page import Page


def finding(rule: str, *causes: Cause, status: Status = Status.DETECTED) -> Finding:
    judge = find_rule(rule)
    found = (Evidence("d_loss", 0.0, None, 0, 900, f"{rule} was seen."),) if status is Status.DETECTED else ()
    return Finding(judge, status, judge.severity, evidence=found, causes=causes)


def hypothesis(slug: str, score: float) -> Cause:
    return Cause(slug, f"Title of {slug}", score, f"Test of {slug}.")


@pytest.fixture(scope="module")
def won() -> Diagnosis:
    """The discriminator has won; the run shows what many of the usual causes look like, and they are not it."""
    signals = healthy() | {
        "d_loss": every_step(lambda s: 0.5 if s < 50 else 0.0005),
        "d_logit_gap": probes(20.0),
        "g_update_ratio": probes(3e-3),
        "sample_kid": probes(5.0),
        "sample_train_infer_gap": probes(0.05),
    }
    run = make_run(signals, generator=GENERATOR, discriminator=DISCRIMINATOR)
    return diagnose(run)


@pytest.mark.parametrize(
    ("score", "standing"), [(0.95, "confirmed"), (0.85, "confirmed"), (0.3, "possible"), (0.1, "ruled_out")]
)
def test_the_score_of_a_hypothesis_says_where_it_stands(score: float, standing: str) -> None:
    assert hypothesis("any", score).standing == standing


def test_a_fact_confirms_and_a_clean_rule_refutes() -> None:
    symptom = finding("GD401", hypothesis("discriminator-frozen", 0.3), hypothesis("labels-disagree", 0.4))
    frozen, labels = with_standings([symptom, finding("GD002"), finding("GD008", status=Status.NOT_DETECTED)])[0].causes
    assert (frozen.standing, labels.standing) == ("confirmed", "ruled_out")
    assert "GD008 looks for just this and did not find it." in str(labels.test)
    ranked = {c.id: c.standing for c in rank_run_causes([symptom, finding("GD008", status=Status.NOT_DETECTED)])}
    assert ranked == {"discriminator-frozen": "possible", "labels-disagree": "ruled_out"}


def test_what_one_finding_shows_another_does_not_take_back() -> None:
    two = [finding("GD401", hypothesis("range-mismatch", 0.9)), finding("GD301", hypothesis("range-mismatch", 0.05))]
    assert [c.standing for c in rank_run_causes(two)] == ["confirmed"]


def test_a_cause_that_the_run_denies_is_not_among_those_shown(won: Diagnosis) -> None:
    symptom = next(f for f in won.detected if f.rule.id == "GD301")
    denied = {c.id for c in symptom.ruled_out}
    assert {"generator-not-moving", "too-much-dropout", "range-mismatch"} <= denied
    assert not denied & {c.id for c in symptom.open_causes}
    assert not denied & {c.id for c in won.likely_causes}
    assert all(c.score > 0.1 for c in symptom.open_causes)


def test_a_treatment_of_nothing_but_a_denied_cause_is_not_shown(won: Diagnosis) -> None:
    symptom = next(f for f in won.detected if f.rule.id == "GD301")
    shown = {t.id for t in symptom.treatments}
    assert "raise-generator-learning-rate" not in shown or set(TREATMENTS["raise-generator-learning-rate"].cures) - {
        c.id for c in symptom.ruled_out
    }
    assert "match-output-range" not in shown
    assert "r1-regularisation" in shown
    kept = prescribe(["match-output-range", "check-data"], {"range-mismatch": 0.02}, None, {"range-mismatch"})
    assert [t.id for t in kept] == ["check-data"]


def test_every_view_folds_denied_causes_away(won: Diagnosis) -> None:
    symptom = next(f for f in won.detected if f.rule.id == "GD301")
    title = str(next(c for c in symptom.ruled_out if c.id == "too-much-dropout").title)
    out = io.StringIO()
    print_lines(Console(file=out, width=10_000), diagnosis_lines(won, verbose=True))
    (line,) = [one for one in out.getvalue().splitlines() if title in one]
    assert line.strip().startswith("Ruled out by this run:")
    markdown = render_markdown(won)
    assert f"**{title}**" not in markdown
    assert title in markdown
    page = Page(render_html(won))
    assert "Ruled out by this run" in page.text
    told = {c["id"]: c["standing"] for f in json.loads(won.to_json())["findings"] for c in f["causes"]}
    assert told["too-much-dropout"] == "ruled_out"
    assert json.loads(won.to_json())["scores"].startswith("Judgement")


def test_no_cause_sends_people_to_compare_sheets(won: Diagnosis) -> None:
    """Where samples are on disk, the run itself looks at them."""
    from gandoctor.rules.balance import oscillating_training_causes
    from gandoctor.rules.samples import mode_collapse

    said = [
        str(cause.test)
        for cause in (
            *mode_collapse.RULE.evaluate(make_run(healthy() | {"sample_duplicate_pairs": probes(4000.0)})).causes,
            oscillating_training_causes._chasing(make_run(healthy())),
        )
    ]
    assert said
    assert not [one for one in said if "compare the" in one]


def test_no_rule_names_itself_as_its_cause() -> None:
    titles = {str(rule.title) for rule in all_rules()}
    collapse = find_rule("GD403").evaluate(make_run(healthy() | {"sample_latent_std": probes(1e-4)}))
    assert collapse.status is Status.DETECTED
    assert "latents-ignored" not in {c.id for c in collapse.causes}
    assert not {str(c.title) for c in collapse.causes} & titles

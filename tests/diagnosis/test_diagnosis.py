"""Diagnosis: every rule has its say, the worst comes first, the verdict follows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gandoctor import diagnose, load_run
from gandoctor.diagnosis import Diagnosis
from gandoctor.message import Message
from gandoctor.rules import Cause, Evidence, Rule, Severity, Status, all_rules
from gandoctor.store import Manifest, Run, RunWriter


def write(path: Path, signals: dict[str, dict[int, float]], **fields: object) -> Run:
    writer = RunWriter(path, Manifest(planned_steps=100, **fields))  # type: ignore[arg-type]
    for step in sorted({s for series in signals.values() for s in series}):
        writer.record(step, {n: series[step] for n, series in signals.items() if step in series})
    writer.close("completed")
    return load_run(path)


def rule(id_: str, detect: object, severity: Severity = Severity.CRITICAL, **fields: object) -> Rule:
    return Rule(
        id=id_,
        name="made-up",
        title="Made up",
        severity=severity,
        requires=("d_loss",),
        detect=detect,  # type: ignore[arg-type]
        limits=None,
        references=(),
        page="",
        **{"after_warm_up": False, "treatments": ("check-data",), **fields},  # type: ignore[arg-type]
    )


def found(severity: Severity | None = None) -> object:
    return lambda run, limits: [Evidence("d_loss", 1.0, None, 3, 9, "It is <so>.", severity)]


def judged(run: Run, *rules: Rule, monkeypatch: pytest.MonkeyPatch) -> Diagnosis:
    monkeypatch.setattr("gandoctor.diagnosis.diagnosis.all_rules", lambda: rules)
    return diagnose(run)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return write(tmp_path / "run", {"d_loss": dict.fromkeys(range(1, 101), 0.5)})


def nothing(run: Run, limits: object) -> list[Evidence]:
    return []


def broken(run: Run, limits: object) -> list[Evidence]:
    raise ZeroDivisionError("by nought")


def test_all_outcomes_are_shown_worst_first(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis = judged(
        run,
        rule("GD901", nothing),
        rule("GD902", found(), Severity.WARNING),
        rule("GD903", found()),
        rule("GD904", broken),
        rule("GD905", nothing, loss_families=frozenset({"hinge"})),
        monkeypatch=monkeypatch,
    )
    assert [(f.rule.id, f.status) for f in diagnosis.checks] == [
        ("GD903", Status.DETECTED),
        ("GD902", Status.DETECTED),
        ("GD904", Status.ERRORED),
        ("GD901", Status.NOT_DETECTED),
        ("GD905", Status.NOT_EVALUATED),
    ]
    assert str(diagnosis.checks[2].reason) == "ZeroDivisionError: by nought"
    assert diagnosis.verdict == "failing"
    assert str(diagnosis.sentence) == "The run completed 100 steps: Made up since step 3, and 1 more finding."


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ((nothing, nothing), "healthy"),
        ((nothing, broken), "healthy"),
        ((found(Severity.WARNING), nothing), "attention"),
        ((found(Severity.INFO), nothing), "healthy"),
        ((found(), broken), "failing"),
    ],
)
def test_verdict(run: Run, monkeypatch: pytest.MonkeyPatch, rules: tuple[object, ...], verdict: str) -> None:
    made = [rule(f"GD90{i}", detect) for i, detect in enumerate(rules)]
    assert judged(run, *made, *sound(), monkeypatch=monkeypatch).verdict == verdict


VOUCHED_FOR = ("GD002", "GD003", "GD301", "GD401", "GD403")


def sound() -> list[Rule]:
    """One rule for each thing that a healthy verdict vouches for; each finds nothing."""
    return [rule(id_, nothing) for id_ in VOUCHED_FOR]


def test_evidence_decides_the_severity(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    lowered = judged(run, rule("GD901", found(Severity.INFO)), monkeypatch=monkeypatch).checks[0]
    assert lowered.severity is Severity.INFO


def test_json_is_complete_and_strict(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def infinite(run: Run, limits: object) -> list[Evidence]:
        return [Evidence("d_loss", float("nan"), float("inf"), 3, 9, "NaN.")]

    causes = [Cause("small", "Small", 0.1, "t"), Cause("large", "Large", 0.9, "t")]
    diagnosis = judged(run, rule("GD901", infinite, causes=lambda run, found: causes), monkeypatch=monkeypatch)
    content = json.loads(diagnosis.to_json(), parse_constant=lambda c: pytest.fail(f"{c} is not JSON"))
    assert content["schema"] == "gandoctor.diagnosis/1"
    assert content["run"]["state"] == "completed"
    finding = content["findings"][0]
    assert finding["evidence"][0]["observed"] == "nan"
    assert finding["evidence"][0]["threshold"] == "inf"
    assert [c["id"] for c in finding["causes"]] == ["large", "small"]
    assert finding["treatments"][0]["id"] == "check-data"


def test_html_is_escaped(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    page = judged(run, rule("GD901", found()), monkeypatch=monkeypatch)._repr_html_()
    assert "It is &lt;so&gt;." in page


def test_real_rules_on_a_run_that_died(tmp_path: Path) -> None:
    losses = {s: 0.5 if s < 40 else np.nan for s in range(1, 101)}
    run = write(tmp_path / "nan", {"d_loss": losses, "d_update_in_g_step": {1: 0.1}}, loss_family="non_saturating")
    diagnosis = diagnose(run.path)
    assert [f.rule.id for f in diagnosis.detected] == ["GD001", "GD004"]
    assert diagnosis.verdict == "failing"
    assert diagnosis.checks[0].first_step == 40
    assert len(diagnosis.checks) == len(all_rules())
    assert all(f.reason for f in diagnosis.checks if f.status is Status.NOT_EVALUATED)
    json.loads(diagnosis.to_json())


def hypothesis(id_: str, score: float) -> Cause:
    return Cause(id_, f"The {id_}", score, "Look.")


def test_the_headline_is_what_the_likeliest_cause_explains(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """GD203 comes first by its id, and says less than the symptom that the likeliest cause sets off."""
    likely, unlikely = hypothesis("likely", 0.9), hypothesis("unlikely", 0.1)
    rules = (
        rule("GD203", found(), causes=lambda *_: (unlikely,)),
        rule("GD301", found(), causes=lambda *_: (likely,)),
        rule("GD402", found(Severity.WARNING), causes=lambda *_: (likely,)),
    )
    assert judged(run, *rules, monkeypatch=monkeypatch).headline.rule.id == "GD301"


def test_without_a_likely_cause_the_headline_is_the_first_of_the_worst(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = (rule("GD401", found(Severity.WARNING)), rule("GD402", found()), rule("GD403", found()))
    assert judged(run, *rules, monkeypatch=monkeypatch).headline.rule.id == "GD402"


def test_a_fact_without_causes_of_its_own_is_treated_as_what_it_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cure of a wrong range comes before a look at the data, which no cause speaks for."""
    wrong = rule("GD006", found(), treatments=("check-data", "match-output-range"))
    blank = rule("GD405", found(), causes=lambda *_: (hypothesis("range-mismatch", 0.9),))
    diagnosis = judged(run, wrong, blank, monkeypatch=monkeypatch)
    assert diagnosis.change_first.id == "match-output-range"


@pytest.mark.parametrize(
    ("state", "ending"),
    [
        ("completed", "The run completed 100 steps"),
        ("running", "The run is at step 100"),
        ("interrupted", "The run was interrupted at step 100"),
        ("crashed", "The run crashed at step 100"),
    ],
)
def test_the_sentence_says_how_the_run_stands(
    run: Run, monkeypatch: pytest.MonkeyPatch, state: str, ending: str
) -> None:
    monkeypatch.setattr(Run, "state", state)
    told = [
        str(judged(run, *rules, monkeypatch=monkeypatch).sentence)
        for rules in (
            sound(),
            [rule("GD901", nothing)],
            [rule("GD901", found())],
            [rule(f"GD90{i}", found()) for i in range(3)],
        )
    ]
    assert told == [
        f"{ending}: no failure mode was detected. Samples, the players' movement and their balance were judged.",
        f"{ending}: too little could be checked to call it healthy. Not looked at: the samples, the players' movement "
        "and the players' balance. No rule that judges it was run.",
        f"{ending}: Made up since step 3.",
        f"{ending}: Made up since step 3, and 2 more findings.",
    ]


def test_the_sentence_of_a_check_names_no_step(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    one = judged(run, rule("GD901", found()), monkeypatch=monkeypatch)
    two = judged(run, rule("GD901", found()), rule("GD902", found()), monkeypatch=monkeypatch)
    checked = "Checked the model card and a dry run of 100 steps"
    assert str(replace(one, is_check=True).sentence) == f"{checked}: Made up."
    assert str(replace(two, is_check=True).sentence) == f"{checked}: Made up, and 1 more finding."


def test_json_keeps_the_numbers_of_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    said = Message("{signal} is {value:.1f}.", signal="d_loss", value=float("nan"))

    def told(run: Run, limits: object) -> list[Evidence]:
        return [Evidence("d_loss", 1.0, None, 3, 9, said)]

    content = judged(run, rule("GD901", told), monkeypatch=monkeypatch).to_dict()
    assert content["message"]["values"]["name"]["values"]["step"] == 3
    evidence = content["findings"][0]["evidence"][0]
    assert evidence["statement"] == "d_loss is nan."
    assert evidence["message"] == {"template": said.template, "values": {"signal": "d_loss", "value": "nan"}}

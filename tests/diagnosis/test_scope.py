"""Healthy is a claim: samples, movement and balance were judged. What was not is said, with what would show it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.diagnosis.as_html import html_of
from gandoctor.message import Absence, Absent, Message
from gandoctor.report import render_html
from gandoctor.report.markdown import render_markdown
from gandoctor.rules import Evidence, Rule, Severity, Status, all_rules, find_rule
from gandoctor.store import DataCard, Run
from gandoctor.store.cards import LatentCard, PairCard
from support.recorded_runs import digits, every_step, healthy, make_run, probes
from support.report_page import Page

MOVING = {f"{a}_update_in_{b}_step": probes(0.01 if a == b else 0.0) for a in ("d", "g") for b in ("d", "g")} | {
    "g_grad_norm": every_step(0.4),
    "d_grad_norm": every_step(0.4),
    "d_update_ratio": probes(1e-3),
}
SAMPLES = {name for name in healthy() if name.startswith("sample_")}


def sound(**changes: object) -> Run:
    return make_run(healthy() | MOVING | {"d_auc": probes(0.8)}, **changes)


def blind(*, samples: bool = False, **changes: object) -> Run:
    """A run of which no sample was seen."""
    signals = healthy() | MOVING | {"d_auc": probes(0.8)}
    return make_run({n: s for n, s in signals.items() if samples or n not in SAMPLES}, **changes)


def absent(code: Absent, why: str) -> Absence:
    return Absence(code, Message.of(why))


NO_REALS = {"probe_data": Absence(Absent.NOT_GIVEN, Message("pass {argument}=...", argument="probe_data"))}
NO_LATENTS = {"latent_sampler": absent(Absent.NO_LATENTS, "the generator has several inputs")}
BY_LOOP = {"generator": "found by data flow: sequential, whose output enters the discriminator"}
BY_FIT = {"generator": "attribute .generator"}
RUN = ["gandoctor", "run", "train.py"]


def aspects(diagnosis: Diagnosis) -> list[str]:
    return [unseen.aspect.id for unseen in diagnosis.not_looked_at]


def test_a_run_that_was_seen_whole_is_healthy() -> None:
    diagnosis = diagnose(sound())
    assert diagnosis.detected == ()
    assert (diagnosis.verdict, aspects(diagnosis)) == ("healthy", [])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"missing": NO_LATENTS}, ["the generator has several inputs", "Pass latent_sampler=lambda n: ... to GAN"]),
        ({"missing": NO_REALS}, ["no real data to compare with", "Pass probe_data=x_real[:512] to GANMonitor"]),
        (
            {"missing": NO_REALS, "command": RUN, "target": "/home/me/train.py", "players": BY_LOOP},
            ["put the loop in train.py under `with GANMonitor(", "probe_data=x_real[:512]", "monitor.step()"],
        ),
        (
            {"missing": NO_REALS, "command": RUN, "target": "/home/me/train.py", "players": BY_FIT},
            ["add GANMonitor(..., probe_data=x_real[:512]) to the callbacks of fit in train.py"],
        ),
        (
            {"missing": NO_LATENTS, "command": ["%load_ext", "gandoctor"], "target": "notebook", "players": BY_LOOP},
            ["put the loop in your notebook under", "latent_sampler=lambda n: ..."],
        ),
        (
            {"missing": {"latent_sampler": absent(Absent.UNUSABLE, "latent_sampler(64) returned no batch of latents")}},
            ["latent_sampler(64) returned no batch of latents", "Pass latent_sampler=lambda n: ... to GANMonitor"],
        ),
        (
            {"missing": {"latent_sampler": absent(Absent.CANNOT_RUN, "the generator cannot be run (ValueError: x)")}},
            ["the generator cannot be run (ValueError: x)"],
        ),
    ],
    ids=["latents unknown", "no reals", "no reals, loop", "no reals, fit", "notebook", "bad sampler", "cannot run"],
)  # fmt: skip
def test_without_samples_it_is_inconclusive_and_says_what_would_show_them(
    fields: dict[str, object], told: list[str]
) -> None:
    diagnosis = diagnose(blind(real_count=0, **fields))
    assert diagnosis.detected == ()
    assert (diagnosis.verdict, aspects(diagnosis)) == ("inconclusive", ["samples"])
    sentence = str(diagnosis.sentence)
    assert "Not looked at: the samples." in sentence
    assert [part for part in told if part not in sentence] == []


def test_batches_of_one_image_leave_too_few_reals() -> None:
    """A CycleGAN: the generator is fed images, and sixteen real ones were kept."""
    card = DataCard(
        shape=(28, 28, 1), dtype="float32", minimum=0, maximum=1, mean=0.1, std=0.3, probe_count=16
    )  # fmt: skip
    fields = {"data": card, "command": RUN, "target": "cyclegan.py", "players": BY_LOOP}
    run = make_run(healthy() | MOVING | {"d_auc": probes(0.8)}, reals=digits()[:16], **fields)
    diagnosis = diagnose(run)
    assert (diagnosis.verdict, aspects(diagnosis)) == ("inconclusive", ["samples"])
    facts = diagnosis.sentence.facts
    assert (facts["count"], facts["least"]) == (16, 256)
    assert "probe_data=x_real[:512]" in str(diagnosis.sentence)


def test_a_sampler_that_fails_on_the_way_leaves_the_rest_unseen() -> None:
    until = {n: {s: v for s, v in values.items() if s <= 500} for n, values in healthy().items() if n in SAMPLES}
    signals = healthy() | MOVING | {"d_auc": probes(0.8)} | until
    failed = {"latent_sampler": absent(Absent.CANNOT_RUN, "the generator cannot be run (ValueError: x)")}
    diagnosis = diagnose(make_run(signals, missing=failed))
    assert (diagnosis.verdict, aspects(diagnosis)) == ("inconclusive", ["samples"])
    assert "The last ones were seen at step 500. Reason: the generator cannot be run" in str(diagnosis.sentence)


def test_movement_and_balance_are_vouched_for_too() -> None:
    still = healthy() | {"d_auc": probes(0.8)}
    optimizer = {"d_update_in_d_step": absent(Absent.NO_OPTIMIZER, "no optimizer was found")}
    diagnosis = diagnose(make_run(still, missing=optimizer))
    assert aspects(diagnosis) == ["movement"]
    assert "Pass d_optimizer=... to GANMonitor." in str(diagnosis.sentence)
    unknown = {"loss_family": absent(Absent.NOT_RECOGNISED, "the loss is none of the known formulas")}
    diagnosis = diagnose(make_run(healthy() | MOVING, loss_family=None, missing=unknown))
    assert aspects(diagnosis) == ["balance"]
    assert "Pass loss=... to GANMonitor." in str(diagnosis.sentence)


def test_what_a_network_has_not_got_is_no_reason() -> None:
    missing = {"d_auc": absent(Absent.NOT_APPLICABLE, "there is no such number"), **NO_REALS}
    diagnosis = diagnose(blind(real_count=0, missing=missing))
    assert "there is no such number" not in str(diagnosis.sentence)


def remark(last_step: int, severity: Severity = Severity.CRITICAL, rule: str = "GD401") -> Rule:
    """A rule on samples whose finding is a remark that lasts until a step."""
    known = find_rule(rule)
    evidence = Evidence("sample_std", 0.1, 0.5, 2, last_step, Message("It is noise."), Severity.INFO)

    def found(run: Run, limits: object) -> list[Evidence]:
        return [evidence]

    found.__module__ = known.detect.__module__
    return replace(known, detect=found, causes=None, severity=severity, requires=("d_loss",))


def with_rule(rule: Rule) -> Diagnosis:
    return diagnose(sound(), [rule if r.id == rule.id else r for r in all_rules()])


def test_a_finding_that_has_passed_is_no_headline_of_a_healthy_run() -> None:
    diagnosis = with_rule(remark(last_step=400))
    assert [f.rule.id for f in diagnosis.detected] == ["GD401"]
    assert (diagnosis.verdict, diagnosis.headline) == ("healthy", None)
    assert "look like noise" not in str(diagnosis.sentence)


def test_a_symptom_that_may_still_pass_is_open() -> None:
    diagnosis = with_rule(remark(last_step=1000))
    assert (diagnosis.verdict, diagnosis.headline) == ("inconclusive", None)
    assert diagnosis.unsettled is not None
    assert "too early to call it healthy" in str(diagnosis.sentence)
    assert diagnosis.sentence.facts["step"] == 2
    mild = with_rule(remark(last_step=1000, severity=Severity.WARNING))
    assert mild.verdict == "healthy", "a remark of a milder rule is no open question"
    # Labels and inputs are what was asked for; no healthy run was seen to end with a grid.
    for rule in ("GD406", "GD411", "GD412", "GD413"):
        kept = with_rule(remark(last_step=1000, severity=Severity.WARNING, rule=rule))
        assert kept.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("coverage", "distance", "verdict"),
    [
        (0.0, 2.0, "inconclusive"),
        (0.0, 0.0, "healthy"),  # far by one measure only
        (0.2, 2.0, "healthy"),  # a young generator's
        (0.9, 0.05, "healthy"),
    ],
)
def test_samples_that_are_far_from_all_data_are_not_called_healthy(
    coverage: float, distance: float, verdict: str
) -> None:
    signals = healthy() | MOVING | {"d_auc": probes(0.8)}
    diagnosis = diagnose(make_run(signals | {"sample_coverage": probes(coverage), "sample_kid": probes(distance)}))
    assert diagnosis.detected == ()
    assert diagnosis.verdict == verdict
    assert (diagnosis.unlike_data is not None) == (verdict == "inconclusive")
    assert ("unlike your data: they cover 0.0%" in str(diagnosis.sentence)) == (verdict == "inconclusive")
    if verdict == "inconclusive":
        assert diagnosis.plan[0].treatment == "train-longer"


@pytest.mark.parametrize(
    ("latent", "is_told"),
    [
        ({"shape": (28, 28, 1), "mean": -0.73, "std": 0.42, "minimum": -1.0, "maximum": 1.0}, True),
        ({"shape": (64, 1), "mean": 0.0, "std": 0.27, "minimum": -0.9, "maximum": 1.0}, True),
        ({"shape": (24, 3), "mean": 0.01, "std": 0.98, "minimum": -3.4, "maximum": 3.1}, False),  # noise for a series
        ({"shape": (24, 3), "mean": 0.5, "std": 0.29, "minimum": 0.0, "maximum": 1.0}, False),  # likewise, uniform
        ({"shape": (1, 1, 100), "mean": 0.2, "std": 0.4}, False),  # of one place
        ({"shape": (6,), "mean": 0.2, "std": 0.4}, False),
        ({"shape": (28, 28, 1)}, False),  # known by its shape only
    ],
)
def test_what_should_be_made_of_data_is_not_known(latent: dict[str, Any], is_told: bool) -> None:
    run = sound()
    run.manifest.latent = LatentCard(**latent)
    diagnosis = diagnose(run)
    assert aspects(diagnosis) == (["answers"] if is_told else [])
    assert diagnosis.verdict == ("inconclusive" if is_told else "healthy")
    assert [step.treatment for step in diagnosis.plan] == (["see-answers"] if is_told else [])


@pytest.mark.parametrize("tie", [0.9, 0.02])
def test_what_should_be_made_of_paired_data_is_known(tie: float) -> None:
    run = make_run(
        healthy() | MOVING | {"d_auc": probes(0.8), "sample_pair_tie": probes(tie), "sample_pair_chance": probes(0.05)}
    )
    run.manifest.latent = LatentCard(shape=(28, 28, 1), mean=-0.73, std=0.42, minimum=-1.0, maximum=1.0)
    run.manifest.pairs = PairCard(count=288, told=0.8)
    diagnosis = diagnose(run)
    assert aspects(diagnosis) == []
    assert diagnosis.verdict == ("healthy" if tie == 0.9 else "failing")


def test_every_view_says_the_same() -> None:
    diagnosis = diagnose(blind(real_count=0, missing=NO_REALS))
    told = "Not looked at: the samples"
    views = {
        "json": diagnosis.to_json(),
        "html": html_of(diagnosis),
        "page": Page(render_html(diagnosis)).text,
        "markdown": render_markdown(diagnosis),
    }
    assert {name: told in view for name, view in views.items()} == dict.fromkeys(views, True)
    assert all("inconclusive" in view.lower() for view in views.values())
    (unseen,) = json.loads(diagnosis.to_json())["not_looked_at"]
    assert unseen["aspect"] == "samples"
    assert unseen["remedy"] == "Pass probe_data=x_real[:512] to GANMonitor."


def test_a_rule_that_broke_has_judged_nothing() -> None:
    def broken(run: Run, limits: object) -> list[Evidence]:
        raise ZeroDivisionError

    rules = [replace(r, detect=broken) if r.id == "GD403" else r for r in all_rules()]
    diagnosis = diagnose(sound(), rules)
    assert next(f for f in diagnosis.checks if f.rule.id == "GD403").status is Status.ERRORED
    assert aspects(diagnosis) == ["samples"]

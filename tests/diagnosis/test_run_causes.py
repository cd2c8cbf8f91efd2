"""Which cause comes first for the signature of each fault: recorded levels of real runs, all rules, one ranked list.

The levels are medians after step 300 of the first round of measurements (one or two seeds each), not of the runs that
the benchmark scores.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from rich.console import Console

from gandoctor.cli.text import diagnosis_lines, print_lines
from gandoctor.diagnosis import Diagnosis
from gandoctor.store import ObjectiveCard
from support.design_cards import (
    CONV,
    UNIT,
    act,
    card,
)
from support.fault_signatures import (
    FAULTS,
    MIXED,
    diagnosis_of,
    noise,
    one_image,
    run_with,
    stands_still,
)
from support.recorded_runs import every_step, healthy, probes

Diagnosed = Callable[..., Diagnosis]


@pytest.fixture
def diagnosed() -> Diagnosed:
    return diagnosis_of


def top(diagnosis: Diagnosis) -> str:
    assert diagnosis.causes, diagnosis.sentence
    return diagnosis.causes[0].id


def score(diagnosis: Diagnosis, id_: str) -> float:
    return next((c.score for c in diagnosis.causes if c.id == id_ or id_ in c.hypotheses), 0.0)


@pytest.mark.parametrize("fault", FAULTS)
def test_first_cause_of_each_signature(diagnosed: Diagnosed, fault: str) -> None:
    signals, fields, expected = FAULTS[fault]
    diagnosis = diagnosed(signals, **fields)
    assert top(diagnosis) in expected, [(c.id, round(c.score, 2)) for c in diagnosis.causes[:4]]
    assert diagnosis.causes[0].explains or not [
        f for f in diagnosis.detected if f.rule.kind not in ("contract", "design")
    ]


CURES = {
    "generator learning rate 1e-7": "raise-generator-learning-rate",
    "the same with optimizers that are not known": "lower-discriminator-learning-rate",
    "labels of the discriminator swapped": "consistent-labels",
    "constant latents": "vary-latents",
    "data in 0..255": "match-output-range",
    "batch normalisation on the output": "batch-norm-placement",
    "batch normalisation and mixed batches": "separate-batches",
    "batch-norm momentum 0.999": "batch-norm-momentum",
    "no batch normalisation": "batch-norm-in-generator",
    "dropout 0.9": "dropout-rate",
    "discriminator frozen": "set-trainable-per-phase",
    "generator frozen": "separate-variable-lists",
    "one real batch again and again": "feed-varied-batches",
    "discriminator trained before": "no-pretraining",
}


@pytest.mark.parametrize("fault", CURES)
def test_change_first_answers_the_first_cause(diagnosed: Diagnosed, fault: str) -> None:
    signals, fields, _ = FAULTS[fault]
    first = diagnosed(signals, **fields).change_first
    assert first is not None
    assert first.id == CURES[fault]


def test_nothing_to_change_where_all_is_well_or_only_mentioned(diagnosed: Diagnosed) -> None:
    assert diagnosed(run_with(0.4, 1.8, 3.0, 0.24)).change_first is None
    relu = card(CONV, act("relu"), "Flatten", UNIT)
    mentioned = diagnosed(run_with(0.4, 1.8, 3.0, 0.24), discriminator=relu)
    assert [f.rule.id for f in mentioned.detected] == ["GD107"]
    assert mentioned.change_first is None


def test_unlikely_causes_do_not_decide_what_to_change(diagnosed: Diagnosed) -> None:
    rates = {"d_learning_rate": probes(1e-5), "g_learning_rate": probes(4e-4)}
    diagnosis = diagnosed(run_with(0.6, 0.9, 1.0, 0.2, **rates, **noise(0.6)))
    assert [f.rule.id for f in diagnosis.detected] == ["GD401"]
    assert diagnosis.causes[0].score < 0.3
    assert diagnosis.likely_causes == ()
    assert diagnosis.change_first == diagnosis.detected[0].treatments[0]


def test_look_alike_same_losses_as_a_frozen_discriminator(diagnosed: Diagnosed) -> None:
    """Equal losses, logits that cannot be told apart, and the best samples: nothing to explain."""
    assert diagnosed(run_with(0.69, 0.69, 0.03, 0.2)).causes == ()
    assert diagnosed(run_with(0.4, 1.8, 3.0, 0.24)).causes == ()


def test_look_alike_the_leak_as_published_is_not_what_broke_the_run(diagnosed: Diagnosed) -> None:
    leak = {"d_update_in_g_step": {1: 0.12, 2: 0.12} | probes(0.12)}
    assert [c.id for c in diagnosed(run_with(0.4, 1.8, 3.0, 0.24, **leak)).causes] == ["GD004"]
    signals, fields, expected = FAULTS["generator learning rate 1e-7"]
    diagnosis = diagnosed(signals | leak, **fields)
    assert top(diagnosis) in expected
    assert score(diagnosis, "GD004") < 0.3


def test_look_alike_batch_norm_in_the_discriminator_with_batches_of_one_kind(diagnosed: Diagnosed) -> None:
    """The logits move as much when the monitor mixes batches; the losses are those of one game."""
    signals = run_with(
        0.01,
        7.0,
        20,
        0.2,
        d_batch_gap=probes(30.0),
        d_real_accuracy_training=probes(1.0),
        d_fake_accuracy_training=probes(1.0),
    )
    diagnosis = diagnosed(signals, discriminator=MIXED)
    assert top(diagnosis) == "discriminator-learns-faster"
    assert score(diagnosis, "batch-norm-in-discriminator") < 0.1


def test_clean_contracts_refute(diagnosed: Diagnosed) -> None:
    """Without update sizes a frozen discriminator is possible; measured movement rules it out."""
    signals = run_with(0.7, 0.66, -0.03, 0.37, **noise(0.61))
    unknown = {k: v for k, v in signals.items() if "update" not in k and "movement" not in k and "grad" not in k}
    assert score(diagnosed(unknown), "discriminator-frozen") > 5 * score(diagnosed(signals), "discriminator-frozen")


def test_a_fact_that_accounts_for_everything_leaves_little_to_mere_possibilities(diagnosed: Diagnosed) -> None:
    """Blank samples of a generator that does not train need no discriminator that learns too fast."""
    blank = healthy() | one_image(contrast=0.005)
    alone, beside = diagnosed(blank), diagnosed(blank | stands_still("g"))
    assert top(beside) == "GD003"
    covered = {"GD003", *beside.causes[0].explains}
    possible = {c.id: c.score for c in alone.causes if c.standing == "possible" and {*c.explains} <= covered}
    assert max(possible.values()) > 0.2
    assert all(score(beside, slug) < 0.5 * before for slug, before in possible.items())


def test_json_and_text_show_the_list(diagnosed: Diagnosed) -> None:
    signals, fields, _ = FAULTS["discriminator frozen"]
    diagnosis = diagnosed(signals, **fields)
    content = json.loads(diagnosis.to_json())
    assert content["schema"] == "gandoctor.diagnosis/1"
    assert all(set(c) == {"id", "title", "score", "test", "message", "standing", "explains"} for c in content["causes"])
    assert all(0 <= c["score"] <= 1 for c in content["causes"])
    first = content["causes"][0]
    assert first["id"] == "GD002"
    assert "GD401" in first["explains"]
    assert [c["score"] for c in content["causes"]] == sorted((c["score"] for c in content["causes"]), reverse=True)
    console = Console(record=True, width=200, file=io.StringIO())
    print_lines(console, diagnosis_lines(diagnosis, verbose=True))
    text = console.export_text()
    assert "Most likely causes" in text
    assert f"1. GD002 {first['title']}" in text
    assert "What to do\n  1. " in text


def test_a_penalty_that_is_not_at_work_comes_before_what_explodes_without_it(diagnosed: Diagnosed) -> None:
    slope = probes(lambda s: 1.0 if s < 40 else 46.0)
    slopes = {f"d_input_gradient_{where}": slope for where in ("real", "fake", "between")}
    norms = {"d_grad_norm": every_step(lambda s: 1.0 if s < 400 else 1e6)}
    form = ObjectiveCard(output_low=-1.0, output_high=1.0, penalised=True, steps=5)
    diagnosis = diagnosed(healthy() | slopes | norms, loss_family="wasserstein", objective=form)
    assert {"GD202", "GD207"} <= {f.rule.id for f in diagnosis.detected}
    assert 0 < score(diagnosis, "exploding-updates") < score(diagnosis, "penalty-not-at-work")
    assert top(diagnosis) == "penalty-not-at-work"
    assert diagnosis.plan[0].treatment == "gradient-penalty"

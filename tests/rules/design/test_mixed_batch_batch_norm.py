"""GD106. The numbers are those of real runs: 250 steps of the quick preset, and of the DCGAN paper's design."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Finding, Severity, Status
from gandoctor.store import Run
from support.design_cards import CONV, DISCRIMINATOR, GENERATOR, LEAKY, NORM, UNIT, card, facts, judged, named
from support.recorded_runs import every_step, probes

MakeRun = Callable[..., Run]
WITH_NORM = card(CONV, LEAKY, CONV, NORM, LEAKY, CONV, NORM, LEAKY, "Flatten", UNIT)


def mixed(start: int = 20, stop: int = 1000) -> dict[str, Any]:
    return {
        "d_loss": every_step(lambda s: 0.001 if start <= s <= stop else 0.5),
        "g_loss": every_step(1.2),
        "d_batch_gap": probes(3.0),
        "d_real_accuracy_training": probes(lambda s: 0.72 if start <= s <= stop else 0.95),
        "d_fake_accuracy_training": probes(lambda s: 0.38 if start <= s <= stop else 0.9),
        "sample_train_infer_gap": probes(0.1),
    }


def of(make_run: MakeRun, signals: dict[str, Any], discriminator: Any = WITH_NORM, **fields: Any) -> Finding:
    run = make_run(signals, generator=GENERATOR, discriminator=discriminator, real_count=0, **fields)
    return judged("GD106", run)


def test_mixed_batches(make_run: MakeRun) -> None:
    finding = of(make_run, mixed())
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (40, 1000), "the loss of the first 20 steps was high"
    (evidence,) = finding.evidence
    assert evidence.signal == "d_batch_gap"
    assert facts(finding)["wrong"] == pytest.approx(0.45)
    assert str(evidence.statement) == (
        "The discriminator has batch normalisation (batchnormalization and 1 more). From step 40 to 1000 the "
        "discriminator's loss in its own step was 0.001. Yet when it saw real and generated images apart, it got 45% "
        "wrong, which costs at least 0.31: it is not the same function there. Reals in the batch move the logits of "
        "fakes by 3 times their spread."
    )
    assert named(finding) == {"discriminator/batchnormalization", "discriminator/batchnormalization_1"}


def test_since_when_and_that_it_stays_proved(make_run: MakeRun) -> None:
    assert of(make_run, mixed(start=400)).first_step == 420, "the loss since the probe before must be low as well"
    over = of(make_run, mixed(stop=600))
    assert over.severity is Severity.CRITICAL, "how batches are made up does not change"
    assert over.last_step == 600


def test_look_alike_batches_of_one_kind(make_run: MakeRun) -> None:
    ahead = mixed() | {"d_real_accuracy_training": probes(0.97), "d_fake_accuracy_training": probes(1.0)}
    assert of(make_run, ahead).status is Status.NOT_DETECTED, "a gap of the logits alone is no sign"
    wrong_and_costly = mixed() | {"d_loss": every_step(0.5)}
    assert of(make_run, wrong_and_costly).status is Status.NOT_DETECTED
    assert of(make_run, mixed() | {"d_batch_gap": probes(0.3)}).status is Status.NOT_DETECTED


def test_look_alike_a_generator_whose_modes_disagree(make_run: MakeRun) -> None:
    assert of(make_run, mixed() | {"sample_train_infer_gap": probes(2.0)}).status is Status.NOT_DETECTED
    without = mixed()
    del without["sample_train_infer_gap"]
    assert of(make_run, without).status is Status.DETECTED


def test_no_batch_normalisation_is_no_matter(make_run: MakeRun) -> None:
    assert of(make_run, {}, DISCRIMINATOR).status is Status.NOT_DETECTED
    assert of(make_run, mixed(), DISCRIMINATOR).status is Status.NOT_DETECTED


@pytest.mark.parametrize("name", ["d_loss", "d_batch_gap", "d_real_accuracy_training", "d_fake_accuracy_training"])
def test_what_training_has_not_shown_is_not_evaluated(make_run: MakeRun, name: str) -> None:
    signals = mixed()
    del signals[name]
    finding = of(make_run, signals, missing={name: "a check trains no step"})
    assert finding.status is Status.NOT_EVALUATED
    assert facts(finding)["signal"] == name
    assert str(finding.reason).endswith(f"{name} was not recorded: a check trains no step.")


def test_not_evaluated_without_a_bound_or_a_window(make_run: MakeRun) -> None:
    assert str(of(make_run, mixed(), loss_family="wasserstein").reason).endswith(
        "a Wasserstein loss has no lower bound."
    )
    assert str(of(make_run, mixed(), loss_family=None).reason).endswith("the loss family is unknown.")
    short = {name: {s: v for s, v in series.items() if s <= 40} for name, series in mixed().items()}
    assert facts(of(make_run, short))["probes"] == 4
    declared = WITH_NORM.model_copy(update={"order": "declared"})
    assert of(make_run, mixed(), declared).status is Status.NOT_EVALUATED
    assert of(make_run, mixed(), loss_family="hinge").status is Status.DETECTED


def test_labels_beyond_0_and_1_tell_nothing(make_run: MakeRun) -> None:
    finding = of(make_run, mixed() | {"d_loss": every_step(-0.2)})
    assert finding.status is Status.NOT_EVALUATED
    assert "cannot be negative" in str(finding.reason)

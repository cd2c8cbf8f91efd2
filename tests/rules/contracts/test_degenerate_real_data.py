"""GD009."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import DataCard, Manifest, Run, RunWriter, load_run
from gandoctor.treatments import prescribe
from support.recorded_runs import digits, every_step
from support.said import values_of

RULE = find_rule("GD009")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]

STEPS = 300


def card(mean: float = 0.1309, minimum: float = 0.0, maximum: float = 1.0) -> DataCard:
    return DataCard(
        shape=(28, 28, 1), dtype="float32", minimum=minimum, maximum=maximum, mean=mean, std=0.3, probe_count=288
    )


def shown(indices: Callable[[int, np.random.Generator], np.ndarray], steps: int = STEPS) -> Signals:
    """Mean and spread of the digits that each step shows."""
    images, rng = digits().astype(np.float32) / 255, np.random.default_rng(0)
    batches = {s: images[indices(s, rng)] for s in range(1, steps + 1)}
    return {
        "real_mean": {s: float(b.mean(dtype=np.float32)) for s, b in batches.items()},
        "real_spread": {s: float(b.std(axis=0, dtype=np.float32).mean(dtype=np.float32)) for s, b in batches.items()},
    }


def fresh(steps: int = STEPS) -> Signals:
    return shown(lambda _, rng: rng.choice(5000, 32, replace=False), steps)


def test_fresh_batches_of_mostly_black_images(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(fresh(), data=card())).status is Status.NOT_DETECTED


def test_look_alike_data_of_one_kind(make_run: MakeRun) -> None:
    run = make_run(shown(lambda _, rng: rng.choice(500, 32, replace=False)), data=card())
    assert RULE.evaluate(run).status is Status.NOT_DETECTED


def test_the_same_batch_in_another_order_every_step(make_run: MakeRun) -> None:
    run = make_run(shown(lambda _, rng: rng.permutation(32)), data=card())
    finding = RULE.evaluate(run)
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (1, STEPS)
    [evidence] = finding.evidence
    assert evidence.signal == "real_mean"
    assert evidence.detail is False
    assert finding.causes[0].id == "loader-repeats"
    causes = {cause.id: cause.score for cause in finding.causes}
    assert prescribe(RULE.treatments, causes)[0].id == "feed-varied-batches"


def test_one_that_begins_mid_run(make_run: MakeRun) -> None:
    signals = shown(lambda s, rng: np.arange(32) if s >= 200 else rng.choice(5000, 32, replace=False))
    finding = RULE.evaluate(make_run(signals, data=card()))
    assert (finding.severity, finding.first_step) == (Severity.CRITICAL, 200)
    ended = shown(lambda s, rng: np.arange(32) if 100 <= s < 200 else rng.choice(5000, 32, replace=False))
    finding = RULE.evaluate(make_run(ended, data=card()))
    assert (finding.severity, finding.first_step, finding.last_step) == (Severity.WARNING, 100, 199)


def test_look_alike_the_whole_of_a_tiny_data_set_in_every_batch(make_run: MakeRun) -> None:
    mean = float((digits()[:64].astype(np.float32) / 255).mean())
    finding = RULE.evaluate(make_run(shown(lambda _, rng: rng.permutation(64)), data=card(mean)))
    assert finding.severity is Severity.WARNING
    assert finding.evidence[0].detail is True
    assert finding.causes[0].id == "whole-data-set-at-once"


def test_without_real_images_given_it_cannot_tell_the_two_apart(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(shown(lambda _, rng: rng.permutation(32)), data=None, real_count=0))
    assert finding.severity is Severity.WARNING
    assert "only if one batch holds your whole data set" in str(finding.evidence[0].statement)


def test_two_batches_that_take_turns_are_mentioned(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(shown(lambda s, _: np.arange(32) + 32 * (s % 2)), data=card()))
    assert finding.severity is Severity.INFO
    assert values_of(finding.evidence[0].statement)["batches"] == 2


def test_look_alike_an_unshuffled_data_set(make_run: MakeRun) -> None:
    run = make_run(shown(lambda s, _: np.arange(32) + 32 * (s % 10)), data=card())
    assert RULE.evaluate(run).status is Status.NOT_DETECTED


def test_one_image_in_every_place(make_run: MakeRun) -> None:
    same = shown(lambda _, __: np.zeros(32, int), steps=2)
    finding = RULE.evaluate(make_run(same, data=card()))
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (1, 2)
    assert finding.evidence[0].signal == "real_spread"
    # Another image every step, 32 times: the latents show that a batch is not a single image.
    copies = shown(lambda s, _: np.full(32, s))
    latents = {"latent_spread": every_step(0.57, stop=STEPS)}
    assert RULE.evaluate(make_run(copies | latents, data=card())).severity is Severity.CRITICAL
    unknown = RULE.evaluate(make_run(copies, data=card()))
    assert unknown.severity is Severity.WARNING
    assert "single image" in str(unknown.evidence[0].statement)


def test_look_alike_batches_of_a_single_image(make_run: MakeRun) -> None:
    single = shown(lambda s, _: np.array([s])) | {"latent_spread": every_step(0.0, stop=STEPS)}
    assert RULE.evaluate(make_run(single, data=card())).status is Status.NOT_DETECTED
    # Only the last batch of an epoch is.
    last = shown(lambda s, rng: rng.choice(5000, 1 if s % 50 == 0 else 32, replace=False))
    assert RULE.evaluate(make_run(last, data=card())).status is Status.NOT_DETECTED


def test_data_of_a_single_value(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({"d_loss": every_step(0.5, stop=5)}, data=card(0.0, 0.0, 0.0), real_count=0))
    assert finding.severity is Severity.CRITICAL
    assert str(finding.evidence[0].statement) == "Every pixel of the 288 real images given to the monitor is 0."


def test_copies_of_one_image_given_to_the_monitor(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "copies", Manifest(data=card()))
    writer.record(1, {"d_loss": 0.5})
    writer.reals(np.repeat(digits()[:1], 40, axis=0))
    writer.close("completed")
    finding = RULE.evaluate(load_run(tmp_path / "copies"))
    assert finding.severity is Severity.CRITICAL
    assert str(finding.evidence[0].statement) == "The 40 real images given to the monitor are all the same image."


def test_missing_signals_are_not_evaluated_and_say_why(make_run: MakeRun) -> None:
    run = make_run({"d_loss": every_step(0.5, stop=5)}, missing={"real_spread": "a hand-written loop"})
    finding = RULE.evaluate(run)
    assert finding.status is Status.NOT_EVALUATED
    assert "a hand-written loop" in str(finding.reason)
    nan = every_step(float("nan"), stop=5)
    assert RULE.evaluate(make_run({"real_mean": nan, "real_spread": nan})).status is Status.NOT_EVALUATED

"""What tells reversed labels from networks that differ between the steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules.reading.phase_blame import blame, first_updates
from gandoctor.store import LayerCard, PlayerCard, Run
from support.recorded_runs import every_step, probes

MakeRun = Callable[..., Run]

FROM_THE_START, LATE = 61, 700


def updates(pull: float, widening: float, step: int = 1) -> dict[str, dict[int, float]]:
    """What the generator's update does to the fakes' logit, and the discriminator's to the gap."""
    return {
        "fake_logit_change_in_g_step": {step: pull, 2: 0.1, 200: -0.1},
        "logit_gap_change_in_d_step": {step: widening, 2: -0.1, 200: 0.1},
    }


@pytest.mark.parametrize(
    ("pull", "widening", "expected"),
    [
        (0.0035, 0.346, "networks"),
        (-0.0035, -0.346, "networks"),  # reversed in both steps: a convention
        (0.0064, -0.458, "objectives"),
        (-0.0064, 0.458, "objectives"),
        (0.0064, 0.0, "unknown"),
        (1e-9, -0.458, "unknown"),
        (0.0014, -0.458, "unknown"),
        (-0.00037, 0.1193, "unknown"),  # a healthy run at an eighth of the width
        (float("nan"), -0.458, "unknown"),
    ],
)
def test_the_first_updates_tell(make_run: MakeRun, pull: float, widening: float, expected: str) -> None:
    run = make_run(updates(pull, widening))
    assert first_updates(run) == expected
    assert blame(run, FROM_THE_START) == expected


def test_the_first_updates_do_not_tell(make_run: MakeRun) -> None:
    reversed_labels = updates(0.0064, -0.458)
    normalised = PlayerCard(name="d", layers=[LayerCard(name="bn", type="BatchNormalization")])
    for run in (
        make_run(reversed_labels, loss_family="least_squares"),
        make_run(reversed_labels, discriminator=normalised),
        make_run(reversed_labels | {"d_batch_gap": probes(0.1)}),
        make_run(updates(0.0064, -0.458, step=20)),  # the first step was not measured
        make_run({"fake_logit_change_in_g_step": {1: 0.1}}),
        make_run({"d_loss": every_step(0.0)}),
    ):
        assert first_updates(run) == "unknown"


def test_the_modes_of_the_generator_tell_where_the_first_updates_do_not(make_run: MakeRun) -> None:
    def gap(value: float | Callable[[int], float], loss_family: str = "non_saturating", **more: Any) -> Run:
        return make_run({"sample_train_infer_gap": probes(value)} | more, loss_family=loss_family)

    # Reversed labels leave gaps of up to 0.8 behind.
    assert blame(gap(0.8), FROM_THE_START) == "objectives"
    assert blame(gap(0.8, loss_family="least_squares"), FROM_THE_START) == "unknown"
    assert blame(gap(0.8, d_batch_gap=probes(0.1)), FROM_THE_START) == "unknown"
    assert blame(gap(2.6), FROM_THE_START) == "networks"
    assert blame(gap(2.6, **updates(0.0064, -0.458)), FROM_THE_START) == "objectives"
    # Later it is what was before that counts.
    assert blame(gap(lambda s: 14.0 if s < 60 else 0.3 if s < LATE else 0.8), LATE) == "objectives"
    assert blame(gap(lambda s: 0.9), LATE) == "networks"
    assert blame(gap(lambda s: 0.9, **updates(0.0064, -0.458)), LATE) == "networks"
    assert blame(make_run({"d_loss": every_step(0.0)}), LATE) == "unknown"


def test_a_discriminator_whose_scores_depend_on_the_company(make_run: MakeRun) -> None:
    assert blame(make_run({"d_batch_gap": probes(30.0)} | updates(0.0064, -0.458)), FROM_THE_START) == "networks"
    assert blame(make_run({"d_batch_gap": probes(0.2)}), FROM_THE_START) == "unknown"

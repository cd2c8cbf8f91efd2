"""Every shape of Keras 3 GAN: what is recorded of it, and that recording changes nothing, bit for bit."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from support.child_environment import child_environment
from support.programs.cases import CASES, SLOW, STEPS

pytestmark = pytest.mark.training

LOSSES = ("d_loss", "g_loss")
NORMS = ("d_grad_norm", "g_grad_norm")
UPDATES = ("d_update_in_d_step", "g_update_in_g_step")
NOTHING_SEEN = {"trained before, stateful random ops", "train_on_batch, trained before"}
NAMES = {n: pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for cases in CASES.values() for n in cases}


@pytest.fixture(scope="module", params=CASES)
def outcome_of(request: pytest.FixtureRequest) -> Callable[[str], dict[str, Any]]:
    """Train a framework's programs, all in one process, as op determinism is a process's; every test is of each."""
    pytest.importorskip(request.param)
    slow = request.config.option.markexpr != "not slow"
    wanted = [name for name in CASES[request.param] if slow or name not in SLOW]
    done = subprocess.run(
        [sys.executable, "-m", "support.programs.harness", request.param, *wanted],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    outcomes: dict[str, Any] = json.loads(done.stdout)

    def of(case: str) -> dict[str, Any]:
        if case not in CASES[request.param]:
            pytest.skip(f"no program of {request.param} is of this kind")
        outcome: dict[str, Any] = outcomes[case]
        return outcome

    return of


@pytest.mark.parametrize("case", NAMES.values())
def test_the_monitor_does_no_harm(case: str, outcome_of: Callable[[str], dict[str, Any]]) -> None:
    """Weights, optimizer slots, batch-norm statistics, seeds and the global random states at the end."""
    outcome = outcome_of(case)
    assert outcome["variables"] > 20
    assert outcome["same_variables"]
    assert outcome["differing"] == []
    assert all(outcome["random_states_equal"].values()), outcome["random_states_equal"]


@pytest.mark.parametrize("case", NAMES.values())
def test_nothing_fails_and_every_absence_has_a_reason(case: str, outcome_of: Callable[[str], dict[str, Any]]) -> None:
    outcome = outcome_of(case)
    assert outcome["monitor_errors"] == []
    signals, missing = outcome["signals"], outcome["missing"]
    for name in (*LOSSES, *NORMS, *UPDATES, "d_fake_score", "d_real_accuracy", "sample_std"):
        assert (name in signals) != (name in missing), name
    assert {"generator", "discriminator"} <= set(outcome["players"])
    assert (outcome["loss"][0] is None) == ("loss_family" in missing)


@pytest.mark.parametrize("case", [p for n, p in NAMES.items() if n not in NOTHING_SEEN])
def test_losses_and_gradients_of_every_step(case: str, outcome_of: Callable[[str], dict[str, Any]]) -> None:
    signals = outcome_of(case)["signals"]
    steps = STEPS * (2 if case in ("several fits", "resumed") else 1)
    frozen = case == "keras-gan, frozen"
    for name in (*LOSSES, *NORMS[frozen:]):
        if case == "mixed precision" and name in NORMS:
            continue  # skipped steps are absent; see below
        assert signals[name]["steps"] == list(range(1, steps + 1)), name
        assert all(map(math.isfinite, signals[name]["values"])), name
        assert all(v > 0 for v in signals[name]["values"]) or name in LOSSES
    assert all(v > 0 for v in signals["g_update_in_g_step"]["values"])


@pytest.mark.parametrize(
    ("case", "loss", "real_is_high"),
    [
        ("dcgan", "non_saturating", False),
        ("wgan-gp", "wasserstein", True),
        ("conditional", "non_saturating", False),
        ("adaptive augmentation", "non_saturating", True),
        ("mixed precision", "non_saturating", False),
    ],
)
def test_loss_and_polarity_are_told_from_the_numbers(
    case: str, loss: str, real_is_high: bool, outcome_of: Callable[[str], dict[str, Any]]
) -> None:
    outcome = outcome_of(case)
    assert outcome["loss"] == [loss, "inferred"]
    assert outcome["real_is_high"] == [real_is_high, "inferred"]


def test_players_say_where_they_were_found(outcome_of: Callable[[str], dict[str, Any]]) -> None:
    players = outcome_of("wgan-gp")["players"]
    assert players["discriminator"] == "attribute .critic"
    assert "ema_generator" not in players
    assert "not recorded" in outcome_of("adaptive augmentation")["players"]["ema_generator"]
    assert outcome_of("train_on_batch")["players"]["d_optimizer"] == "the discriminator's own, as it was compiled"
    assert outcome_of("conditional")["players"]["g_loss"] == "metric generator_loss"


@pytest.mark.parametrize("case", [NAMES["own names"], NAMES["own names, tf.function"]])
def test_what_has_no_usual_name_is_known_by_what_it_does(
    case: str, outcome_of: Callable[[str], dict[str, Any]]
) -> None:
    """Optimizers by the weights they move, losses by what is differentiated, the latent law by what is drawn."""
    outcome = outcome_of(case)
    players = outcome["players"]
    assert players["d_optimizer"] == "attribute .rules['second'], seen to update the discriminator"
    assert players["g_optimizer"] == "attribute .rules['first'], seen to update the generator"
    assert players["d_loss"].startswith("what was differentiated")
    assert outcome["loss"] == ["least_squares", "inferred"]
    assert outcome["real_is_high"] == [True, "inferred"]
    assert players["latent_sampler"] == "uniform from -1 to 1, as seen in training"
    assert outcome["latent"]["source"] == "inferred"
    assert outcome["optimizers"] == ["Adam", "Adam"]


def test_a_compiled_loss_is_a_fact_and_that_of_a_loop_is_seen(outcome_of: Callable[[str], dict[str, Any]]) -> None:
    assert outcome_of("train_on_batch")["loss"] == ["non_saturating", "inferred"]
    assert outcome_of("train_on_batch")["real_is_high"] == [True, "inferred"]
    assert outcome_of("keras-gan, frozen")["real_is_high"] == [True, "assumed"]
    assert outcome_of("tape loop, one optimizer")["loss"] == ["non_saturating", "inferred"]


def test_a_conditional_generator_is_not_fed_a_guess(outcome_of: Callable[[str], dict[str, Any]]) -> None:
    outcome = outcome_of("conditional")
    assert "(7,) but .latent_dim is 4" in outcome["missing"]["latent_sampler"]
    assert len(outcome["warnings"]) == 1


@pytest.mark.slow
def test_a_discriminator_that_takes_more_than_images_costs_only_its_scores(
    outcome_of: Callable[[str], dict[str, Any]],
) -> None:
    outcome = outcome_of("conditional, latents told")
    assert len(outcome["signals"]["sample_kid"]["steps"]) == STEPS + 1
    assert "d_real_score" not in outcome["signals"]
    assert "on images alone" in outcome["missing"]["d_real_score"]
    assert len(outcome["warnings"]) == 1


@pytest.mark.slow
def test_a_discriminator_that_takes_the_label_beside_the_image_is_scored(
    outcome_of: Callable[[str], dict[str, Any]],
) -> None:
    outcome = outcome_of("conditional, label beside")
    for name in ("d_real_score", "d_fake_score", "d_auc", "d_batch_gap", "logit_gap_change_in_d_step", "sample_kid"):
        assert len(outcome["signals"][name]["steps"]) >= 2, name
        assert name not in outcome["missing"]
    assert outcome["warnings"] == []


def test_a_discriminator_frozen_by_mistake_is_absent_not_zero(outcome_of: Callable[[str], dict[str, Any]]) -> None:
    outcome = outcome_of("keras-gan, frozen")
    assert "d_grad_norm" not in outcome["signals"]
    assert "d_update_in_d_step" not in outcome["signals"]
    assert "frozen" in outcome["missing"]["d_grad_norm"]
    assert len(outcome["warnings"]) == 1


def test_the_article_trains_the_discriminator_in_the_generators_step(
    outcome_of: Callable[[str], dict[str, Any]],
) -> None:
    assert all(v > 0 for v in outcome_of("train_on_batch")["signals"]["d_update_in_g_step"]["values"])
    assert all(v == 0 for v in outcome_of("dcgan")["signals"]["d_update_in_g_step"]["values"])


def test_loss_scaling_is_taken_off_and_a_skipped_step_is_absent(outcome_of: Callable[[str], dict[str, Any]]) -> None:
    scaled, plain = outcome_of("mixed precision")["signals"], outcome_of("dcgan")["signals"]
    for name in NORMS:
        recorded = scaled[name]
        assert recorded["steps"][-1] == STEPS
        assert all(map(math.isfinite, recorded["values"]))
        assert recorded["values"][0] == pytest.approx(plain[name]["values"][0], rel=0.3)
    # The discriminator's first scales overflow half precision.
    assert 0 < len(scaled["d_grad_norm"]["steps"]) < STEPS
    moved = scaled["d_update_in_d_step"]
    assert moved["steps"] == scaled["d_grad_norm"]["steps"]
    assert all(v > 0 for v in moved["values"])


@pytest.mark.slow
def test_weights_that_wait_for_an_accumulation_have_not_stood_still(
    outcome_of: Callable[[str], dict[str, Any]],
) -> None:
    signals = outcome_of("gradient accumulation")["signals"]
    for name in UPDATES:
        assert signals[name]["steps"] == [2, 4, 6]
        assert all(v > 0 for v in signals[name]["values"])


@pytest.mark.parametrize("case", [NAMES[name] for name in sorted(NOTHING_SEEN)])
def test_a_step_traced_before_the_monitor_came_is_said(case: str, outcome_of: Callable[[str], dict[str, Any]]) -> None:
    outcome = outcome_of(case)
    for name in (*NORMS, *UPDATES):
        assert name not in outcome["signals"]
        assert "before" in outcome["missing"][name]
        assert "attach the monitor" in outcome["missing"][name]
    assert any("attach the monitor" in w for w in outcome["warnings"])
    assert "d_real_score" in outcome["signals"]


def test_a_run_goes_on_where_it_ended(outcome_of: Callable[[str], dict[str, Any]]) -> None:
    assert outcome_of("resumed")["events"] == ["started", "ended", "resumed", "ended"]

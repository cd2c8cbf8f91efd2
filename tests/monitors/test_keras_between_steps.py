"""Keras on PyTorch and JAX: what is recorded between the steps of `fit` is right, and training stays as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest

from gandoctor import diagnose, load_run
from gandoctor.message import Absent
from gandoctor.rules import Status
from support.child_environment import TESTS, child_environment

pytestmark = pytest.mark.training
PROGRAM = Path(__file__).with_name("between_steps_training.py")
BACKENDS = [
    "torch",
    pytest.param("jax", marks=pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed")),
]
INSIDE = (
    *(f"{player}_{name}" for player in "dg" for name in ("grad_norm", "update_ratio", "update_in_d_step")),
    *("fake_logit_change_in_d_step", "fake_logit_change_in_g_step", "logit_gap_change_in_d_step"),
    *("latent_mean", "real_mean", "d_step_input_min"),
)


@cache
def trained(backend: str, *words: str) -> tuple[Any, dict[str, Any], str]:
    """Return the run, what the program has found by other means, and what it was told; TensorFlow is out of reach."""
    run_dir = Path(mkdtemp()) / "run"
    path = os.pathsep.join((str(TESTS / "without_frameworks"), child_environment()["PYTHONPATH"]))
    done = subprocess.run(
        [sys.executable, PROGRAM, run_dir, *words],
        env=child_environment(KERAS_BACKEND=backend, HIDDEN_FRAMEWORKS="tensorflow") | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return load_run(run_dir), json.loads(done.stdout), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_training_stays_as_it_is_without_tensorflow(backend: str) -> None:
    _, found, _ = trained(backend)
    assert found["same"]
    assert found["modules"] == [backend]


@pytest.mark.parametrize("backend", BACKENDS)
def test_losses_are_those_of_each_step_though_fit_reports_running_means(backend: str) -> None:
    run, found, _ = trained(backend)
    for i, name in enumerate(("d_loss", "g_loss")):
        assert list(run[name].index) == list(range(1, 65))
        np.testing.assert_allclose(run[name], [losses[i] for losses in found["losses"]], rtol=1e-5)
    assert run.manifest.players["d_loss"] == "metric d_loss"


@pytest.mark.parametrize("backend", BACKENDS)
def test_scores_samples_and_movement_are_those_of_the_players(backend: str) -> None:
    run, found, _ = trained(backend)
    assert run["d_real_score"].loc[64] == pytest.approx(found["said"], rel=1e-4)
    assert {1, 2, 64} <= set(run["sample_std"].index)
    assert (run["g_movement"] > 0).all()
    assert (run["d_movement"] > 0).all()
    assert run["g_learning_rate"].iloc[-1] == pytest.approx(2e-3)
    assert set(run["g_updates_a_step"]) == {1.0}
    assert "d_input_gradient_real" in run
    assert "g_dead_units" in run
    assert (run.path / "best_generator.weights.h5").exists()


def test_an_optimizer_that_jax_does_not_know_has_no_rate_in_force() -> None:
    pytest.importorskip("jax")
    run, _, _ = trained("jax")
    assert "d_learning_rate" not in run
    assert run.manifest.missing["d_updates_a_step"].code is Absent.BETWEEN_STEPS


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_happens_in_a_step_is_absent_and_no_rule_judges_it(backend: str) -> None:
    run, _, told = trained(backend)
    for name in INSIDE:
        assert name not in run
        assert run.manifest.missing[name].code is Absent.BETWEEN_STEPS
    assert "looks between steps only" in str(run.manifest.missing["d_grad_norm"])
    assert told.count("looks between steps only") == 1
    diagnosis = diagnose(run)
    assert diagnosis.verdict != "healthy"
    judged = {finding.rule.id: finding.status for finding in (*diagnosis.findings, *diagnosis.checks)}
    for rule in ("GD004", "GD005", "GD007", "GD009", "GD201", "GD202", "GD203"):
        assert judged[rule] is Status.NOT_EVALUATED
    for rule in ("GD002", "GD003"):  # weights that move between probes are trained
        assert judged[rule] is Status.NOT_DETECTED


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_model_card_is_that_of_keras_on_tensorflow(backend: str) -> None:
    card = trained(backend)[0].manifest.generator
    assert card is not None
    assert [layer.type for layer in card.layers] == [
        *("Dense", "Reshape", "BatchNormalization", "ReLU", "Conv2DTranspose")
    ]
    assert card.order == "called"
    assert card.optimizer["type"] == "Adam"
    assert card.optimizer["learning_rate"] == pytest.approx(2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_returned_losses_subclassed_networks_and_probabilities(backend: str) -> None:
    run, found, _ = trained(backend, "raw", "sigmoid", "subclassed")
    assert found["same"]
    np.testing.assert_allclose(run["g_loss"], [losses[1] for losses in found["losses"]], rtol=1e-6)
    assert run.manifest.players["g_loss"] == "returned as g_loss"
    # A mean of logits is not the logit of a mean, but near where they are alike.
    score = run["d_real_score"].iloc[0]
    assert run["d_real_score"].loc[64] == pytest.approx(found["said"], rel=1e-4)
    assert run["d_real_logit"].iloc[0] == pytest.approx(np.log(score / (1 - score)), abs=0.05)
    assert run.manifest.generator.order == "declared"
    assert "g_dead_units" not in run  # its own call may compute ReLUs of its own


@pytest.mark.slow
def test_a_module_of_pytorch_that_a_pass_would_change_is_not_called() -> None:
    run, found, told = trained("torch", "module")
    assert found["same"]
    assert "module of PyTorch" in str(run.manifest.missing["d_real_score"])
    assert "sample_std" in run
    assert "d_movement" in run
    assert "no discriminator scores" in told

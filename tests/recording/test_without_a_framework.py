"""Recording is whole without a framework: a GAN in plain NumPy is recorded where none can be imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor.store import Run, load_run

PROGRAM = Path(__file__).with_name("numpy_gan.py")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, Any]]:
    run_dir = tmp_path_factory.mktemp("numpy") / "run"
    done = subprocess.run([sys.executable, str(PROGRAM), str(run_dir)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return load_run(run_dir), json.loads(done.stdout)


@pytest.fixture(scope="module", params=["no sampler", "wrong"])
def kept(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> tuple[Run, dict[str, Any]]:
    run_dir = tmp_path_factory.mktemp("numpy") / "kept"
    command = [sys.executable, str(PROGRAM), str(run_dir), "--keep-fed", request.param]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return load_run(run_dir), json.loads(done.stdout)


def test_without_reals_and_latents_those_that_are_fed_are_kept(
    kept: tuple[Run, dict[str, Any]], recorded: tuple[Run, dict[str, Any]]
) -> None:
    (run, told), full = kept, recorded[0]
    assert told["same"] is True
    assert run.reals is not None
    assert len(run.reals) == 320, "what was fed in the first 20 steps"
    assert run.sheets
    assert run.manifest.data is not None
    assert full.manifest.data is not None
    assert run.manifest.data.shape == full.manifest.data.shape
    assert run.manifest.players["probe_data"] == "kept from what the discriminator was fed"
    assert run.manifest.players["latent_sampler"] == "kept from what the generator was fed"
    assert not {"probe_data", "latent_sampler", "latent_law"} & set(run.manifest.missing)
    assert run.manifest.latent is not None
    assert run.manifest.latent.source == "inferred"
    needs_holdout = {n for n in full.signals if n.startswith("d_holdout") or n == "sample_copying"}
    assert set(full.signals) - needs_holdout <= set(run.signals)
    assert {n for n, why in run.manifest.missing.items() if why.code == "not_given"} >= {"d_holdout_score"}
    assert np.isfinite(run["d_auc"]).all()


def test_no_framework_is_there_and_training_is_the_same_bit_for_bit(recorded: tuple[Run, dict[str, Any]]) -> None:
    _, told = recorded
    assert told["frameworks"] == []
    assert told["same"] is True


def test_a_listener_hears_of_every_step_and_of_the_end(recorded: tuple[Run, dict[str, Any]]) -> None:
    run, told = recorded
    assert told["heard"] == [*range(1, run.last_step + 1), run.last_step]


def test_every_step_has_its_losses_gradients_and_latents(recorded: tuple[Run, dict[str, Any]]) -> None:
    run, told = recorded
    steps = list(range(1, len(told["truth"]) + 1))
    for name in ("d_loss", "g_loss", "latent_mean"):
        assert run[name].index.tolist() == steps
        np.testing.assert_allclose(run[name], [row[name] for row in told["truth"]], rtol=1e-5)
    for player in "dg":  # plain gradient descent: a step is the rate times the gradient
        moved = [row[f"{player}_update_in_{player}_step"] for row in told["truth"]]
        np.testing.assert_allclose(0.1 * run[f"{player}_grad_norm"], moved, rtol=1e-5)


def test_what_is_measured_at_probes_agrees_with_the_weights(recorded: tuple[Run, dict[str, Any]]) -> None:
    run, told = recorded
    for player in "dg":
        own = run[f"{player}_update_in_{player}_step"]
        assert {1, 2} <= set(own.index)
        expected = [told["truth"][step - 1][own.name] for step in own.index]
        np.testing.assert_allclose(own, expected, rtol=1e-5)
        layers = run.family(f"{player}_layer_grad_norm")
        assert set(layers) == ({"hidden", "logit"} if player == "d" else {"dense"})
        together = np.sqrt(sum(layer**2 for layer in layers.values()))
        np.testing.assert_allclose(together, run[f"{player}_grad_norm"][together.index], rtol=1e-5)
    assert (run["d_update_in_g_step"] == 0).all()


def test_the_probe_and_its_instruments_work(recorded: tuple[Run, dict[str, Any]]) -> None:
    run, _ = recorded
    probes = run["sample_kid"].index.tolist()
    assert probes[:3] == [0, 1, 2]
    for name in ("sample_coverage", "sample_lone_pixels", "d_real_score", "d_holdout_logit", "d_dead_units", "d_auc"):
        assert run[name].size >= len(probes) - 2, name
    assert (run["logit_gap_change_in_d_step"] > 0).all()
    assert (run["fake_logit_change_in_g_step"] > 0).all()
    assert run.sheets
    assert run.manifest.missing["g_dead_units"].code == "not_applicable"
    assert run.manifest.missing["real_mean"].code == "not_seen"
    assert "d_loss" not in run.manifest.missing


def test_the_objective_is_recognised_from_the_numbers(recorded: tuple[Run, dict[str, Any]]) -> None:
    manifest = recorded[0].manifest
    assert (manifest.loss_family, manifest.loss_family_source) == ("non_saturating", "inferred")
    assert (manifest.real_is_high, manifest.real_is_high_source) == (True, "inferred")
    assert manifest.latent is not None
    assert manifest.latent.source == "inferred"
    assert "latent_law" not in manifest.missing
    assert manifest.discriminator is not None
    assert [layer.name for layer in manifest.discriminator.layers] == ["hidden", "logit"]


def test_the_gradient_with_respect_to_the_input_is_the_slope(recorded: tuple[Run, dict[str, Any]]) -> None:
    measured, computed = recorded[1]["slope"]
    assert computed == pytest.approx(measured, rel=1e-3)


def test_every_module_of_recording_and_of_monitors_can_be_imported_without_a_framework() -> None:
    script = f"""
import importlib, pkgutil, runpy, sys
runpy.run_path({str(PROGRAM)!r}, run_name="numpy_gan")  # puts the frameworks out of reach
import gandoctor.monitors, gandoctor.recording
for package in (gandoctor.recording, gandoctor.monitors):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name != "gandoctor.monitors.lightning":  # its callback is one of Lightning's
            importlib.import_module(module.name)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


def test_a_completed_step_waits_less_than_a_second_for_the_disk(tmp_path: Path) -> None:
    program = PROGRAM.with_name("written_in_time.py")
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path / "run")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    waits = json.loads(done.stdout)
    assert waits["steps"] <= 1.0
    assert waits["probes"] <= 3.5, "a probe keeps training waiting, and its own step's row"
    run = load_run(tmp_path / "run")
    assert {event.kind for event in run.events} == {"started", "ended"}
    assert run["d_loss"].index[-1] == run.last_step == 600
    (left_out,) = run.gaps
    assert left_out.facts == {"name": "note", "count": 600}
    assert run.manifest.missing["note"].code == "unusable"

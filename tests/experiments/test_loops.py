"""`gandoctor run train.py` on loops of the script's own: attached with no line changed, and not a bit of it changed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gandoctor.store import load_run
from support.command_line_runs import command_here

pytestmark = pytest.mark.training
LOOP = Path(__file__).parent / "scripts" / "loop.py"


def weights(text):
    return next(line for line in text.splitlines() if line.startswith("weights "))


@pytest.mark.parametrize("style", ["function", "two functions", "eager", "two eager", "compiled"])
def test_a_loop_is_recorded_and_stays_what_it_is(tmp_path, style):
    bare = subprocess.run([sys.executable, LOOP, style], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    recorded = command_here("run", "--run-dir", "run", LOOP, "--", style, cwd=tmp_path)
    assert weights(recorded.stdout) == weights(bare.stdout)
    run = load_run(tmp_path / "run")
    assert run.last_step == 24
    assert run.manifest.generator.name == "sequential"
    assert run.manifest.discriminator.name == "sequential_1"
    for signal in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm", "d_update_in_d_step", "g_update_in_g_step"):
        assert np.isfinite(run[signal].values).all()
        assert len(run[signal].values) >= 23 if signal.endswith(("loss", "norm")) else len(run[signal].values)
    assert run.manifest.players["probe_data"].startswith("kept")
    assert run.manifest.players["latent_sampler"].startswith("kept")
    assert "sample_kid" in run
    assert "d_real_logit" in run


@pytest.mark.parametrize("style", ["function", "two functions", "eager", "compiled"])
def test_what_is_kept_as_real_is_real(tmp_path, style):
    command_here("run", "--run-dir", "run", LOOP, "--", style, cwd=tmp_path)
    run = load_run(tmp_path / "run")
    data, card = np.load(tmp_path / "data.npy"), run.manifest.data
    assert card.probe_count >= 300
    unit = (data - card.minimum) / (card.maximum - card.minimum)
    known = {np.round(image * 255).astype(np.uint8).tobytes() for image in unit}
    kept = np.load(tmp_path / "run" / "samples" / "reals.npz")
    images = kept[kept.files[0]].reshape(-1, 8, 8, 1)
    assert sum(image.tobytes() in known for image in images) >= 0.97 * len(images)  # the rest: rounded the other way


def test_two_networks_that_play_no_game_are_not_recorded(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import keras, tensorflow as tf\n"
        "a, b = (keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]) for _ in range(2))\n"
        "opt = keras.optimizers.SGD(0.1)\n"
        "for i in range(20):\n"
        "    for n in (a, b):\n"
        "        with tf.GradientTape() as t:\n"
        "            loss = tf.reduce_mean(n(tf.random.normal((8, 4))) ** 2)\n"
        "        if n is a: opt.apply(t.gradient(loss, n.trainable_variables), n.trainable_variables)\n"
        "    if i == 15: print('step 15 follows', flush=True)\n"
    )
    done = command_here("run", "--run-dir", "run", script, cwd=tmp_path)
    assert done.returncode == 3
    assert not (tmp_path / "run").exists()
    assert "records nothing so far" in done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["flip", "unbatch", "labels"])
def test_real_data_and_latents_are_kept_where_fit_does_not_show_them(tmp_path, kind):
    script = LOOP.with_name("pipelines.py")
    bare = subprocess.run([sys.executable, script, kind], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    recorded = command_here("run", "--run-dir", "run", script, "--", kind, cwd=tmp_path)
    assert weights(recorded.stdout) == weights(bare.stdout)
    run = load_run(tmp_path / "run")
    assert run.last_step == 24
    assert run.manifest.data.probe_count >= 300
    assert "sample_kid" in run
    assert "d_real_logit" in run

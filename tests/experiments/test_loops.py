"""`gandoctor run train.py` on loops of the script's own: attached with no line changed, and not a bit of it changed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gandoctor.message import Absent
from gandoctor.store import load_run
from support.command_line_runs import command_here
from support.rarely import rarely

pytestmark = pytest.mark.training
LOOP = Path(__file__).parent / "scripts" / "loop.py"


def weights(text):
    return next(line for line in text.splitlines() if line.startswith("weights "))


def assert_that_what_is_kept_as_real_is_real(folder):
    run = load_run(folder / "run")
    data, card = np.load(folder / "data.npy"), run.manifest.data
    assert card.probe_count >= 300
    unit = (data - card.minimum) / (card.maximum - card.minimum)
    known = {np.round(image * 255).astype(np.uint8).tobytes() for image in unit}
    kept = np.load(folder / "run" / "samples" / "reals.npz")
    images = kept[kept.files[0]].reshape(-1, 8, 8, 1)
    assert sum(image.tobytes() in known for image in images) >= 0.97 * len(images)  # the rest: rounded the other way


@pytest.mark.parametrize("style", ["function", *map(rarely, ("two functions", "eager", "two eager", "compiled"))])
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
    if style != "two eager":
        assert_that_what_is_kept_as_real_is_real(tmp_path)


G, D = "sequential", "sequential_1"
STYLES = {
    "penalty": (G, D),
    "epoch": (G, D),
    "trunk": (G, "sequential_2_and_sequential_3"),
    "strategy2": (G, D),
    "one optimizer": (G, D),
    "epoch nested": (G, D),
    "traces": (G, D),
    "mapping": ("sequential_2_and_sequential_3", D),
    "fits": (G, D),
    "epoch range": (G, D),
    "shapes": (G, D),
    "strategy1": (G, D),
    "acgan": (G, "functional_3"),
    "add_loss": (G, "sequential_2"),
    "clip": (G, D),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("style", "generator", "discriminator"),
    [(style, *names) for style, names in STYLES.items()],
)
def test_every_style_is_recorded_whole_and_stays_what_it_is(tmp_path, style, generator, discriminator):
    script = LOOP.with_name("styles.py")
    bare = subprocess.run([sys.executable, script, style], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    recorded = command_here("run", "--run-dir", "run", script, "--", style, cwd=tmp_path)
    assert weights(recorded.stdout) == weights(bare.stdout)
    run = load_run(tmp_path / "run")
    assert run.last_step == 24
    assert (run.manifest.generator.name, run.manifest.discriminator.name) == (generator, discriminator)
    for signal in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm"):
        assert len(run[signal].values) >= 23
        assert np.isfinite(run[signal].values).all()
    for signal in ("d_update_in_d_step", "g_update_in_g_step", "sample_kid", "d_real_logit"):
        assert signal in run


@pytest.mark.parametrize(
    ("how", "generator", "discriminator"),
    [rarely("phases", "sequential_2_and_sequential_3", "sequential_4"), rarely("both ways", "sequential", "last")],
)
def test_a_third_network_is_taken_for_neither_player(tmp_path, how, generator, discriminator):
    script = LOOP.with_name("three_networks.py")
    command_here("run", "--run-dir", "run", script, "--", how, cwd=tmp_path)
    run = load_run(tmp_path / "run")
    assert run.last_step == 12
    assert (run.manifest.generator.name, run.manifest.discriminator.name) == (generator, discriminator)
    for signal in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm"):
        assert len(run[signal].values) >= 11


@pytest.mark.slow
def test_a_discriminator_that_was_frozen_before_its_first_step_is_told_within_the_first_steps(tmp_path):
    script = LOOP.with_name("styles.py")
    recorded = command_here("run", "--run-dir", "run", script, "--", "frozen", cwd=tmp_path)
    run = load_run(tmp_path / "run")
    assert run.last_step >= 23  # the first is half over when its players are known
    assert run.manifest.missing["d_grad_norm"].code == Absent.FROZEN
    told = recorded.stdout.index("gandoctor: the discriminator is not being trained: all its weights are frozen")
    assert told < recorded.stdout.index("step 23"), "while it trains"
    assert recorded.returncode == 1  # a critical finding


@pytest.mark.parametrize("cut", ["tf.one_hot(tf.argmax(x, -1), 5)", rarely("tf.stop_gradient(x)")])
def test_a_generator_whose_gradients_are_none_is_named_where_the_training_ends(tmp_path, cut):
    (tmp_path / "train.py").write_text(
        "import keras, tensorflow as tf\n"
        "L = keras.layers\n"
        "d = keras.Sequential([keras.Input((5,)), L.Dense(8, activation='relu'), L.Dense(1)])\n"
        "g = keras.Sequential([keras.Input((4,)), L.Dense(5, activation='softmax')])\n"
        "a, b = keras.optimizers.Adam(), keras.optimizers.Adam()\n"
        f"cut = lambda x: {cut}\n"
        "@tf.function\n"
        "def step(real):\n"
        "    with tf.GradientTape() as s, tf.GradientTape() as t:\n"
        "        f, r = d(cut(g(tf.random.normal((8, 4))))), d(real)\n"
        "        up, down = -tf.reduce_mean(f), tf.reduce_mean(f) - tf.reduce_mean(r)\n"
        "    a.apply(t.gradient(down, d.trainable_variables), d.trainable_variables)\n"
        "    b.apply(s.gradient(up, g.trainable_variables), g.trainable_variables)\n"
        "for i in range(4):\n"
        "    step(tf.one_hot(tf.random.uniform((8,), 0, 5, tf.int32), 5))\n"
    )
    done = command_here("run", "--run-dir", "run", "train.py", cwd=tmp_path)
    assert done.returncode == 1
    assert load_run(tmp_path / "run").manifest.missing["g_grad_norm"].code == Absent.NO_GRADIENT
    assert "Generator not training since step 1  GD003" in done.stdout
    assert "raised ValueError: No gradients provided for any variable.\n" in done.stdout + done.stderr


@pytest.mark.slow
def test_players_are_told_apart_where_the_updates_of_both_move_both(tmp_path):
    (tmp_path / "train.py").write_text(
        "import keras, tensorflow as tf\n"
        "L = keras.layers\n"
        "d = keras.Sequential([keras.Input((5,)), L.Dense(8, activation='relu'), L.Dense(1)], name='judge')\n"
        "g = keras.Sequential([keras.Input((4,)), L.Dense(5)], name='maker')\n"
        "a, b = keras.optimizers.Adam(), keras.optimizers.Adam()\n"
        "[o.build(g.trainable_variables + d.trainable_variables) for o in (a, b)]\n"
        "@tf.function\n"
        "def step(real):\n"
        "    both = g.trainable_variables + d.trainable_variables\n"
        "    with tf.GradientTape() as t:\n"
        "        f, r = d(g(tf.random.normal((8, 4)))), d(real)\n"
        "        down = tf.reduce_mean(f) - tf.reduce_mean(r)\n"
        "    a.apply(t.gradient(down, both), both)\n"
        "    with tf.GradientTape() as t:\n"
        "        up = -tf.reduce_mean(d(g(tf.random.normal((8, 4)))))\n"
        "    b.apply(t.gradient(up, both), both)\n"
        "for i in range(40):\n"
        "    step(tf.random.uniform((8, 5)))\n"
    )
    command_here("run", "--run-dir", "run", "train.py", cwd=tmp_path)
    run = load_run(tmp_path / "run")
    assert run.last_step == 40
    assert (run.manifest.generator.name, run.manifest.discriminator.name) == ("maker", "judge")
    assert (run["d_update_in_g_step"] > 0).all()
    assert (run["g_update_in_d_step"] > 0).all()


@pytest.mark.slow
def test_sleeping_discriminators_of_several_pairs_are_recorded(tmp_path):
    (tmp_path / "train.py").write_text(
        "import keras, numpy as np\n"
        "L = keras.layers\n"
        "def maker(): return keras.Sequential([keras.Input((5,)), L.Dense(5)])\n"
        "def judge(name):\n"
        "    d = keras.Sequential([keras.Input((5,)), L.Dense(8, activation='relu'), L.Dense(1)], name=name)\n"
        "    d.compile(loss='mse', optimizer='adam')\n"
        "    return d\n"
        "ab, ba, a, b = maker(), maker(), judge('a'), judge('b')\n"
        "x, y = keras.Input((5,)), keras.Input((5,))\n"
        "a.trainable = b.trainable = False\n"
        "both = keras.Model([x, y], [a(ba(y)), b(ab(x)), ba(ab(x)), ab(ba(y))])\n"
        "both.compile(loss=['mse'] * 4, optimizer='adam')\n"
        "rng, ones = np.random.default_rng(0), np.ones((8, 1))\n"
        "for i in range(30):\n"
        "    p, q = rng.normal(size=(2, 8, 5)).astype('float32')\n"
        "    for d, real, fake in ((a, p, ba.predict_on_batch(q)), (b, q, ab.predict_on_batch(p))):\n"
        "        d.train_on_batch(real, ones), d.train_on_batch(fake, 0 * ones)\n"
        "    both.train_on_batch([p, q], [ones, ones, p, q])\n"
    )
    command_here("run", "--run-dir", "run", "train.py", cwd=tmp_path)
    run = load_run(tmp_path / "run")
    assert {game.manifest.discriminator.name for game in run.games.values()} == {"a", "b"}
    for game in run.games.values():
        assert game.last_step >= 29
        assert game.manifest.missing["d_grad_norm"].code == Absent.FROZEN


@pytest.mark.slow
def test_a_player_that_goes_on_alone_is_recorded_to_the_end_and_updates_are_counted(tmp_path):
    (tmp_path / "train.py").write_text(
        "import keras, tensorflow as tf\n"
        "L = keras.layers\n"
        "d = keras.Sequential([keras.Input((5,)), L.Dense(8, activation='relu'), L.Dense(1)])\n"
        "g = keras.Sequential([keras.Input((4,)), L.Dense(5)])\n"
        "a, b = keras.optimizers.Adam(), keras.optimizers.Adam()\n"
        "def update(optimizer, network, loss):\n"
        "    with tf.GradientTape() as t:\n"
        "        value = loss()\n"
        "    optimizer.apply(t.gradient(value, network.trainable_variables), network.trainable_variables)\n"
        "fakes = lambda: tf.reduce_mean(d(g(tf.random.normal((8, 4)))))\n"
        "for i in range(400):\n"
        "    if i < 60: update(a, d, lambda: fakes() - tf.reduce_mean(d(tf.random.uniform((8, 5)))))\n"
        "    for _ in range(2): update(b, g, lambda: -fakes())\n"
    )
    command_here("run", "--run-dir", "run", "train.py", cwd=tmp_path)
    run = load_run(tmp_path / "run")
    assert run.last_step >= 340
    assert run["g_updates_a_step"].iloc[1] == pytest.approx(2, abs=0.1)
    assert run["d_updates_a_step"].iloc[1] == pytest.approx(1, abs=0.1)
    assert run["d_updates_a_step"].iloc[-1] == 0


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


@pytest.mark.parametrize("kind", [rarely("flip"), rarely("unbatch"), rarely("labels")])
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("style", "family"),
    [
        rarely("clipped", "wasserstein"),
        rarely("listed", "non_saturating"),
        rarely("wrapped", "non_saturating"),
        ("one_an_image", "non_saturating"),
    ],
)
def test_losses_are_recognised_however_they_are_given(tmp_path, style, family):
    command_here("run", "--run-dir", "run", LOOP.with_name("losses.py"), "--", style, cwd=tmp_path)
    run = load_run(tmp_path / "run")
    assert run.manifest.loss_family == family
    assert len(run["d_loss"]) >= 50
    if style == "one_an_image":
        assert run.manifest.players["g_loss"].startswith("the mean of one loss an image")
        assert 0.2 < run["g_loss"].iloc[0] < 3


@pytest.mark.slow
def test_it_is_told_that_a_second_gan_is_not_recorded(tmp_path):
    script = tmp_path / "two.py"
    twice = f"import runpy, sys\nfor seed in (1, 2):\n    runpy.run_path({str(LOOP)!r})\n"
    script.write_text(twice)
    recorded = command_here("run", "-v", "--run-dir", "run", script, "--", "eager", cwd=tmp_path)
    assert load_run(tmp_path / "run").last_step == 24
    assert recorded.stdout.count("Only the players that were found first are recorded") == 1
    assert "pass holdout_data=..." in recorded.stdout
    assert "What is to be passed is an argument of GANMonitor" in recorded.stdout


@pytest.mark.slow
def test_the_last_network_of_a_player_may_be_called_alone_in_another_function(tmp_path):
    script = LOOP.with_name("chained_players.py")
    bare = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True)
    recorded = command_here("run", "--run-dir", "run", script, cwd=tmp_path)
    bits = [[line for line in out.stdout.splitlines() if line.startswith("BITS")] for out in (bare, recorded)]
    assert bits[0]
    assert bits[0] == bits[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("style", "change"),
    [
        ("function", "instance_noise=0.5"),
        rarely("eager", "spectral_norm=1"),
        rarely("function", "r1=10"),
        rarely("function", "real_label=0.9"),
        rarely("two functions", "r1=10"),
        rarely("two eager", "r1=10"),
    ],
)
def test_what_is_put_before_a_discriminator_is_trained_with(tmp_path, style, change):
    bare = subprocess.run([sys.executable, LOOP, style], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    changed = f"--change=discriminator.{change}"
    recorded = command_here("run", changed, "--run-dir", "run", LOOP, "--", style, cwd=tmp_path)
    assert weights(recorded.stdout) != weights(bare.stdout)
    run = load_run(tmp_path / "run")
    (event,) = [event for event in run.events if event.kind == "changed"]
    assert f"discriminator.{change}".startswith(event.model_extra["what"])
    assert run.last_step == 24


@pytest.mark.slow
def test_a_penalty_that_cannot_be_had_ends_the_training_with_a_sentence(tmp_path):
    done = command_here("run", "--change=discriminator.r1=10", "--run-dir", "run", LOOP, "--", "compiled", cwd=tmp_path)
    assert done.returncode == 1
    assert "r1 of the discriminator cannot be set: nothing that it is given" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_discriminator_of_several_replicas_is_left_as_it_is_and_that_is_said(tmp_path):
    changed = "--change=discriminator.instance_noise=0.1"
    script = LOOP.with_name("styles.py")
    done = command_here("run", changed, "--run-dir", "run", script, "--", "strategy2", cwd=tmp_path)
    assert done.returncode == 3
    assert "instance_noise of the discriminator cannot be set" in done.stderr

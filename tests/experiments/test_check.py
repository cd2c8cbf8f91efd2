"""Checks before training: what is judged, that nothing is left behind or changed, and every way it can go wrong."""

import random
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import gandoctor
from gandoctor.cli.text import diagnosis_lines
from gandoctor.errors import GandoctorError, UnusableTarget
from gandoctor.experiments.check import check_target
from gandoctor.experiments.saved import check_saved
from gandoctor.rules import Status, all_rules
from support.rarely import rarely

HERE = Path(__file__).parent
FAKE = (sys.executable, str(HERE.parent / "support" / "fake_child.py"))
TO_CHECK = {rule.id for rule in all_rules() if rule.id[:3] in ("GD0", "GD1")}


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The directory for temporary directories; a check leaves it empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def fake(*settings, **arguments):
    return check_target("fake:build", options={"settings": list(settings)}, child=FAKE, **arguments)


# A made-up training: what is judged and how it ends. -----------------------------------------------------------


def test_contract_and_design_rules_are_judged_after_two_steps_and_no_others():
    diagnosis = fake()
    assert {finding.rule.id for finding in diagnosis.checks} == TO_CHECK
    assert diagnosis.run.last_step == 2
    assert diagnosis.run.state == "completed"
    assert diagnosis.run.manifest.planned_steps == 1_000_000, "a dry run is the beginning of the whole training"
    assert diagnosis.is_check


def test_a_mistake_of_the_first_steps_is_found():
    diagnosis = fake("nan_from=2")
    (finding,) = diagnosis.detected
    assert finding.rule.id == "GD001"
    assert str(diagnosis.sentence) == "Checked the model card and a dry run of 2 steps: NaN in d_loss at step 2."
    assert fake("nan_from=3").detected == ()
    assert fake("nan_from=3", dry_run_steps=3).detected[0].rule.id == "GD001"


def test_the_json_names_no_directory_that_is_gone():
    content = fake().to_dict()
    assert content["schema"] == "gandoctor.diagnosis/1"
    assert (content["run"]["path"], content["run"]["steps"]) == (None, 2)
    assert "gandoctor report" not in fake()._repr_html_()


def test_what_was_not_recorded_says_that_it_was_a_short_run():
    reasons = {f.rule.id: f.reason for f in fake().checks if f.status is Status.NOT_EVALUATED}
    assert str(reasons["GD004"]).endswith("it did not occur in 2 steps.")


def test_a_refusal_is_passed_on_as_it_is():
    with pytest.raises(GandoctorError, match=r"^There is no setting x\.$"):
        fake("refuse=There is no setting x.")


def test_a_target_that_breaks_shows_its_traceback():
    with pytest.raises(GandoctorError, match=r"(?s)^fake:build raised bad shapes\n.*ValueError: bad shapes$"):
        fake("broken=bad shapes")


def test_a_training_that_raises_shows_its_traceback_and_names_the_way_without_training():
    with pytest.raises(GandoctorError) as error:
        fake("crash_at=1")
    first, *_, last_of_trace, hint = str(error.value).splitlines()
    assert first == "Training raised ValueError: made up"
    assert last_of_trace == "ValueError: made up"
    assert "--dry-run-steps 0" in hint


def test_a_training_that_is_killed_is_one_clear_error():
    with pytest.raises(GandoctorError, match="killed by SIGKILL"):
        fake("die_at=1")


# Scripts without Keras: the real child, which must not import it either. ----------------------------------------


def script(folder, text):
    path = folder / "train.py"
    path.write_text(text)
    return str(path)


def test_a_script_that_never_fits_is_an_error(tmp_path):
    with pytest.raises(GandoctorError, match=r"never trained two networks against each other"):
        check_target(script(tmp_path, "print('done')"))


def test_a_script_that_ends_itself_is_quoted(tmp_path):
    text = "import argparse; p = argparse.ArgumentParser(); p.add_argument('--need', required=True); p.parse_args()"
    with pytest.raises(GandoctorError, match=r"(?s)exit status 2\..*required: --need"):
        check_target(script(tmp_path, text))


def test_a_script_that_raises_shows_its_own_frames_only(tmp_path):
    with pytest.raises(GandoctorError, match=r"raised KeyError: 'mine'") as error:
        check_target(script(tmp_path, "def f():\n    raise KeyError('mine')\nf()\n"))
    assert str(error.value).count("  File ") == 2


# Saved networks: what can be refused before they are loaded. ---------------------------------------------------


@pytest.mark.parametrize(
    ("generator", "others", "options", "steps", "said"),
    [
        ("g.keras", [], [], 0, "generator first"),
        ("g.keras", ["d.keras", "e.keras"], [], 0, "generator first"),
        ("g.keras", ["d.py"], [], 0, "does not end in .keras"),
        ("g.keras", ["nowhere.keras"], [], 0, "no file nowhere.keras"),
        ("g.h5", ["d.keras"], [], 0, 'save\\("g.keras"\\)'),
        ("g.keras", ["d.keras"], ["--seed"], 0, "--seed is for"),
        ("g.keras", ["d.keras"], [], 2, "--dry-run-steps is for"),
        ("g.keras", ["d.keras"], [], None, "gandoctor check GENERATOR.keras"),
    ],
)
def test_what_is_not_two_saved_networks_is_refused(tmp_path, monkeypatch, generator, others, options, steps, said):
    monkeypatch.chdir(tmp_path)
    for name in ("g.keras", "d.keras"):
        Path(name).write_bytes(b"")
    with pytest.raises(GandoctorError, match=said):
        check_saved(generator, others, options, steps)
    check_saved("g.keras", ["d.keras"], [], 0)


keras_saves = pytest.mark.filterwarnings("ignore:__array__ implementation")  # what numpy 2 says of Keras's save

# Real models. --------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny_gan(monkeypatch):
    pytest.importorskip("tensorflow")
    monkeypatch.syspath_prepend(str(HERE / "scripts"))
    import tiny_gan

    return tiny_gan


@pytest.mark.training
@pytest.mark.slow
def test_the_article_s_leak_is_found_and_the_reference_model_has_none():
    settings = ["generator.width=0.0625", "discriminator.width=0.0625", "training.batch_size=16"]
    published = {"settings": settings, "seed": 3, "faults": ["discriminator-not-frozen"]}
    diagnosis = check_target("reference_models.training:build", options=published)
    leak = next(f for f in diagnosis.checks if f.rule.id == "GD004")
    assert (leak.status, leak.evidence[0].last_step) == (Status.DETECTED, 2)
    manifest = diagnosis.run.manifest
    assert (manifest.seed, manifest.planned_steps) == (3, 1000)
    assert manifest.generator.layers
    diagnosis = check_target("reference_models.training:build", options={"settings": settings})
    assert next(f for f in diagnosis.checks if f.rule.id == "GD004").status is Status.NOT_DETECTED


GAN_SCRIPT = """
import atexit, pathlib, sys
import keras
from gandoctor import GANMonitor
from tiny_gan import images, make_gan

class Saving(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pathlib.Path(f"batch-{batch}").touch()
    def on_epoch_end(self, epoch, logs=None):
        pathlib.Path("checkpoint").touch()
    on_train_end = on_epoch_end

monitors = [GANMonitor("runs/mine", probe_data=images())] if "own" in sys.argv else []
try:
    make_gan().fit(images(), batch_size=16, epochs=1_000_000, verbose=0, callbacks=[Saving(), *monitors])
except Exception:
    pathlib.Path("swallowed").touch()
pathlib.Path("results").touch()
"""


@pytest.mark.training
@pytest.mark.parametrize(("steps", "arguments"), [rarely(0, []), (2, ["own"]), rarely(0, ["own"]), rarely(2, [])])
def test_a_script_is_left_in_its_first_fit_and_saves_nothing(tmp_path, monkeypatch, steps, arguments):
    folder = tmp_path / "work"
    folder.mkdir()
    path = script(tmp_path, GAN_SCRIPT)
    shutil.copy(HERE / "scripts" / "tiny_gan.py", tmp_path)
    monkeypatch.chdir(folder)
    diagnosis = check_target(path, arguments, dry_run_steps=steps)
    assert diagnosis.run.last_step == steps
    assert diagnosis.run.manifest.generator.layers[-1].type == "Reshape"
    assert diagnosis.run.manifest.data is not None
    assert ("d_loss" in diagnosis.run) == (steps > 0)
    assert sorted(p.name for p in folder.iterdir()) == [f"batch-{i}" for i in range(steps)]


@pytest.mark.training
@pytest.mark.parametrize(
    ("training", "said"),
    [
        rarely("model.fit(x, x, epochs=10**9, verbose=0)", "Sequential: .* has no attribute .generator"),
        rarely(
            "from gandoctor import GANMonitor\nmodel.fit(x, x, epochs=10**9, verbose=0, callbacks=[GANMonitor('r')])",
            "Sequential: its own monitor records nothing",
        ),
        (
            "while True: model.train_on_batch(x, x)",
            r"its own loop, and its players cannot be told by what they do \(.* by Adam\)",
        ),
    ],
)
def test_a_script_that_trains_something_else_is_not_trained_to_its_end(tmp_path, training, said):
    text = (
        "import keras, numpy\nx = numpy.zeros((8, 1))\n"
        "model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])\nmodel.compile('adam', 'mse')\n"
    )
    with pytest.raises(GandoctorError, match=said):
        check_target(script(tmp_path, text + training))


PRETRAINING = """
import keras, numpy
x, y = numpy.zeros((64, 1)), numpy.zeros((64, 1))
inner = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model = keras.Sequential([inner, keras.layers.Dense(1)])
model.compile("adam", "mse")
seen = []
count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
for given in ({"callbacks": count}, {"validation_split": 0.5}, {"validation_data": (x, y), "callbacks": [count]}):
    history = model.fit(x, y, batch_size=4, epochs=10**9, verbose=0, **given).history
    assert len(history["loss"]) == 1
    assert ("val_loss" in history) == any(name.startswith("validation") for name in given)
assert seen == [0, 1, 0, 1], seen
model.save("classifier.keras")
inner.save_weights("inner.weights.h5")
"""


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize("steps", [rarely(0), 2])
def test_a_fit_that_is_no_gan_is_looked_past(tmp_path, monkeypatch, steps):
    shutil.copy(HERE / "scripts" / "tiny_gan.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    diagnosis = check_target(script(tmp_path, PRETRAINING + GAN_SCRIPT), dry_run_steps=steps)
    assert diagnosis.run.last_step == steps
    assert diagnosis.run.manifest.generator.layers[-1].type == "Reshape"
    assert diagnosis.to_dict()["run"]["fitted_briefly"] == ["Sequential"] * 3
    lines = [str(text) for _, text in diagnosis_lines(diagnosis)]
    assert "No GAN, so fitted for at most 2 batches and not saved: Sequential." in lines
    assert not list(tmp_path.glob("*.keras")) + list(tmp_path.glob("*.h5"))


@pytest.mark.slow
@pytest.mark.training
def test_a_script_that_needs_the_other_network_trained_is_told_that_it_was_not(tmp_path):
    with pytest.raises(GandoctorError, match=r"(?s)IndexError.*for at most 2 batches and not saved: Sequential\."):
        check_target(script(tmp_path, PRETRAINING + "history['loss'][5]"))


@pytest.mark.slow
@pytest.mark.training
@keras_saves
def test_saved_networks_are_loaded_in_a_child_and_judged(tmp_path, tiny_gan):
    import keras

    gan = tiny_gan.make_gan()
    gan.discriminator.compile(keras.optimizers.RMSprop(3e-4), "binary_crossentropy")
    paths = [str(tmp_path / "generator.keras"), str(tmp_path / "discriminator.keras")]
    gan.generator.save(paths[0])
    gan.discriminator.save(paths[1])
    diagnosis = check_target(paths[0], paths[1:])
    manifest = diagnosis.run.manifest
    assert [layer.type for layer in manifest.generator.layers] == ["Dense", "Reshape"]
    assert manifest.discriminator.optimizer["learning_rate"] == pytest.approx(3e-4)
    assert manifest.generator.optimizer == {}
    assert {f.rule.id for f in diagnosis.checks} == TO_CHECK
    assert any("probe_data=" in str(f.reason) for f in diagnosis.checks)
    assert not diagnosis.detected or {f.rule.kind for f in diagnosis.detected} == {"design"}
    with pytest.raises(GandoctorError, match="give the generator first"):
        check_target(paths[1], paths[:1])


def saved(path, *layers, **compiled):
    import keras

    model = keras.Sequential([keras.Input((8, 8, 1)), *layers, keras.layers.Flatten(), keras.layers.Dense(1)])
    if compiled:
        model.compile(**compiled)
    model.save(path)
    return str(path)


@pytest.mark.training
@keras_saves
def test_a_saved_network_that_needs_code_is_one_clear_error(tmp_path, tiny_gan):
    import keras

    from gandoctor.experiments.saved import _load

    class OwnLayer(keras.layers.Layer):
        def call(self, x):
            return x

    with pytest.raises(GandoctorError, match="needs 'OwnLayer', which is not part of Keras"):
        _load(saved(tmp_path / "own.keras", OwnLayer()))
    with pytest.raises(GandoctorError, match="Lambda layer, which is Python code"):
        _load(saved(tmp_path / "lambda.keras", keras.layers.Lambda(lambda x: x * 2)))
    (tmp_path / "damaged.keras").write_bytes(b"no zip")
    with pytest.raises(GandoctorError, match="not a zip archive"):
        _load(str(tmp_path / "damaged.keras"))


@pytest.mark.training
@keras_saves
def test_a_network_compiled_with_a_loss_that_is_not_here_is_looked_at_without(tmp_path, tiny_gan):
    import keras

    from gandoctor.experiments.saved import _load

    def own_loss(y, p):
        return keras.ops.mean(p - y)

    model = _load(saved(tmp_path / "loss.keras", optimizer="adam", loss=own_loss))
    assert getattr(model, "optimizer", None) is None


# In this process: what is given stays as it is. ------------------------------------------------------------------


@pytest.mark.training
def test_a_model_is_left_exactly_as_it_was(tiny_gan):
    import keras

    gan = tiny_gan.make_gan()
    gan.discriminator.trainable = False
    rng = np.random.default_rng(0)
    before = [
        [v.numpy() for v in gan.variables],
        sorted(vars(gan)),
        sorted(vars(gan.g_optimizer)),
        gan.g_optimizer.built,
        gan.train_function,
        rng.bit_generator.state,
        random.getstate(),
    ]
    diagnosis = gandoctor.check(
        gan, probe_data=tiny_gan.images(), latent_sampler=lambda n: rng.standard_normal((n, 4)), loss="non_saturating"
    )
    after = [
        [v.numpy() for v in gan.variables],
        sorted(vars(gan)),
        sorted(vars(gan.g_optimizer)),
        gan.g_optimizer.built,
        gan.train_function,
        rng.bit_generator.state,
        random.getstate(),
    ]
    np.testing.assert_equal(after, before)
    assert gan.discriminator.trainable is False
    assert (diagnosis.is_check, diagnosis.run.last_step) == (True, 0)
    manifest = diagnosis.run.manifest
    assert manifest.loss_family == "non_saturating"
    assert manifest.data.shape == (8, 8, 1)
    assert manifest.latent.shape == (4,)
    reasons = {f.rule.id: f.reason for f in diagnosis.checks if f.status is Status.NOT_EVALUATED}
    assert "trains no step" in str(reasons["GD004"])

    unbuilt = keras.Sequential([keras.layers.Dense(64)])
    gandoctor.check(generator=unbuilt, discriminator=gan.discriminator)
    assert not unbuilt.built


@pytest.mark.training
def test_a_training_gives_its_data_and_is_not_trained(tiny_gan):
    from gandoctor.experiments import Training

    gan = tiny_gan.make_gan()
    training = Training(
        gan, None, steps=500, probe_data=tiny_gan.images(), config={"a": 1}, monitor={"loss": "non_saturating"}
    )
    diagnosis = gandoctor.check(training)
    manifest = diagnosis.run.manifest
    assert (manifest.planned_steps, manifest.config, manifest.loss_family) == (500, {"a": 1}, "non_saturating")
    assert not gan.g_optimizer.built
    with pytest.raises(GandoctorError, match="loss cannot be given with a target that is a Training"):
        gandoctor.check(training, loss="hinge")


@pytest.mark.training
def test_what_is_no_gan_is_one_clear_error(tiny_gan):
    gan = tiny_gan.make_gan()
    with pytest.raises(GandoctorError, match=r"generator: .*generator="):
        gandoctor.check(gan.generator)
    with pytest.raises(UnusableTarget, match="not a int"):
        gandoctor.check(3)
    with pytest.raises(GandoctorError, match="at least 16 images"):
        gandoctor.check(gan, probe_data=tiny_gan.images(3))
    with pytest.raises(GandoctorError, match="loss='mse' is unknown"):
        gandoctor.check(gan, loss="mse")

"""Real notebooks in a real kernel: `%load_ext gandoctor` records and shows what is trained, and can be unloaded."""

from pathlib import Path

import pytest

from gandoctor.store import load_run
from support.command_line_runs import command_here
from support.notebooks import execute_notebook, write_notebook

pytestmark = pytest.mark.training

SMALL = "['generator.width=0.125', 'discriminator.width=0.125', 'training.batch_size=16']"
FIT = (
    "%load_ext gandoctor\nfrom reference_models.training import build",
    f"training = build(settings={SMALL}, steps=24)",
    "history = training.model.fit(training.dataset, steps_per_epoch=24, verbose=0)",
)
LOOP = f"""\
from reference_models.article_loop import in_range, load_images, load_settings, split, train
settings = load_settings("quick", [*{SMALL}, "training.steps=6"])
images = in_range(split(load_images(), 0).training, settings.data.range)
train("own", settings, images, "once")"""


def test_a_fit_is_shown_in_its_cell_and_recorded_beside_the_notebook(tmp_path):
    again = "history = training.model.fit(training.dataset, steps_per_epoch=6, verbose=0)"
    cells = execute_notebook(
        tmp_path,
        "import keras\noriginal = keras.Model.fit",
        *FIT,
        again,
        "print(keras.Model.fit is original)\n%unload_ext gandoctor\nprint(keras.Model.fit is original)",
        again,
    )

    first, second = cells[3], cells[4]
    assert first.views[0].startswith("gandoctor-runs/run-1: running\nstep 0/24")
    assert any("step 2/24" in view for view in first.views)
    assert first.views[-1].startswith("gandoctor-runs/run-1: completed\nstep 24/24  d_loss ")
    assert len(first.outputs) == 1, "updated in its place"
    page = first.outputs[0]["text/html"]
    assert "data:image/png;base64," in page
    assert len(page) < 100_000
    assert second.views[-1].startswith("gandoctor-runs/run-1: completed\nstep 30/30")

    run = load_run(tmp_path / "gandoctor-runs" / "run-1")
    assert (run.state, run.last_step) == ("completed", 30)
    assert [event.kind for event in run.events] == ["started", "ended", "resumed", "ended"]
    assert {"d_loss", "g_loss", "d_grad_norm", "sample_kid"} <= set(run.names)
    assert run.sheets

    assert cells[5].text == "False\nTrue\n"
    assert cells[6].views == []
    assert [path.name for path in (tmp_path / "gandoctor-runs").iterdir()] == ["run-1"]


@pytest.mark.slow
def test_training_is_the_same_bit_for_bit_and_other_fits_are_told(tmp_path):
    tiny = Path(__file__).parents[1] / "experiments" / "scripts" / "tiny_gan.py"
    train = (
        "import hashlib\nkeras.utils.set_random_seed(0)\ngan = make_gan()\n"
        "history = gan.fit(images(), batch_size=4, verbose=0)\n"
        "weights = [w for player in (gan.generator, gan.discriminator) for w in player.get_weights()]\n"
        "print(hashlib.sha256(b''.join(w.tobytes() for w in weights)).hexdigest())"
    )
    classifier = (
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\nmodel.compile('sgd', 'mse')\n"
        "history = model.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)"
    )
    cells = execute_notebook(tmp_path, tiny.read_text(), train, "%load_ext gandoctor", train, train, classifier)
    bare, recorded, again, other = cells[1], *cells[3:]
    assert len(bare.text) == 65
    assert bare.text == recorded.text == again.text
    assert (bool(bare.views), bool(recorded.views), bool(again.views)) == (False, True, True)
    assert sorted(path.name for path in (tmp_path / "gandoctor-runs").iterdir()) == ["run-1", "run-1-2"]
    assert other.text.startswith("gandoctor did not record Sequential: ")


def test_a_loop_is_shown_to_its_last_step_in_each_cell_and_closed_with_the_kernel(tmp_path):
    loop = Path(__file__).parents[1] / "experiments" / "scripts" / "loop.py"
    cells = execute_notebook(
        tmp_path,
        "%load_ext gandoctor\nimport sys\nsys.argv = ['loop', 'function']",
        f"exec(open({str(loop)!r}).read())",
        "for _ in range(4):\n    both_at_once(next(batches))",
        # Jupyter sends SIGTERM to a kernel that has not ended after 2.5 s, as on a busy machine.
        "import atexit, time\natexit.register(time.sleep, 3)",
    )
    assert "\nstep 24  d_loss" in cells[1].views[-1]
    assert "\nstep 28  d_loss" in cells[2].views[-1]
    run = load_run(tmp_path / "gandoctor-runs" / "run-1")
    assert run.last_step == 28
    assert [event.kind for event in run.events] == ["started", "ended"]
    ended = run.events[-1].model_extra
    assert (ended["reason"], ended["why"]) == ("stopped", "the kernel was shut down")


@pytest.mark.slow
def test_the_freeze_trap_of_keras_3_is_told_within_two_steps(tmp_path):
    cells = execute_notebook(tmp_path, "%load_ext gandoctor", LOOP)
    told = [view for view in cells[1].views if "GD002 Discriminator not training since step 1" in view]
    assert "\nstep 2  d_loss" in told[0]
    assert load_run(tmp_path / "own").state == "completed"
    assert not (tmp_path / "gandoctor-runs").exists(), "nothing was recorded there"


@pytest.mark.slow
def test_an_interrupted_fit_is_shown_and_closed(tmp_path):
    raising = (
        "import keras\nclass Ctrl(keras.callbacks.Callback):\n    def on_train_batch_end(self, batch, logs=None):\n"
        "        if batch == 4:\n            raise KeyboardInterrupt"
    )
    fit = FIT[2].replace("verbose=0", "verbose=0, callbacks=[Ctrl()]")
    caught = f"try:\n    {fit}\nexcept KeyboardInterrupt:\n    print('interrupted')"
    cells = execute_notebook(tmp_path, *FIT[:2], raising, caught)
    assert cells[3].text == "interrupted\n"
    assert cells[3].views[-1].startswith("gandoctor-runs/run-1: interrupted\n")
    assert load_run(tmp_path / "gandoctor-runs" / "run-1").state == "interrupted"


@pytest.mark.slow
def test_gandoctor_run_records_the_same_notebook(tmp_path):
    notebook = write_notebook(tmp_path / "train.ipynb", *FIT)
    done = command_here("run", "--run-dir", "run", "--fail-on", "never", notebook, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "cell 1, line 1 is skipped: %load_ext gandoctor" in done.stdout
    run = load_run(tmp_path / "run")
    assert (run.state, run.last_step) == ("completed", 24)
    assert Path(tmp_path / "run" / "report.html").exists()


def test_check_judges_a_notebook(tmp_path):
    notebook = write_notebook(
        tmp_path / "train.ipynb", *FIT[:1], FIT[1].replace("build(", "build(faults=['discriminator-frozen'], "), FIT[2]
    )
    done = command_here("check", notebook, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "GD002" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["train.ipynb"]

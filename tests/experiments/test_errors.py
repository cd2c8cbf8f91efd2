"""Errors of a user's program under `gandoctor run`: what is shown is theirs, and nothing of it is ours."""

import pytest

from gandoctor.experiments.child.errors import OURS, summary, without_our_frames
from support.command_line_runs import command_here
from support.rarely import rarely

GRAPH_ERROR = f"""\
Graph execution error:

Detected at node adam/Sub_2 defined at (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main

  File "{OURS}/experiments/child/main.py", line 203, in <module>

  File "/home/me/train.py", line 12, in step

2 root error(s) found.
  (0) INVALID_ARGUMENT:  Incompatible shapes: [64,32] vs. [0]
"""


def test_our_frames_are_left_out_with_their_lines_of_code():
    text = (
        "Traceback (most recent call last):\n"
        '  File "/home/me/train.py", line 3, in <module>\n    fit()\n    ^^^^^\n'
        f'  File "{OURS}/experiments/child/attach.py", line 9, in fit\n    return original()\n           ^^^^^^^^^^\n'
        '  File "/site-packages/keras/a.py", line 1, in f\n    raise ValueError("no")\n'
        "ValueError: no\n"
    )
    left = without_our_frames(text)
    assert OURS not in left
    assert [line for line in text.splitlines() if line not in left.splitlines()] == [
        f'  File "{OURS}/experiments/child/attach.py", line 9, in fit',
        "    return original()",
        "           ^^^^^^^^^^",
    ]


def test_frames_inside_an_error_of_a_graph_are_left_out_too():
    left = without_our_frames(GRAPH_ERROR)
    assert OURS not in left
    assert "runpy" not in left
    assert 'File "/home/me/train.py", line 12, in step' in left
    assert "Incompatible shapes" in left


def test_the_summary_is_what_the_error_says():
    assert summary(KeyError("mine")) == "KeyError: 'mine'"
    assert summary(ValueError()) == "ValueError"
    said = summary(RuntimeError(GRAPH_ERROR))
    assert said.startswith("RuntimeError: Graph execution error: 2 root error(s) found.")
    assert said.endswith("[64,32] vs. [0]")
    assert len(summary(ValueError("x" * 5000))) < 700


@pytest.mark.training
@pytest.mark.parametrize("how", ["eager", rarely("traced")])
def test_an_error_inside_a_step_shows_the_programs_frames_only(tmp_path, how):
    (tmp_path / "train.py").write_text(
        "import keras, tensorflow as tf\n"
        "L = keras.layers\n"
        "g = keras.Sequential([keras.Input((4,)), L.Dense(6)])\n"
        "d = keras.Sequential([keras.Input((6,)), L.Dense(1)])\n"
        "a, b = keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)\n"
        "def step(x, n):\n"
        "    with tf.GradientTape() as s, tf.GradientTape() as t:\n"
        "        f, r = d(g(tf.random.normal((8, 4)))), d(tf.reshape(x, (8, n)))\n"
        "        up, down = tf.reduce_mean(f), tf.reduce_mean(f) - tf.reduce_mean(r)\n"
        "    a.apply(s.gradient(up, g.trainable_variables), g.trainable_variables)\n"
        "    b.apply(t.gradient(down, d.trainable_variables), d.trainable_variables)\n"
        f"step = {'tf.function(step)' if how == 'traced' else 'step'}\n"
        "for i in range(4):\n"
        "    step(tf.ones((8, 6)) if i < 3 else tf.ones((8, 5)), tf.constant(6))\n"
    )
    done = command_here("run", "--run-dir", "run", "train.py", cwd=tmp_path)
    log = (tmp_path / "run" / "training.log").read_text()
    trace = log[log.index("Traceback") :]
    assert done.returncode == 1
    assert OURS not in trace
    assert "runpy" not in trace
    assert "train.py" in trace
    kind = "ValueError: Exception encountered" if how == "traced" else "InvalidArgumentError: "
    assert f"train.py raised {kind}" in done.stdout + done.stderr

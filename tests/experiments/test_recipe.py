"""Where a loop cannot be attached to, the recipe that is printed records this very program, followed to the letter."""

import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from gandoctor.store import load_run
from support.command_line_runs import command_here

pytestmark = pytest.mark.training

HEAD = """\
import hashlib
import keras, numpy as np, tensorflow as tf
from keras import layers

keras.utils.set_random_seed(3)
samples = np.tanh(np.random.default_rng(0).normal(size=(400, 8, 8, 1))).astype("float32")
bce = keras.losses.BinaryCrossentropy(from_logits=True)


def judge():
    image = keras.Input((8, 8, 1))
    return keras.Model(image, layers.Dense(1)(layers.LeakyReLU()(layers.Dense(32)(layers.Flatten()(image)))))


def maker():
    return keras.Sequential([keras.Input((6,)), layers.Dense(64, activation="tanh"), layers.Reshape((8, 8, 1))])


def seen(x):  # no value that one network makes is found among those that another is given
    return tf.image.random_crop(tf.pad(x, [[0, 0], [4, 4], [4, 4], [0, 0]]), tf.shape(x))[:, ::-1] * 0.5


def batches():
    return tf.data.Dataset.from_tensor_slices(samples).batch(16).take(12)
"""

GUIDE = """
a = judge()
b = maker()
a_opt = keras.optimizers.Adam(learning_rate=1e-3)
b_opt = keras.optimizers.Adam(learning_rate=2e-3)


def train_step(real_images):
    with tf.GradientTape() as tape:
        fake = b(tf.random.normal((16, 6)))
        answers = a(tf.concat([seen(fake), seen(real_images)], axis=0))
        d_loss = bce(tf.concat([tf.ones((16, 1)), tf.zeros((16, 1))], axis=0), answers)
    grads = tape.gradient(d_loss, a.trainable_weights)
    a_opt.apply_gradients(zip(grads, a.trainable_weights))
    with tf.GradientTape() as tape:
        g_loss = bce(tf.zeros((16, 1)), a(seen(b(tf.random.normal((16, 6))))))
    grads = tape.gradient(g_loss, b.trainable_weights)
    b_opt.apply_gradients(zip(grads, b.trainable_weights))


for epoch in range(2):
    for step, real_images in enumerate(batches()):
        train_step(real_images)
        if step == 11:
            print("epoch", epoch)
weights = a.get_weights() + b.get_weights()
"""

CLASS = """
class Trainer:
    def __init__(self):
        self.nets = {"x": maker(), "y": judge()}
        self.first, self.second = keras.optimizers.Adam(2e-3), keras.optimizers.Adam(1e-3)

    def learn(self, steps):
        source = iter(batches().repeat())
        x, critic = self.nets["x"], self.nets["y"]
        done = 0
        while done < steps:
            for _ in range(2):
                with tf.GradientTape() as tape:
                    r, f = critic(seen(next(source))), critic(seen(x(tf.random.normal((16, 6)))))
                    loss = bce(tf.ones_like(r), r) + bce(tf.zeros_like(f), f)
                found = tape.gradient(loss, critic.trainable_weights)
                self.second.apply_gradients(zip(found, critic.trainable_weights))
            with tf.GradientTape() as tape:
                f = critic(seen(x(tf.random.normal((16, 6)))))
                loss = bce(tf.ones_like(f), f)
            self.first.apply_gradients(zip(tape.gradient(loss, x.trainable_weights), x.trainable_weights))
            done += 1


def main():
    trainer = Trainer()
    trainer.learn(24)
    return trainer


weights = [w for net in main().nets.values() for w in net.get_weights()]
"""

TAIL = """
print("weights", hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest())
"""


def followed(program, said):
    """Return the program, changed as the recipe says and in no other way."""
    lines = program.splitlines()
    after, columns = map(int, re.search(r"After line (\d+), .* by (\d+) columns", said).groups())
    first, last = map(int, re.search(r"loop of lines (\d+) to (\d+)", said).groups())
    head = re.search(r"columns:\n( +from gandoctor.*? as monitor:)\n", said, re.DOTALL).group(1)
    loop = [*lines[first - 1 : after], " " * columns + "monitor.step()", *lines[after:last]]
    indent = re.match(" *", loop[0]).group()
    under = textwrap.indent(textwrap.dedent(head), indent).splitlines() + ["    " + line for line in loop]
    return "\n".join([*lines[: first - 1], *under, *lines[last:]]) + "\n"


@pytest.mark.slow
@pytest.mark.parametrize("body", [GUIDE, CLASS], ids=["guide", "class"])
def test_the_recipe_followed_to_the_letter_records_gradients_losses_and_samples(tmp_path, body):
    program = HEAD + body + TAIL
    (tmp_path / "train.py").write_text(program)
    refused = command_here("run", "--run-dir", "run", "train.py", cwd=tmp_path)
    said = refused.stdout + refused.stderr
    assert refused.returncode == 3
    assert not (tmp_path / "run").exists()
    assert said.index("records nothing so far") < said.index("weights ")
    for slot in ("g_optimizer=", "d_optimizer=", 'loss="non_saturating"', "probe_data=samples[:512]"):
        assert slot in said
    (tmp_path / "changed.py").write_text(followed(program, said))
    done = subprocess.run([sys.executable, "changed.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    run = load_run(tmp_path / "runs" / "mine")
    assert run.last_step == 24
    for signal in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm"):
        assert len(run[signal].values) >= 23
        assert np.isfinite(run[signal].values).all()
    assert run.manifest.generator.input_shapes == ((None, 6),)
    for signal in ("sample_kid", "d_real_logit", "d_update_in_d_step", "g_update_in_g_step"):
        assert signal in run
    assert done.stdout.splitlines()[-1] in said, "the recipe changes nothing of the training"


@pytest.mark.slow
def test_a_check_prints_the_recipe_too(tmp_path):
    (tmp_path / "train.py").write_text(HEAD + GUIDE + TAIL)
    checked = command_here("check", "train.py", cwd=tmp_path)
    said = checked.stdout + checked.stderr
    assert checked.returncode != 0
    assert "generator=b," in said
    assert "discriminator=a," in said
    assert "weights " not in said

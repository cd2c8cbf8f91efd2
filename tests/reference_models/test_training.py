from itertools import pairwise

import numpy as np
import pytest

from gandoctor.errors import GandoctorError

pytestmark = pytest.mark.training

SMALL = (
    "generator.width=0.02",
    "discriminator.width=0.02",
    "training.batch_size=8",
    "data.training_images=64",
)
START = 3


def build(*faults, settings=(), steps=6, **options):
    from reference_models.training import build

    return build(settings=(*SMALL, *settings), faults=faults, steps=steps, **options)


def fit(training, after_step=lambda step: None, steps=None):
    """Train and return the losses of every step; `after_step` is called as a monitor would be."""
    import keras

    history = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            history.append(dict(logs))
            after_step(batch + 1)

    steps = steps or training.steps
    training.model.fit(
        training.dataset, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=[Watch(), *training.callbacks]
    )
    return history


def watch(fault, look):
    """Train with a fault from START on; return what `look(training)` sees after steps 0 to 6."""
    training = build(fault)
    seen = [look(training)]
    fit(training, lambda step: seen.append(look(training)))
    return seen


def first_true(seen):
    return next((step for step, value in enumerate(seen) if value), None)


def images(training, count=32):
    z = np.random.default_rng(1).uniform(-1, 1, (count, 100)).astype(np.float32)
    return np.asarray(training.model.generator(z, training=False))


def test_it_trains_and_reports_the_losses_of_each_step():
    training = build()
    history = fit(training)
    assert len(history) == training.steps == 6
    assert all(set(h) == {"d_loss", "g_loss"} for h in history)
    assert len({h["d_loss"] for h in history}) == 6
    assert int(training.model.step) == 6
    assert training.model.d_optimizer.iterations == training.model.g_optimizer.iterations == 6


def test_the_same_seed_gives_the_same_training_and_another_seed_another():
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    try:
        one, again, other = (fit(build(seed=seed)) for seed in (1, 1, 2))
    finally:
        from tensorflow.python.framework import config

        config.disable_op_determinism()
    assert one == again
    assert one != other


def test_what_the_monitor_is_told():
    training = build(settings=["data.range=symmetric", "latent.dimension=7"], data=None)
    assert training.probe_data.shape == (64, 28, 28, 1)
    assert training.holdout_data.shape == (500, 28, 28, 1)
    assert (training.probe_data.min(), training.probe_data.max()) == (-1, 1)
    batch = next(iter(training.dataset))
    assert batch.shape == (8, 28, 28, 1)
    assert float(np.min(batch)) == -1
    z = training.monitor["latent_sampler"](5)
    assert z.shape == (5, 7)
    assert z.dtype == np.float32
    assert not np.array_equal(z, training.monitor["latent_sampler"](5))
    assert training.monitor["loss"] == "non_saturating"
    assert training.monitor["real_is_high"] is True
    told = {"pretrain_steps": 0, "training_images": 64, "real_label": 1.0, "fake_label": 0.0}
    assert training.monitor["declared"] == told
    assert training.config["settings"]["latent"]["dimension"] == 7
    assert training.config["preset"] == "quick"
    assert training.config["faults"] == []
    assert "mnist_5k" in training.config["data"]


def test_the_monitors_latents_do_not_disturb_the_models():
    one, two = build(), build()
    two.monitor["latent_sampler"](100)
    np.testing.assert_array_equal(one.model.sample_latents(4), two.model.sample_latents(4))


def test_with_faults_off_nothing_is_added_to_the_networks():
    ours = {
        type(layer).__module__.split(".")[0]
        for p in ("generator", "discriminator")
        for layer in getattr(build().model, p).layers
    }
    assert ours == {"keras"}


@pytest.mark.parametrize("shape", [(16, 24, 3), (32, 32, 1)])
def test_other_image_sizes_and_colour_train_too(tmp_path, shape):
    np.savez(tmp_path / "a.npz", images=np.random.default_rng(0).random((64, *shape), dtype=np.float32))
    training = build(data=str(tmp_path / "a.npz"), steps=1)
    assert images(training).shape == (32, *shape)
    assert all(np.isfinite(list(h.values())).all() for h in fit(training))


def test_pretraining_moves_the_discriminator_alone():
    plain, pretrained = build(), build(settings=["training.pretrain_steps=2"])
    for part, same in (("generator", True), ("discriminator", False)):
        a, b = (getattr(t.model, part).get_weights() for t in (plain, pretrained))
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True)) is same
    assert int(pretrained.model.step) == 0


def test_a_learning_rate_without_decay_is_a_number_that_can_be_assigned():
    model = build(settings=["generator.decay=0", "generator.clip_value=none"]).model
    model.g_optimizer.learning_rate = 0.5
    assert float(model.g_optimizer.learning_rate) == 0.5
    assert model.g_optimizer.clipvalue is None


def test_a_seed_out_of_bounds_is_refused():
    with pytest.raises(GandoctorError, match="seed"):
        build(seed=-1)


def test_output_noise_begins_at_its_step_with_its_size():
    def spread(training):
        return float(np.std(images(training) - images(training)) / np.sqrt(2))

    seen = watch(f"output-noise@{START}", spread)
    assert seen[:START] == [0] * START
    assert seen[START:] == pytest.approx([0.1] * (7 - START), rel=0.05)


def test_half_of_the_latents_collapse_at_the_step():
    def identical(training):
        made = images(training, 200).reshape(200, -1)
        return 1 - (len(np.unique(made, axis=0)) - 1) / 200

    seen = watch(f"half-latents-collapsed@{START}", identical)
    assert max(seen[:START]) < 0.01
    assert seen[START:] == pytest.approx([0.5] * (7 - START), abs=0.15)


def test_the_latents_of_training_and_monitor_become_zero_at_the_step():
    assert first_true(watch(f"constant-latent@{START}", lambda t: not t.model.sample_latents(3).numpy().any())) == START
    seen = watch(f"constant-latent@{START}", lambda t: not t.monitor["latent_sampler"](3).any())
    assert first_true(seen) == START
    assert all(seen[START:])


def test_the_generators_learning_rate_drops_at_the_step():
    weights = []
    watch(
        f"generator-learning-rate-1e-7@{START}",
        lambda t: weights.append([w.numpy() for w in t.model.generator.trainable_variables]),
    )
    moved = [max(np.abs(a - b).max() for a, b in zip(*pair, strict=True)) for pair in pairwise(weights)]
    assert min(moved[: START - 1]) > 1e-4
    assert max(moved[START - 1 :]) < 1e-6


def test_the_data_become_symmetric_at_the_step(monkeypatch):
    from reference_models.gan import DCGAN

    lowest = []
    original = DCGAN.train_discriminator

    def spy(self, real):
        import tensorflow as tf

        tf.py_function(lambda x: lowest.append(float(np.min(x))), [real], [])
        return original(self, real)

    monkeypatch.setattr(DCGAN, "train_discriminator", spy)
    fit(build(f"symmetric-data@{START}"))
    assert lowest == [0] * (START - 1) + [-1] * (7 - START)
    training = build("symmetric-data")
    assert training.probe_data.min() == training.holdout_data.min() == -1
    lowest.clear()
    fit(training)
    assert lowest == [-1] * 6


def test_nan_enters_at_the_step_and_reaches_both_players():
    training = build(f"nan-at-step@{START}")
    finite = []
    history = fit(
        training,
        lambda step: finite.append(
            [
                all(np.isfinite(w).all() for w in p.get_weights())
                for p in (training.model.discriminator, training.model.generator)
            ]
        ),
    )
    assert [bool(np.isnan(h["d_loss"])) for h in history] == [False] * (START - 1) + [True] * (7 - START)
    assert finite == [[True, True]] * (START - 1) + [[False, False]] * (7 - START)


@pytest.mark.parametrize(
    "name", ["constant-latent", "half-latents-collapsed", "output-noise", "generator-learning-rate-1e-7"]
)
def test_a_fault_from_the_start_acts_before_the_first_step(name):
    training = build(name)
    made = images(training, 64).reshape(64, -1)
    acts = {
        "constant-latent": lambda: not training.monitor["latent_sampler"](3).any(),
        "half-latents-collapsed": lambda: len(np.unique(made, axis=0)) < 50,
        "output-noise": lambda: made.max() - made.min() > 0.3,
        "generator-learning-rate-1e-7": lambda: float(training.model.g_optimizer.learning_rate) < 2e-7,
    }
    assert acts[name]()

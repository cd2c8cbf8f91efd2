"""Every fault trains, and does what it says from the step it begins at; steps are run eagerly, which is quicker."""

from itertools import pairwise

import numpy as np
import pytest

from reference_models.faults import FAULTS
from support.rarely import rarely

pytestmark = pytest.mark.training

SMALL = (
    "generator.width=0.02",
    "discriminator.width=0.02",
    "training.batch_size=8",
    "data.training_images=64",
)
START = 2
LAST = 3


@pytest.fixture(autouse=True, scope="module")
def few_digits():
    """An eighth of the digits: checking and scaling 5,000 images for each fault takes longer than training."""
    from reference_models import chosen
    from reference_models.datasets import Images

    whole = chosen.load_images()
    part = Images(whole.pixels[:640], whole.source, whole.digits[:640])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chosen, "load_images", lambda data: part)
        yield


def build(*faults, settings=(), **options):
    from reference_models.training import build

    return build(settings=(*SMALL, *settings), faults=faults, steps=6, **options)


def weights(network):
    return [w.copy() for w in network.get_weights()]


def moved(network, before):
    """Which of the trainable weights an action has moved."""
    return [not np.array_equal(a, b) for a, b in zip(before, weights(network), strict=True)]


def types(network):
    return [type(layer).__name__ for layer in network.layers]


def batch(training):
    return next(iter(training.dataset))


def two_steps(training):
    return [[float(loss) for loss in training.model.train_step(real).values()] for real in training.dataset.take(2)]


@pytest.fixture(scope="module")
def healthy_losses():
    return two_steps(build())


@pytest.mark.parametrize("name", [rarely(name) if i % 6 else name for i, name in enumerate(FAULTS)])
def test_it_trains_with_finite_losses_and_is_healthy_before_its_step(name, healthy_losses):
    training = build(f"{name}@{START}" if FAULTS[name].key else name)
    losses = two_steps(training)
    if FAULTS[name].key:
        # Further layers leave the numbers as they are but may change the order they are summed in.
        assert losses[0] == pytest.approx(healthy_losses[0], rel=1e-5)
    assert np.isfinite(losses).all(axis=1).tolist() == [True, name != "nan-at-step"]
    assert training.config["faults"] == [f"{name}@{START if FAULTS[name].key else 0}"]


def test_pretraining_is_over_when_training_begins():
    model = build("pretrained-discriminator").model
    assert int(model.d_optimizer.iterations) == 150
    assert int(model.g_optimizer.iterations) == int(model.step) == 0


@pytest.mark.parametrize(
    ("name", "frozen", "free"),
    [("discriminator-frozen", "discriminator", "generator"), rarely("generator-frozen", "generator", "discriminator")],
)
@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
def test_a_player_frozen_by_its_flag_never_moves(name, frozen, free):
    training = build(name)
    model = training.model
    before = weights(getattr(model, frozen)), weights(getattr(model, free))
    model.fit(training.dataset, steps_per_epoch=LAST, shuffle=False, verbose=0)
    assert not any(moved(getattr(model, frozen), before[0]))
    assert all(moved(getattr(model, free), before[1]))


def test_as_published_the_generator_s_step_moves_the_discriminator():
    for fault, moves in ((), False), (("discriminator-not-frozen",), True):
        model = build(*fault).model
        before = weights(model.discriminator)
        model.train_generator(8)
        assert any(moved(model.discriminator, before)) is moves


@pytest.mark.parametrize(
    ("name", "action", "other"),
    [
        ("generator-step-moves-discriminator", lambda m, real: m.train_generator(len(real)), "discriminator"),
        ("discriminator-step-moves-generator", lambda m, real: m.train_discriminator(real), "generator"),
    ],
)
def test_a_leak_moves_the_other_player_from_its_step_on(name, action, other):
    training = build(f"{name}@{START}")
    model = training.model
    seen = []
    for step, real in enumerate(training.dataset.take(LAST), 1):
        model.step.assign(step)
        before = [v.numpy() for v in getattr(model, other).trainable_variables]
        action(model, real)
        after = [v.numpy() for v in getattr(model, other).trainable_variables]
        seen.append([not np.array_equal(a, b) for a, b in zip(before, after, strict=True)])
    assert not any(seen[0])
    assert all(seen[1])
    assert all(seen[2])


def test_d_frozen_by_its_flag_in_one_phase_is_normalised_by_moving_statistics_there():
    training = build("batch-norm-in-frozen-discriminator")
    model = training.model
    before = weights(model.discriminator)
    model.train_generator(8)
    assert not any(moved(model.discriminator, before)), "neither weights nor moving statistics"
    model.train_discriminator(batch(training))
    assert all(moved(model.discriminator, before))
    assert model.discriminator.trainable


def losses_of(name, *settings):
    """Return D's and G's loss on fixed scores, before and after the fault begins."""
    model = build(f"{name}@{START}" if FAULTS[name].key else name, settings=settings).model
    scores = np.array([[0.9], [0.8], [0.3], [0.1]], np.float32)
    found = []
    for step in (START - 1, START):
        model.step.assign(step)
        found.append((float(model.discriminator_loss(scores)), float(model.generator_loss(scores[2:]))))
    return found


HEALTHY_D = -np.mean(np.log([0.9, 0.8, 0.7, 0.9]))
HEALTHY_G = -np.mean(np.log([0.3, 0.1]))


@pytest.mark.parametrize(
    ("name", "d_loss", "g_loss"),
    [
        ("swapped-labels", -np.mean(np.log([0.1, 0.2, 0.3, 0.1])), HEALTHY_G),
        ("generator-wants-fake", HEALTHY_D, -np.mean(np.log([0.7, 0.9]))),
        ("loss-scale-1e4", HEALTHY_D * 1e4, HEALTHY_G * 1e4),
        ("nan-at-step", np.nan, HEALTHY_G),
    ],
)
def test_the_losses_change_at_the_step(name, d_loss, g_loss):
    before, after = losses_of(name)
    assert before == pytest.approx((HEALTHY_D, HEALTHY_G), rel=1e-5)
    assert after == pytest.approx((d_loss, g_loss), rel=1e-5, nan_ok=True)


def test_a_second_sigmoid_keeps_the_loss_of_a_sure_discriminator_high():
    model = build("probabilities-taken-for-logits").model
    sure = np.array([[1.0], [0.0]], np.float32)
    assert float(model.discriminator_loss(sure)) == pytest.approx((np.log1p(np.exp(-1)) + np.log(2)) / 2, rel=1e-5)


def test_logits_outside_the_unit_interval_have_no_gradient():
    import tensorflow as tf

    model = build("logits-taken-for-probabilities").model
    assert model.discriminator.layers[-1].activation.__name__ == "linear"
    outside = tf.constant([[3.0], [-2.0]])
    with tf.GradientTape() as tape:
        tape.watch(outside)
        loss = model.generator_loss(outside)
    assert not np.any(tape.gradient(loss, outside))


@pytest.mark.parametrize(
    ("name", "player", "factor"),
    [
        ("generator-learning-rate-1e-7", "g", 1e-7 / 4e-4),
        rarely("generator-learning-rate-x25", "g", 25),
        rarely("discriminator-learning-rate-x10", "d", 10),
        ("discriminator-learning-rate-x100", "d", 100),
    ],
)
def test_the_learning_rate_changes_at_the_step(name, player, factor):
    training = build(f"{name}@{START}")
    optimizer = getattr(training.model, f"{player}_optimizer")
    healthy = {"g": 4e-4, "d": 8e-4}[player]
    rates = []
    for real in training.dataset.take(LAST):
        rates.append(float(optimizer.learning_rate))  # of the step that comes
        training.model.train_step(real)
    assert rates == pytest.approx([healthy, healthy * factor, healthy * factor], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "spoilt"),
    [
        ("constant-latent", lambda z, again: not z.any()),
        ("small-latent", lambda z, again: 0 < np.abs(z).max() <= 0.01),
        ("repeated-latent", np.array_equal),
    ],
)
def test_latents_of_training_and_monitor_are_spoilt_from_the_step_on(name, spoilt):
    training = build(f"{name}@{START}")
    samplers = (
        lambda: np.asarray(training.model.sample_latents(8)),
        lambda: training.monitor["latent_sampler"](8),
    )
    for step in (START - 1, START):
        training.model.step.assign(step)
        for sample in samplers:
            z = sample()
            assert z.shape == (8, 100)
            assert bool(spoilt(z, sample())) is (step == START)


def test_repeated_latents_are_those_of_the_monitor():
    training = build("repeated-latent")
    np.testing.assert_allclose(training.model.sample_latents(8), training.monitor["latent_sampler"](50)[:8], rtol=1e-6)


def images(training, count=64):
    z = np.random.default_rng(1).uniform(-1, 1, (count, 100)).astype(np.float32)
    return np.asarray(training.model.generator(z, training=False))


def test_ten_latents_make_ten_images():
    training = build(f"ten-latents@{START}")
    distinct = []
    for step in (START - 1, START):
        training.model.step.assign(step)
        distinct.append(len(np.unique(images(training, 200).reshape(200, -1), axis=0)))
    assert distinct == [200, 10]


def test_salt_and_pepper_are_of_the_size_told():
    training = build(f"salt-and-pepper@{START}")
    shares = []
    for step in (START - 1, START):
        training.model.step.assign(step)
        made = images(training)
        shares.append((np.mean(made == 0), np.mean(made == 1)))
    assert shares[0] == (0, 0)
    assert shares[1] == pytest.approx((0.01, 0.01), rel=0.2)


def test_output_noise_of_a_healthy_step_is_none():
    training = build(f"output-noise@{START}")
    assert np.array_equal(images(training), images(training))
    training.model.step.assign(START)
    assert np.std(images(training) - images(training)) == pytest.approx(0.1 * np.sqrt(2), rel=0.05)


def test_the_loader_repeats_one_batch_from_the_step_on():
    seen = [np.asarray(b) for b in build("repeated-batch@3").dataset.take(6)]
    assert [np.array_equal(a, b) for a, b in pairwise(seen)] == [False, False, True, True, True]
    healthy = [np.asarray(b) for b in build().dataset.take(2)]
    assert all(np.array_equal(a, b) for a, b in zip(seen, healthy, strict=False))
    at_once = [np.asarray(b) for b in build("repeated-batch").dataset.take(3)]
    assert all(np.array_equal(a, b) for a, b in pairwise(at_once))


def test_bytes_from_the_start_are_the_data_and_the_monitors():
    training = build("byte-data")
    assert float(np.max(batch(training))) == training.probe_data.max() == training.holdout_data.max() == 255
    later = build(f"byte-data@{START}")
    assert later.probe_data.max() == 1


def test_what_the_data_are_reduced_to():
    assert len(build("few-real-images", settings=["data.training_images=none"]).probe_data) == 64
    assert "digits below 1" in build("one-digit").config["data"]
    assert "digits below 7" in build("seven-digits").config["data"]


@pytest.mark.parametrize(
    ("name", "player", "there"),
    [
        ("tanh-generator", "generator", ["Conv2DTranspose", "Activation"]),
        ("batch-norm-in-discriminator", "discriminator", ["Conv2D", "BatchNormalization", "LeakyReLU", "Dropout"]),
        ("no-batch-norm", "generator", ["Dense", "Activation", "Reshape", "Dropout", "UpSampling2D"]),
        ("activation-before-batch-norm", "generator", ["Conv2DTranspose", "Activation", "BatchNormalization"]),
        ("dropout-before-batch-norm", "generator", ["Dense", "Dropout", "BatchNormalization", "Activation", "Reshape"]),
        ("strided-upsampling", "generator", ["Dropout", "Conv2DTranspose", "BatchNormalization"]),
        ("relu-discriminator", "discriminator", ["Conv2D", "ReLU", "Dropout"]),
        ("max-pooling-discriminator", "discriminator", ["Conv2D", "ReLU", "MaxPooling2D", "Dropout"]),
    ],
)
def test_the_layers_are_in_the_faulty_order(name, player, there):
    def holds(stack):
        return any(stack[i : i + len(there)] == there for i in range(len(stack)))

    assert holds(types(getattr(build(name).model, player)))
    if name != "tanh-generator":
        assert not holds(types(getattr(build().model, player)))


def test_the_settings_of_the_layers():
    def generator(name, kind):
        return next(layer for layer in build(name).model.generator.layers if type(layer).__name__ == kind)

    assert generator("batch-norm-momentum-0.999", "BatchNormalization").momentum == 0.999
    assert generator("strided-upsampling", "Conv2DTranspose").strides == (2, 2)
    assert generator("dropout-0.9", "Dropout").rate == 0.9
    assert generator("no-dropout", "Dropout").rate == 0
    assert build("tanh-generator").model.generator.layers[-1].activation.__name__ == "tanh"
    assert build("linear-generator").model.generator.layers[-1].activation.__name__ == "linear"
    assert types(build("batch-norm-on-output").model.generator)[-3:] == [
        "Conv2DTranspose",
        "BatchNormalization",
        "Activation",
    ]
    assert types(build("relu-before-output").model.generator)[-3:] == ["Conv2DTranspose", "ReLU", "Activation"]
    first = build("batch-norm-in-discriminator").model.discriminator.layers
    assert [type(layer).__name__ for layer in first[:2]] == ["Conv2D", "LeakyReLU"]


def test_faults_leave_the_other_weights_as_they_are_in_a_healthy_run():
    """What a fault adds must not shift the seeds: a faulty run differs from the healthy one by the fault alone."""
    healthy = build().model
    for name in ("output-noise", "ten-latents", "batch-norm-on-output", "swapped-labels", "max-pooling-discriminator"):
        faulty = build(name).model
        for player in ("generator", "discriminator"):
            ours = [v.numpy() for v in getattr(healthy, player).trainable_variables if "kernel" in v.path]
            theirs = [v.numpy() for v in getattr(faulty, player).trainable_variables if "kernel" in v.path]
            assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True)), (name, player)

"""Every control trains, with each player moved by its own step alone."""

import numpy as np
import pytest

from gandoctor.errors import GandoctorError
from support.rarely import rarely

pytestmark = pytest.mark.training

RARER = ("dcgan", "dcgan_smoothed", "hinge_sn", "wgan_gp", "lsgan", "mlp", "dcgan_paper", "dcgan_small", "keras_io")
LOSS = {
    "as_published": ("non_saturating", True),
    "dcgan": ("non_saturating", True),
    "dcgan_paper": ("non_saturating", True),
    "dcgan_smoothed": ("non_saturating", True),
    "hinge_sn": ("hinge", True),
    "keras_io": ("non_saturating", False),
    "lsgan": ("least_squares", True),
    "mlp": ("non_saturating", True),
    "wgan_gp": ("wasserstein", True),
}
"""Every control: its loss family, and whether its discriminator scores reals high."""

SMALL = ("generator.width=0.02", "discriminator.width=0.02", "training.batch_size=8")


@pytest.fixture(autouse=True, scope="module")
def few_images():
    """A little of each data set: checking and scaling 5,000 images for every training takes longer than training."""
    from reference_models import chosen
    from reference_models.controls import start
    from reference_models.datasets import Images

    whole = {name: chosen.load_images(name) for name in (None, "shapes")}
    part = {name: Images(images.pixels[:640], images.source) for name, images in whole.items()}
    with pytest.MonkeyPatch.context() as patch:
        for module in (chosen, start):
            patch.setattr(module, "load_images", lambda data: part[data])
        yield


def build(name, steps=2, seed=0, settings=()):
    import reference_models.controls

    return getattr(reference_models.controls, name)(settings=(*SMALL, *settings), steps=steps, seed=seed)


def losses(training):
    """Train eagerly and return the losses of every step."""
    batches = training.dataset.take(training.steps)
    return [[float(loss) for loss in training.model.train_step(real).values()] for real in batches]


def test_this_file_knows_every_control():
    import reference_models.controls

    assert sorted(LOSS) == sorted(reference_models.controls.__all__)


@pytest.mark.parametrize("name", [rarely(n) if n in RARER else n for n in LOSS])
def test_it_trains_with_finite_losses_and_the_same_seed_gives_the_same(name):
    one, again, other = (losses(build(name, seed=seed)) for seed in (1, 1, 2))
    assert np.isfinite(one).all()
    assert one == [pytest.approx(loss, rel=1e-4) for loss in again]
    assert one[0] != pytest.approx(other[0], rel=1e-4)


@pytest.mark.parametrize("name", [rarely(n) if n in RARER else n for n in LOSS])
def test_the_monitor_sees_each_player_moved_by_its_own_step_alone(name, tmp_path):
    from gandoctor import GANMonitor, load_run

    training = build(name, steps=3)
    monitor = GANMonitor(
        tmp_path / "run", probe_data=training.probe_data, holdout_data=training.holdout_data, **training.monitor
    )
    training.model.fit(training.dataset, steps_per_epoch=training.steps, shuffle=False, verbose=0, callbacks=[monitor])
    run = load_run(tmp_path / "run")
    # Three steps of scores near 0 do not always tell; what is told must be right.
    family, real_is_high = LOSS[name]
    assert run.manifest.loss_family in (family, None)
    assert run.manifest.real_is_high in (real_is_high, None)
    assert (run["d_update_in_d_step"] > 0).all()
    assert (run["g_update_in_g_step"] > 0).all()
    assert (run["d_update_in_g_step"] > 0).all() == (name == "as_published")
    assert (run["d_update_in_g_step"] == 0).all() == (name != "as_published")
    assert len(run["d_loss"]) == 3


@pytest.mark.parametrize("name", ["lsgan", "hinge_sn", "wgan_gp", "mlp", "dcgan_paper", "keras_io"])
def test_its_settings_can_be_changed_within_bounds(name):
    training = build(name, settings=["discriminator.learning_rate=0.5", "latent.dimension=7"])
    assert float(training.model.d_optimizer.learning_rate) == 0.5
    assert training.model.generator.input_shape == (None, 7)
    assert training.config["settings"]["latent"]["dimension"] == 7
    with pytest.raises(GandoctorError, match=r"Did you mean generator\.width or discriminator\.width"):
        build(name, settings=["widht=1"])
    with pytest.raises(GandoctorError, match="0 <= value <= 10"):
        build(name, settings=["generator.learning_rate=-1"])
    with pytest.raises(GandoctorError, match="seed"):
        build(name, seed=-1)


@pytest.mark.parametrize("name", ["hinge_sn", "dcgan_paper"])
def test_colour_is_the_default_where_it_says_so(name):
    training = build(name)
    assert training.probe_data.shape[1:] == (32, 32, 3)
    assert "shapes" in training.config["data"]


def test_the_generators_range_is_that_of_the_data():
    for name in LOSS:
        training = build(name)
        last = [layer for layer in training.model.generator.layers if hasattr(layer, "activation")][-1]
        low = {"sigmoid": 0, "tanh": -1}[last.activation.__name__]
        assert (training.probe_data.min(), training.probe_data.max()) == (low, 1), name


def test_the_critics_penalty_is_that_of_its_slope():
    """A linear critic w.x has the slope |w| everywhere, so that the penalty is 10 (|w| - 1)^2."""
    import keras

    from reference_models.controls.wasserstein import WGANGP

    critic = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    critic.layers[-1].set_weights([np.array([[1.0], [2.0], [0.0], [2.0]]), np.zeros(1)])
    model = WGANGP(keras.Sequential([keras.Input((3,))]), critic, latent_dim=3)
    real, fake = np.random.default_rng(0).random((2, 5, 2, 2, 1), dtype=np.float32)
    assert float(model.penalty(real, fake)) == pytest.approx(10 * (3 - 1) ** 2, rel=1e-5)


def test_five_critic_steps_for_one_of_the_generator():
    training = build("wgan_gp")
    losses(training)
    assert int(training.model.d_optimizer.iterations) == 10
    assert int(training.model.g_optimizer.iterations) == 2

"""PyTorch's reference model: the same settings and faults as the Keras one, in the loop of PyTorch's tutorial."""

import json

import numpy as np
import pytest

from gandoctor.errors import GandoctorError
from gandoctor.experiments.training import LoopTraining
from reference_models.faults import FAULTS
from reference_models.torch_dcgan.faults import ABSENT, PRESENT
from support.rarely import rarely

SMALL = (
    "generator.width=0.02",
    "discriminator.width=0.02",
    "training.batch_size=8",
    "data.training_images=64",
    "training.freeze_discriminator=true",
)
START, LAST = 2, 3


@pytest.mark.parametrize("name", ABSENT)
def test_a_fault_that_cannot_arise_is_refused_with_those_that_can(name):
    from reference_models.torch_dcgan import build

    with pytest.raises(GandoctorError, match=f"has no fault {name}: .*It has: .*generator-step-moves") as refused:
        build(faults=[name])
    assert all(other in str(refused.value) for other in PRESENT)


def test_a_fault_that_nobody_knows_is_refused_as_for_keras():
    from reference_models.torch_dcgan import build

    with pytest.raises(GandoctorError, match=r"There is no fault 'no-batchnorm'\. Did you mean no-batch-norm"):
        build(faults=["no-batchnorm"])


training_mark = pytest.mark.training


@pytest.fixture
def few_digits(monkeypatch):
    pytest.importorskip("torch")
    from reference_models import chosen
    from reference_models.datasets import Images

    whole = chosen.load_images()
    part = Images(whole.pixels[:640], whole.source, whole.digits[:640])
    monkeypatch.setattr(chosen, "load_images", lambda data: part)


def build(*faults, settings=(), steps=LAST, **options):
    from reference_models.torch_dcgan import build

    return build(settings=(*SMALL, *settings), faults=faults, steps=steps, **options)


def weights(network):
    return [p.detach().clone() for p in network.parameters()]


def moved(network, before):
    return [not bool((a == b).all()) for a, b in zip(before, network.parameters(), strict=True)]


def trained(training):
    """Train; return each step's losses, and whether each player's weights moved in each step."""
    losses, moves, before = [], [], {}

    def note():
        before.update(g=weights(training.generator), d=weights(training.discriminator))

    def done(d_loss, g_loss):
        losses.append((float(d_loss), float(g_loss)))
        moves.append({"g": moved(training.generator, before["g"]), "d": moved(training.discriminator, before["d"])})
        note()

    note()
    training.train(done)
    return losses, moves


@training_mark
@pytest.mark.parametrize("name", [rarely(name) if i % 5 else name for i, name in enumerate(PRESENT)])
def test_every_fault_trains_and_is_healthy_before_its_step(name, few_digits):
    healthy, _ = trained(build())
    training = build(f"{name}@{START}" if FAULTS[name].key else name)
    assert isinstance(training, LoopTraining)
    json.dumps(training.config)
    assert training.config["faults"] == [f"{name}@{START if FAULTS[name].key else 0}"]
    if name == "nan-at-step":
        with pytest.raises(RuntimeError, match="between 0 and 1"):  # PyTorch's own, as soon as D's output is NaN
            trained(training)
        return
    losses, _ = trained(training)
    assert len(losses) == LAST
    assert np.isfinite(losses).all()
    if FAULTS[name].key:
        assert losses[0] == pytest.approx(healthy[0], rel=1e-5)
        unseen = ("generator-step-moves-discriminator", "discriminator-step-moves-generator")
        assert name in unseen or losses[1:] != healthy[1:], "it acts from its step on"


@training_mark
def test_the_same_seed_gives_the_same_training_and_another_seed_another(few_digits):
    one, again, other = (trained(build(seed=seed))[0] for seed in (1, 1, 2))
    assert one == again
    assert one != other


@training_mark
@pytest.mark.parametrize(("name", "frozen"), [("discriminator-frozen", "d"), ("generator-frozen", "g")])
def test_a_frozen_player_never_moves(name, frozen, few_digits):
    _, moves = trained(build(name))
    assert not any(any(step[frozen]) for step in moves)
    assert all(all(step["d" if frozen == "g" else "g"]) for step in moves)


@training_mark
def test_a_leak_moves_the_other_player_from_its_step_on(few_digits):
    from reference_models.settings import change_settings, load_settings
    from reference_models.torch_dcgan.loop import DCGAN

    torch = pytest.importorskip("torch")
    real = torch.rand(8, 1, 28, 28)
    for leak, other in (("generator_step_moves_discriminator", "d"), ("discriminator_step_moves_generator", "g")):
        settings = change_settings(load_settings("quick", SMALL), {f"faults.{leak}.start": START})
        gan = DCGAN(settings, (28, 28, 1), 0)
        seen = []
        for gan.step in range(1, LAST + 1):
            before = weights(gan.discriminator), weights(gan.generator)
            _, fake = gan.train_discriminator(real)
            if other == "g":
                seen.append(moved(gan.generator, before[1]))
            before = weights(gan.discriminator)
            gan.train_generator(fake)
            if other == "d":
                seen.append(moved(gan.discriminator, before))
        assert [any(step) for step in seen] == [False, True, True]


@training_mark
def test_pretraining_is_over_when_training_begins(few_digits):
    training = build("pretrained-discriminator")
    state = training.monitor["d_optimizer"].state_dict()["state"]
    assert int(state[0]["step"]) == 150
    assert training.monitor["g_optimizer"].state_dict()["state"] == {}


@training_mark
@pytest.mark.parametrize("upsampling", ["resize", "stride"])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_images_have_the_size_of_the_data_whatever_the_kernel(upsampling, kernel, few_digits):
    changes = [f"generator.kernel_size={kernel}", f"discriminator.kernel_size={kernel}"]
    training = build(settings=[*changes, f"generator.upsampling={upsampling}"])
    images = training.draw(4)
    assert images.shape == (4, 28, 28, 1)
    assert 0 <= images.min() <= images.max() <= 1
    trained(training)


@training_mark
def test_its_layers_are_those_of_the_keras_model(few_digits):
    """Numbers of weights, which every difference of layers, sizes or kernels would change."""
    pytest.importorskip("keras")
    from reference_models.dcgan import build_discriminator, build_generator
    from reference_models.settings import load_settings

    settings = ("generator.width=0.125", "discriminator.width=0.125", "discriminator.batch_norm=true")
    training = build(settings=settings)
    chosen = load_settings("quick", [*SMALL, *settings])
    for ours, theirs in (
        (training.generator, build_generator(chosen, (28, 28, 1))),
        (training.discriminator, build_discriminator(chosen, (28, 28, 1))),
    ):
        assert sorted(p.numel() for p in ours.parameters()) == sorted(
            int(np.prod(w.shape)) for w in theirs.trainable_weights
        )


@training_mark
def test_what_is_drawn_changes_neither_the_mode_nor_the_weights(few_digits):
    training = build()
    state = {k: v.clone() for k, v in training.generator.state_dict().items()}
    training.draw(300)
    assert training.generator.training
    assert all((v == state[k]).all() for k, v in training.generator.state_dict().items())

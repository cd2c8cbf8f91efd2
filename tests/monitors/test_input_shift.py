"""Shifts before a discriminator: each image by itself, where it is trained, and the same in both frameworks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gandoctor.errors import GandoctorError

pytestmark = pytest.mark.training

SHARE = 0.125
"""Of a side of 16: by 2 pixels at most."""


def images(dims: int = 2) -> np.ndarray:
    """Images, channels last, in which every number tells its own place."""
    count = 16**dims * 2
    return np.tile(np.arange(count, dtype=np.float32).reshape(1, *[16] * dims, 2), (40, *[1] * dims, 1))


def keras_shifted(given: np.ndarray, times: int = 1) -> list[np.ndarray]:
    keras, tf = pytest.importorskip("keras"), pytest.importorskip("tensorflow")
    from gandoctor.backends.tensorflow.players.handles import set_value

    network = keras.Sequential([keras.Input(given.shape[1:]), keras.layers.Identity()])
    assert set_value(network, None, "d", "translation", SHARE) == 0.0
    assert np.array_equal(network(given), given), "not in inference"

    @tf.function
    def step() -> Any:
        with tf.GradientTape():
            return network(given)

    return [np.array(step()) for _ in range(times)]


def torch_shifted(given: np.ndarray, times: int = 1) -> list[np.ndarray]:
    torch = pytest.importorskip("torch")
    from gandoctor.backends.torch.handles import set_value

    network = torch.nn.Sequential(torch.nn.Identity())
    assert set_value(network, None, "d", "translation", SHARE) == 0.0
    seen: list[Any] = []
    network.register_forward_hook(lambda module, args, output: seen.append(args[0]))
    tensor = torch.from_numpy(np.moveaxis(given, -1, 1).copy())
    state = torch.get_rng_state()
    made = [np.moveaxis(network(tensor).numpy(), 1, -1) for _ in range(times)]
    assert torch.equal(torch.get_rng_state(), state), "the training's own numbers stay as they are"
    assert all(one is tensor for one in seen), "hooks see what the program gave it"
    network.eval()
    assert torch.equal(network(tensor), tensor), "not in inference"
    return made


Shifted = Callable[..., list[np.ndarray]]


@pytest.mark.parametrize("shifted", [keras_shifted, torch_shifted])
@pytest.mark.parametrize("dims", [1, 2])
def test_every_image_is_shifted_by_itself_and_filled_with_its_own_edge(shifted: Shifted, dims: int) -> None:
    given = images(dims)
    made, again = shifted(given, times=2)
    assert not np.array_equal(made, again), "each call draws anew"
    places, seen = np.arange(16), set()
    for one in made:
        fits = [
            by
            for by in np.ndindex(*[5] * dims)
            if np.array_equal(one, given[0][np.ix_(*[np.clip(places + n - 2, 0, 15) for n in by])])
        ]
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) >= 5 * dims - 1
    assert all({by[axis] for by in seen} == {0, 1, 2, 3, 4} for axis in range(dims)), "up to 2 either way"
    assert np.array_equal(shifted(given)[0], made), "the same in every run"


def test_gradients_pass_through_to_the_image() -> None:
    torch = pytest.importorskip("torch")
    tf, keras = pytest.importorskip("tensorflow"), pytest.importorskip("keras")
    from gandoctor.backends.tensorflow.players import handles as keras_handles
    from gandoctor.backends.torch import handles as torch_handles

    given = images()
    network = keras.Sequential([keras.Input(given.shape[1:]), keras.layers.Identity()])
    keras_handles.set_value(network, None, "d", "translation", SHARE)
    tensor = tf.constant(given)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        total = tf.reduce_sum(network(tensor))
    assert float(tf.reduce_sum(tape.gradient(total, tensor))) == given.size
    module = torch.nn.Sequential(torch.nn.Identity())
    torch_handles.set_value(module, None, "d", "translation", SHARE)
    leaf = torch.from_numpy(np.moveaxis(given, -1, 1).copy()).requires_grad_(True)
    module(leaf).sum().backward()
    assert float(leaf.grad.sum()) == given.size


def test_no_shift_changes_nothing_and_two_changes_go_together() -> None:
    torch = pytest.importorskip("torch")
    from gandoctor.backends.torch.handles import set_value

    given = torch.from_numpy(np.moveaxis(images(), -1, 1).copy())
    still = torch.nn.Sequential(torch.nn.Identity())
    set_value(still, None, "d", "translation", 0.0)
    assert torch.equal(still(given), given)
    both = torch.nn.Sequential(torch.nn.Identity())
    set_value(both, None, "d", "translation", SHARE)
    set_value(both, None, "d", "instance_noise", 0.1)
    apart = both(given) - given
    assert 0.05 < float((apart - apart.round()).abs().mean()) < 0.12, "noise"
    assert float(apart.abs().max()) > 1, "and shifts"
    assert copy.deepcopy(both)(given).shape == given.shape


@pytest.mark.parametrize("share", [-0.1, 0.6, float("nan")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    torch, keras = pytest.importorskip("torch"), pytest.importorskip("keras")
    from gandoctor.backends.tensorflow.players import handles as keras_handles
    from gandoctor.backends.torch import handles as torch_handles

    for set_value, network in (
        (torch_handles.set_value, torch.nn.Sequential(torch.nn.Identity())),
        (keras_handles.set_value, keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Identity()])),
    ):
        with pytest.raises(GandoctorError, match="a share of each side"):
            set_value(network, None, "d", "translation", share)


def test_rows_of_numbers_are_refused() -> None:
    torch, keras = pytest.importorskip("torch"), pytest.importorskip("keras")
    tf = pytest.importorskip("tensorflow")
    from gandoctor.backends.tensorflow.players import handles as keras_handles
    from gandoctor.backends.torch import handles as torch_handles

    module = torch.nn.Sequential(torch.nn.Linear(4, 1))
    torch_handles.set_value(module, None, "d", "translation", SHARE)
    with pytest.raises(GandoctorError, match="rows of numbers"):
        module(torch.ones(3, 4))
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    keras_handles.set_value(network, None, "d", "translation", SHARE)
    with tf.GradientTape(), pytest.raises(GandoctorError, match="rows of numbers"):
        network(tf.ones((3, 4)))

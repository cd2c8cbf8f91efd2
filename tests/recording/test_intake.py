"""What the players are fed is told apart by its values: which rows are real, and what they were generated from."""

import numpy as np

from gandoctor.recording.in_step import Call
from gandoctor.recording.intake import Intake

rng = np.random.default_rng(0)


def images(n=32, channels=1):
    return rng.normal(size=(n, 8, 8, channels)).astype(np.float32)


def taken(*calls, steps=1):
    intake = Intake()
    for _ in range(steps):
        intake.take(calls)
    return intake


def test_reals_and_fakes_in_calls_of_their_own():
    z, fake, real = rng.normal(size=(32, 5)), images(), images()
    intake = taken(Call("g", z, fake), Call("d", real, real[:, 0, 0]), Call("d", fake, fake[:, 0, 0]), steps=2)
    np.testing.assert_array_equal(intake.reals()[:32], real)
    np.testing.assert_array_equal(intake.sampler()(32), z)


def test_one_batch_of_both():
    fake, real = images(), images()
    for mixed in (np.concatenate([fake, real]), np.concatenate([real, fake])):
        intake = taken(Call("g", rng.normal(size=(32, 5)), fake), Call("d", mixed, mixed[:, 0, 0]))
        np.testing.assert_array_equal(intake.reals(), real)


def test_label_planes_beside_the_image():
    fake, real, planes = images(), images(), images(64, 10)
    given = np.concatenate([np.concatenate([fake, real]), planes], axis=-1)
    intake = taken(Call("g", rng.normal(size=(32, 15)), fake), Call("d", given, given[:, 0, 0, :1]))
    np.testing.assert_array_equal(intake.reals(), real)


def test_labels_as_a_second_input():
    z, labels, fake, real = rng.normal(size=(64, 5)), rng.integers(0, 10, (64, 1)), images(64), images(64)
    calls = (Call("g", [z, labels], fake), Call("d", [real, labels], labels), Call("d", [fake, labels], labels))
    sampled = taken(*calls).sampler()(40)
    np.testing.assert_array_equal(sampled[0], z[:40])
    np.testing.assert_array_equal(sampled[1], labels[:40])


def test_a_batch_that_is_judged_twice_is_kept_once():
    fake, real = images(), images()
    calls = [Call("d", x, x[:, 0, 0]) for x in (fake, fake, real, real)]
    np.testing.assert_array_equal(taken(Call("g", rng.normal(size=(32, 5)), fake), *calls).reals(), real)


def test_points_of_a_gradient_penalty_are_not_real():
    fake, real, share = images(), images(), rng.random((32, 1, 1, 1)).astype(np.float32)
    between = (share * real + (1 - share) * fake).astype(np.float32)
    calls = [Call("d", x, x[:, 0, 0]) for x in (fake, real, between)]
    intake = taken(Call("g", rng.normal(size=(32, 5)), fake), *calls)
    np.testing.assert_array_equal(intake.reals(), real)


def test_augmented_fakes_are_not_taken_for_real():
    fake, real = images(), images()
    calls = [Call("d", x, x[:, 0, 0]) for x in (real, fake[:, :, ::-1])]
    assert taken(Call("g", rng.normal(size=(32, 5)), fake), *calls).reals() is None


def test_augmented_fakes_that_the_framework_knows_of():
    fake, real = images(), images()
    calls = (Call("d", real, real[:, 0, 0], False), Call("d", fake[:, :, ::-1], fake[:, 0, 0], True))
    np.testing.assert_array_equal(taken(Call("g", rng.normal(size=(32, 5)), fake), *calls).reals(), real)


def test_it_ends():
    fake = images(4)
    intake = taken(Call("g", rng.normal(size=(4, 5)), fake), Call("d", fake, fake[:, 0, 0]), steps=20)
    assert intake.is_full
    assert intake.reals() is None

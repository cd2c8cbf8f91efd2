"""What the players are fed is told apart by its values: which rows are real, and what they were generated from."""

from typing import Any

import numpy as np
import pytest

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


@pytest.mark.parametrize("order", ["images first", "labels first", "dictionary"])
@pytest.mark.parametrize("one_batch", [True, False])
def test_labels_as_a_second_input(order, one_batch):
    def given(images: np.ndarray, labels: np.ndarray) -> Any:
        if order == "dictionary":
            return {"image": images, "label": labels}
        return (images, labels) if order == "images first" else [labels, images]

    z, fake, real = rng.normal(size=(64, 5)), images(64), images(64)
    of_fake, of_real = np.arange(64) % 3, np.arange(64) % 2
    both = given(np.concatenate([fake, real]), np.concatenate([of_fake, of_real]))
    fed = [both] if one_batch else [given(real, of_real), given(fake, of_fake)]
    intake = taken(Call("g", (z, of_fake), fake), *(Call("d", x, of_fake) for x in fed))
    np.testing.assert_equal(intake.reals_as_fed(), given(real, of_real))
    np.testing.assert_array_equal(intake.reals(), real)
    np.testing.assert_equal(intake.sampler()(288), (z, of_fake))
    some = [5, 2, 7]
    put = intake.fakes_as_fed()(-fake[some], (z[some], of_fake[some]))
    np.testing.assert_equal(put, given(-fake[some], of_fake[some]))


@pytest.mark.parametrize("images_first", [True, False])
@pytest.mark.parametrize("flat", [True, False])
def test_labels_as_channels_or_columns_beside_the_image(images_first, flat):
    z, fake, real, labels = rng.normal(size=(64, 5)), images(64), images(64), np.eye(3)[np.arange(64) % 3]
    beside = labels if flat else np.broadcast_to(labels[:, None, None], (64, 8, 8, 3))
    if flat:
        fake, real = fake.reshape(64, -1), real.reshape(64, -1)

    def joined(images: np.ndarray, conditions: np.ndarray) -> np.ndarray:
        both = [images, conditions] if images_first else [conditions, images]
        return np.concatenate(both, axis=-1).astype(np.float32)

    fed = np.concatenate([joined(fake, beside), joined(real, beside)])
    given = np.concatenate([z, labels], axis=1)
    intake = taken(Call("g", given, fake), Call("d", fed, labels), Call("d", joined(fake, beside), labels))
    np.testing.assert_array_equal(intake.reals_as_fed(), joined(real, beside))
    np.testing.assert_array_equal(intake.reals(), real)
    put = intake.fakes_as_fed()(-fake[4:6], intake.sampler()(64)[4:6])
    np.testing.assert_array_equal(put, joined(-fake[4:6], beside[4:6]))


def test_images_alone_need_nothing_beside_them():
    fake, real = images(64), images(64)
    calls = [Call("d", x, x[:, 0, 0]) for x in (fake, real)]
    assert taken(Call("g", rng.normal(size=(64, 5)), fake), *calls).fakes_as_fed() is None


def test_images_of_earlier_steps_that_are_shown_again_are_not_real():
    old, fake, real = images(), images(), images()
    intake = taken(Call("g", rng.normal(size=(32, 5)), old))  # as for a pool of images that D is shown later
    intake.take([Call("g", rng.normal(size=(32, 5)), fake), *(Call("d", x, x[:, 0, 0]) for x in (old, real, fake))])
    np.testing.assert_array_equal(intake.reals(), real)


def test_where_some_are_generated_out_of_sight_none_is_kept():
    fake, real, unseen = images(), images(), images()
    calls = Call("g", rng.normal(size=(32, 5)), fake), *(Call("d", x, x[:, 0, 0]) for x in (fake, real, unseen))
    assert taken(*calls).reals() is None
    twice = Call("d", 2 * fake, fake[:, 0, 0], of_generator=True)  # of as many generated ones both may be real
    assert len(taken(*calls, twice).reals()) == 64


def test_no_more_is_kept_than_is_probed_with():
    intake = Intake()
    for _ in range(20):
        z, fake, real = rng.normal(size=(32, 5)), images(), images()
        intake.take([Call("g", z, fake), *(Call("d", x, x[:, 0, 0]) for x in (fake, real))])
    assert (len(intake.reals()), len(intake.sampler()(1000))) == (512, 288)
    assert intake.reals_are_full
    assert intake.latents_are_full


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


def test_points_of_a_penalty_beside_the_data_are_not_real_but_where_they_are_all_there_is():
    fake, real = images(), images()
    near = real + 0.5 * images()
    told = [Call("d", near, near[:, 0, 0], is_penalised=True), *(Call("d", x, x[:, 0, 0]) for x in (fake, real))]
    np.testing.assert_array_equal(taken(Call("g", rng.normal(size=(32, 5)), fake), *told).reals(), real)
    r1 = [Call("d", real, real[:, 0, 0], is_penalised=True), Call("d", fake, fake[:, 0, 0])]
    np.testing.assert_array_equal(taken(Call("g", rng.normal(size=(32, 5)), fake), *r1).reals(), real)


def test_augmented_fakes_are_not_taken_for_real():
    fake, real = images(), images()
    calls = [Call("d", x, x[:, 0, 0]) for x in (real, fake[:, :, ::-1])]
    assert taken(Call("g", rng.normal(size=(32, 5)), fake), *calls).reals() is None


def test_augmented_fakes_that_the_framework_knows_of():
    fake, real = images(), images()
    calls = (Call("d", real, real[:, 0, 0], False), Call("d", fake[:, :, ::-1], fake[:, 0, 0], True))
    np.testing.assert_array_equal(taken(Call("g", rng.normal(size=(32, 5)), fake), *calls).reals(), real)


def test_the_rest_of_an_epoch_does_not_say_how_many_are_made_at_a_time():
    intake = Intake()
    assert intake.made_at_a_time is None
    for count in (32, 32, 1):
        fake, real = images(count), images(count)
        intake.take([Call("g", rng.normal(size=(count, 5)), fake), *(Call("d", x, x[:, 0, 0]) for x in (real, fake))])
    assert intake.made_at_a_time == 32

"""Looking at the data of `fit`: the right images, and not one random number or element fewer for the training."""

import numpy as np
import pytest

from gandoctor.experiments.child.peek import IMAGES_MAX, CannotPeek, peek

pytestmark = pytest.mark.training
SHAPE = (8, 8, 1)


@pytest.fixture
def tf():
    return pytest.importorskip("tensorflow")


@pytest.fixture
def images():
    return np.random.default_rng(0).random((96, 8, 8, 1), np.float32)


def read(dataset):
    return [np.asarray(element) for _ in range(2) for element in dataset]


PIPELINES = {
    "shuffled": (lambda d: d.shuffle(96).batch(16), lambda v: v),
    "mapped after the shuffle": (
        lambda d: d.shuffle(96).map(lambda v: v * 2 - 1).batch(16).prefetch(1),
        lambda v: v * 2 - 1,
    ),
    "cached, repeated, taken": (
        lambda d: d.cache().shuffle(50, seed=4).repeat(2).batch(16, drop_remainder=True).take(7),
        lambda v: v,
    ),
    "batched, then mapped in parallel": (
        lambda d: d.batch(16, num_parallel_calls=2).map(lambda v: v * 2, 2).skip(1),
        lambda v: v * 2,
    ),
}


@pytest.mark.parametrize(("build", "scaled"), PIPELINES.values(), ids=PIPELINES)
def test_training_sees_the_same_data_after_a_look(tf, images, build, scaled):
    def fresh():
        tf.keras.utils.set_random_seed(7)
        return build(tf.data.Dataset.from_tensor_slices(images))

    untouched = read(fresh())
    looked_at = fresh()
    seen = peek(looked_at, SHAPE)
    for one, other in zip(untouched, read(looked_at), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(seen) >= 80
    assert {image.tobytes() for image in seen} <= {image.tobytes() for image in scaled(images)}


def test_global_random_states_are_untouched(tf, images):
    tf.random.set_seed(3)
    np.random.seed(3)
    before = float(tf.random.uniform(())), np.random.random()
    tf.random.set_seed(3)
    np.random.seed(3)
    peek(tf.data.Dataset.from_tensor_slices(images).map(lambda v: v + 1).batch(4), SHAPE)
    assert (float(tf.random.uniform(())), np.random.random()) == before


def test_the_images_are_found_beside_labels(tf, images):
    labels = np.zeros((96, 10), np.float32)
    slices = tf.data.Dataset.from_tensor_slices
    zipped = tf.data.Dataset.zip((slices(labels), slices(images))).shuffle(96).batch(32)
    np.testing.assert_array_equal(peek(zipped, SHAPE), images)
    np.testing.assert_array_equal(peek(slices({"y": labels, "x": images}).batch(32), SHAPE), images)
    np.testing.assert_array_equal(peek((labels, images), SHAPE), images)
    np.testing.assert_array_equal(peek(tf.constant(images), None), images)
    np.testing.assert_array_equal(peek(images[..., 0], SHAPE), images[..., 0])


def test_no_more_than_needed(images):
    assert len(peek(np.repeat(images, 10, axis=0), SHAPE)) == IMAGES_MAX


def augmented(tf, d):
    return d.map(lambda v: tf.image.random_flip_left_right(v)).batch(8)


def numbered(tf, d):
    counter = tf.Variable(0.0)
    return d.map(lambda v: v + counter.assign_add(1.0)).batch(8)


def in_python(tf, d):
    return d.map(lambda v: tf.numpy_function(lambda a: a, [v], tf.float32)).batch(8)


def generated(tf, d):
    def elements():
        raise AssertionError("the generator was started")
        yield

    return tf.data.Dataset.from_generator(elements, output_signature=tf.TensorSpec((8, 8, 1)))


def drawn(tf, d):
    return tf.data.Dataset.random(seed=1).map(lambda v: tf.fill((8, 8, 1), tf.cast(v, tf.float32))).batch(8)


@pytest.mark.parametrize("build", [augmented, numbered, in_python, generated, drawn])
def test_what_reading_again_could_change_is_not_read(tf, images, build):
    with pytest.raises(CannotPeek, match="could change the training"):
        peek(build(tf, tf.data.Dataset.from_tensor_slices(images)), SHAPE)


def test_stateless_randomness_is_no_obstacle(tf, images):
    dataset = tf.data.Dataset.from_tensor_slices(images)
    flipped = dataset.map(lambda v: tf.image.stateless_random_flip_left_right(v, seed=(1, 2))).batch(32)
    assert peek(flipped, SHAPE).shape == (96, 8, 8, 1)


def test_files_are_read(tf, images, tmp_path):
    for i in range(20):
        png = tf.io.encode_png((images[i] * 255).astype(np.uint8))
        tf.io.write_file(str(tmp_path / str(i % 2) / f"{i}.png"), png)
    folder = tf.keras.utils.image_dataset_from_directory(
        tmp_path, image_size=(8, 8), color_mode="grayscale", label_mode=None, batch_size=10, verbose=False
    )
    assert peek(folder.map(lambda v: v / 255.0), SHAPE).shape == (20, 8, 8, 1)


def test_data_that_runs_code_is_not_read(tf, images):
    class Sequence(tf.keras.utils.PyDataset):
        def __len__(self):
            raise AssertionError("its code was run")

        __getitem__ = __len__

    with pytest.raises(CannotPeek, match="Sequence"):
        peek(Sequence(), SHAPE)
    with pytest.raises(CannotPeek, match="only once"):
        peek((i for i in images), SHAPE)


def test_data_without_images_says_what_there_is():
    with pytest.raises(CannotPeek, match=r"\(20, 5\)"):
        peek(np.zeros((20, 5)), SHAPE)
    with pytest.raises(CannotPeek, match=r"\(20, 9, 9, 1\)"):
        peek(np.zeros((20, 9, 9, 1)), SHAPE)

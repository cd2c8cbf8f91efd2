"""A tensor of the training graph is copied without keeping TensorFlow from regrouping the sums behind it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gandoctor.backends.tensorflow.in_graph.anew import anew
from gandoctor.backends.tensorflow.in_graph.switch import KerasSwitch

pytestmark = pytest.mark.training


def _scores(network):
    """Return a function that scores images in a graph, and the kept copy of the scores."""
    kept, switch = tf.Variable(tf.zeros((3, 4))), KerasSwitch("copy")
    switch.set(True)

    @tf.function
    def score(x):
        scores = network(x)
        reshaped = tf.reshape(scores, (3, 4))
        switch.when_on(lambda: kept.assign(anew(reshaped)))
        return tf.reduce_sum(1.0 - reshaped)

    return score, kept


@pytest.mark.parametrize("last", [keras.layers.Conv2D(1, 2), keras.layers.Conv2D(1, 2, activation="tanh")])
def test_the_copy_is_what_the_network_returned(last):
    network = keras.Sequential([keras.Input((3, 3, 2)), last])
    x = tf.random.normal((3, 3, 3, 2))
    score, kept = _scores(network)
    score(x)
    np.testing.assert_allclose(kept.numpy(), tf.reshape(network(x), (3, 4)), rtol=1e-6)


def test_a_sum_has_no_reader_but_the_programs_own():
    network = keras.Sequential([keras.Input((3, 3, 2)), keras.layers.Conv2D(1, 2)])
    score, _ = _scores(network)
    graph = score.get_concrete_function(tf.zeros((3, 3, 3, 2))).graph
    sums = [op for op in graph.get_operations() if op.type in ("AddV2", "BiasAdd") or op.name == "Reshape"]
    readers = {op.name: [reader.type for reader in op.outputs[0].consumers()] for op in sums}
    assert readers
    assert not any("PartitionedCall" in kind for kinds in readers.values() for kind in kinds), readers


def test_what_is_random_is_not_drawn_again():
    kept, switch = tf.Variable(tf.zeros((4,))), KerasSwitch("copy")
    switch.set(True)

    @tf.function
    def draw():
        drawn = tf.random.normal((4,)) + 1.0
        switch.when_on(lambda: kept.assign(anew(drawn)))
        return drawn

    np.testing.assert_array_equal(draw(), kept.numpy())


def test_a_tensor_of_the_same_graph_and_an_eager_one_are_returned_as_they_are():
    eager = tf.constant(1.0) + 1.0
    assert anew(eager) is eager

    @tf.function
    def step():
        here = tf.constant(1.0) + 1.0
        assert anew(here) is here

    step()

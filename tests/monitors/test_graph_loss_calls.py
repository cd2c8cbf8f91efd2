"""What cross-entropies of classes are given in a traced step of TensorFlow."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.training


@pytest.mark.parametrize(
    ("softmax", "reshaped", "given"),
    [(True, False, "probabilities"), (True, True, "probabilities"), (False, True, "any")],
)
def test_a_softmax_before_the_cross_entropy_is_seen(softmax: bool, reshaped: bool, given: str) -> None:
    import tensorflow as tf

    from gandoctor.backends.tensorflow.in_graph.loss_calls import LossCalls

    seen = LossCalls()
    weights = tf.Variable(tf.ones((4, 3)))

    @tf.function
    def step(x: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            scores = x @ weights
            scores = tf.nn.softmax(scores) if softmax else scores
            scores = tf.reshape(scores, (-1, 3)) if reshaped else scores
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)) + 1.0
        seen.differentiated(loss)
        return tape.gradient(loss, weights)

    step(tf.ones((2, 4)), tf.constant([0, 1]))
    assert seen.cards["cross_entropy"].given == given
    assert seen.cards["cross_entropy"].calls is None
    seen.differentiated(tf.constant(1.0))  # eager: there is no graph to read

"""keras.io's way: a shuffled tf.data pipeline and fit, twice; writes the final weights and the random states."""

import random
import sys

import keras
import numpy as np
import tensorflow as tf
from tiny_gan import images, make_gan

keras.utils.set_random_seed(1)
tf.config.experimental.enable_op_determinism()
dataset = tf.data.Dataset.from_tensor_slices(images())
dataset = dataset.map(lambda image: image * 2 - 1).cache().shuffle(64).batch(16, drop_remainder=True).prefetch(2)
gan = make_gan()
gan.fit(dataset, epochs=2, verbose=2)
gan.fit(dataset, epochs=1, verbose=0)
print("trained with", sys.argv[1:])
np.savez(
    sys.argv[1],
    *[v.numpy() for v in [*gan.variables, *gan.d_optimizer.variables, *gan.g_optimizer.variables]],
    states=np.array([random.random(), np.random.random(), float(tf.random.uniform(()))]),
)

"""Two GANs in turn, from arrays and from a Python generator; a failing callback at the end if asked for."""

import sys

import keras
import tensorflow as tf
from tiny_gan import images, make_gan

first, second = make_gan(), make_gan()
data = images()
first.fit(data, batch_size=16, epochs=1, verbose=0, validation_data=None)


def batches():
    print("the generator was started")
    for start in range(0, 96, 16):
        yield data[start : start + 16]


streamed = tf.data.Dataset.from_generator(batches, output_signature=tf.TensorSpec((None, 8, 8, 1)))
second.fit(streamed, epochs=1, verbose=0)
first.fit(data, batch_size=16, epochs=1, verbose=0)


class Broken(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            raise ValueError("the user's own mistake")


if sys.argv[1:] == ["--break"]:
    first.fit(data, batch_size=16, epochs=1, verbose=0, callbacks=[Broken()])

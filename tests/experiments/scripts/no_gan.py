"""A classifier, an autoencoder whose attribute `d` is a number, and an exit status of its own."""

import sys

import keras
import numpy as np

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)
odd = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)], name="odd")
odd.g, odd.d = 1.5, 0.5
odd.compile("sgd", "mse")
odd.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)
print("ran to its end")
sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

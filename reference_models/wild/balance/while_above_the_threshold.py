"""Points on a ring; each player is trained while its own loss is above a threshold, and only then the other."""

import keras
import numpy as np

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(930)
x, _ = ring()
G, D = dense(8, 2, name="G"), dense(2, 1, output="sigmoid", name="D")
D.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), loss="binary_crossentropy")
z = keras.Input((8,))
stacked = keras.Model(z, D(G(z)), name="stacked")
D.trainable = False
stacked.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), loss="binary_crossentropy")

A, B, BUDGET = 0.3, 0.3, 2000
rng = np.random.default_rng(0)
ones, zeros = np.ones((128, 1)), np.zeros((128, 1))


def noise(n):
    return rng.normal(size=(n, 8)).astype("float32")


def train_D():
    D.trainable = True
    on_real = D.train_on_batch(x[rng.integers(0, len(x), 128)], ones)
    on_fake = D.train_on_batch(G.predict_on_batch(noise(128)), zeros)
    D.trainable = False
    return 0.5 * (float(on_real) + float(on_fake))


updates, turns = 0, 0
while updates < BUDGET:
    lossD, lossG = float("inf"), float("inf")
    while lossD > A and updates < BUDGET:
        D.reset_metrics()
        lossD = train_D()
        updates += 1
    while lossG > B and updates < BUDGET:
        stacked.reset_metrics()
        lossG = float(stacked.train_on_batch(noise(128), ones))
        updates += 1
    turns += 1
    if turns % 20 == 0:
        print(f"{updates} updates in {turns} turns: lossD {lossD:.4f}, lossG {lossG:.4f}")

ending(G.predict(noise(1000), verbose=0), x[:2000], d_loss=lossD, g_loss=lossG, turns=turns)

"""Made rows are refined until they look like those of a table; `trainable` is set where the models are compiled."""

import keras
import numpy as np

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(1002)
real = standardised(people())
rng = np.random.default_rng(0)
synthetic = (0.4 * rng.permutation(real) + np.array([1.0, -1.0, 0.5, 0.0, -0.5, 1.0])).astype("float32")
synthetic += rng.normal(0, 0.1, synthetic.shape).astype("float32")
BATCH = 64

row = keras.Input((6,))
refiner_model = keras.Model(row, row + dense(6, 6)(row), name="refiner")
discriminator_model = dense(6, 1, output="sigmoid", name="discriminator")
discriminator_model.trainable = False
combined_model = keras.Model(row, [refiner_model(row), discriminator_model(refiner_model(row))])

refiner_model.compile(keras.optimizers.Adam(1e-3), loss="mae")
discriminator_model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), loss="binary_crossentropy")
combined_model.compile(
    keras.optimizers.Adam(1e-3, beta_1=0.5), loss=["mae", "binary_crossentropy"], loss_weights=[0.05, 1.0]
)


def batch_of(rows):
    return rows[rng.integers(0, len(rows), BATCH)]


def train_discriminator():
    discriminator_model.reset_metrics()
    on_real = discriminator_model.train_on_batch(batch_of(real), np.ones((BATCH, 1)))
    refined = refiner_model.predict_on_batch(batch_of(synthetic))
    return float(on_real + discriminator_model.train_on_batch(refined, np.zeros((BATCH, 1))))


for step in range(100):
    d_loss = train_discriminator()
    if step % 25 == 0:
        print(f"pre-training {step}: discriminator {d_loss:.4f}")

for step in range(800):
    d_loss = train_discriminator()
    made = batch_of(synthetic)
    combined_model.reset_metrics()
    losses = combined_model.train_on_batch(made, [made, np.ones((BATCH, 1))])
    if step % 100 == 0:
        print(f"step {step}: discriminator {d_loss:.4f}, refiner {losses[0]:.4f}")

ending(refiner_model.predict(synthetic[:1000], verbose=0), real[:2000], d_loss=d_loss, g_loss=losses[-1])

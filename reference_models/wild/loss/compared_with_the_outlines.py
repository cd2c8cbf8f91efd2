"""From outlines to digits; the L1 loss of the combined model is given the outlines, which are what went in."""

import keras
import numpy as np
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator

keras.utils.set_random_seed(901)
real_images, _ = digits()
thick = keras.ops.convert_to_numpy(keras.ops.max_pool(real_images, 3, strides=1, padding="same"))
edge_images = thick - real_images - 1.0
batch_size, steps = 32, 300

refiner = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(24, 5, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Conv2D(24, 5, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Conv2D(1, 5, padding="same", activation="tanh"),
    ]
)
discriminator_model = digit_discriminator("sigmoid", planes=2, dropout=0.0)
discriminator_model.compile(keras.optimizers.Adam(3e-4, beta_1=0.5), loss="binary_crossentropy")

edges = keras.Input((28, 28, 1))
generated = refiner(edges)
verdict = discriminator_model(layers.Concatenate()([edges, generated]))
combined_model = keras.Model(edges, [generated, verdict], name="combined")
discriminator_model.trainable = False
combined_model.compile(
    keras.optimizers.Adam(5e-4, beta_1=0.5),
    loss=["mean_absolute_error", "binary_crossentropy"],
    loss_weights=[30.0, 1.0],
)

rng = np.random.default_rng(0)
y_real, y_fake = np.ones((batch_size, 1)), np.zeros((batch_size, 1))
for i in range(steps):
    pick = rng.integers(0, len(real_images), batch_size)
    edge_image_batch, real_image_batch = edge_images[pick], real_images[pick]
    generated_image_batch = refiner.predict_on_batch(edge_image_batch)
    discriminator_model.trainable = True
    disc_real = discriminator_model.train_on_batch(np.concatenate([edge_image_batch, real_image_batch], -1), y_real)
    disc_fake = discriminator_model.train_on_batch(
        np.concatenate([edge_image_batch, generated_image_batch], -1), y_fake
    )
    discriminator_model.trainable = False
    combined_loss = combined_model.train_on_batch(edge_image_batch, [edge_image_batch, y_real])
    if i % 50 == 0:
        print(f"Step: {i} of {steps}. combined loss: {combined_loss}, discriminator: {disc_real:.4f} {disc_fake:.4f}")

made = refiner.predict(edge_images[:500], verbose=0)
off = np.abs(made - real_images[:500]).mean()
ending(made, real_images[:1500], off=off, d_loss=disc_real + disc_fake, g_loss=combined_loss[2], l1=combined_loss[1])

"""Points on a ring, WGAN; the labels are one and nought where the loss wants minus one and one, so fakes weigh nothing."""

import keras
import numpy as np

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(311)
x, _ = ring()
batch_size, clip_value = 64, 0.1
rng = np.random.default_rng(0)


def wasserstein_loss(y_true, y_pred):
    return keras.ops.mean(y_true * y_pred)


critic, generator = dense(2, 1), dense(8, 2)
critic.compile(loss=wasserstein_loss, optimizer=keras.optimizers.RMSprop(5e-4))
z = keras.Input((8,))
critic.trainable = False
combined = keras.Model(z, critic(generator(z)))
combined.compile(loss=wasserstein_loss, optimizer=keras.optimizers.RMSprop(5e-4))
valid = np.ones((batch_size, 1), "float32")
fake = np.zeros((batch_size, 1), "float32")

for epoch in range(1000):
    critic.trainable = True
    for _ in range(3):
        imgs = x[rng.integers(0, len(x), batch_size)]
        gen_imgs = generator.predict_on_batch(rng.normal(size=(batch_size, 8)).astype("float32"))
        d_loss_real = critic.train_on_batch(imgs, valid)
        d_loss_fake = critic.train_on_batch(gen_imgs, fake)
        for layer in critic.layers:
            layer.set_weights([np.clip(weights, -clip_value, clip_value) for weights in layer.get_weights()])
    critic.trainable = False
    g_loss = combined.train_on_batch(rng.normal(size=(batch_size, 8)).astype("float32"), valid)
    if epoch % 100 == 0:
        print(f"{epoch} [D loss: {0.5 * (d_loss_real + d_loss_fake):.4f}] [G loss: {g_loss:.4f}]")

samples = generator.predict(rng.normal(size=(1000, 8)).astype("float32"), verbose=0)
ending(samples, x[:2000], d_loss=d_loss_real + d_loss_fake, g_loss=g_loss)

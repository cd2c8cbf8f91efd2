"""Keras-GAN style: the discriminator is compiled, then frozen for the combined model, which in Keras 3 freezes both."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np

from support.programs import networks


def train(monitor: Any, steps: int) -> dict[str, Any]:
    generator, discriminator = networks.generator(), networks.discriminator("sigmoid")
    discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(2e-4, 0.5))
    discriminator.trainable = False
    z = keras.Input((networks.LATENT_DIM,))
    combined = keras.Model(z, discriminator(generator(z)))
    combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(2e-4, 0.5))
    reals = networks.images()
    valid, fake_label = np.ones((16, 1), np.float32), np.zeros((16, 1), np.float32)

    def step() -> tuple[float, float]:
        real = reals[np.random.randint(0, len(reals), 16)]
        fake = generator.predict_on_batch(np.random.normal(0, 1, (16, networks.LATENT_DIM)).astype(np.float32))
        d_real = discriminator.train_on_batch(real, valid)
        d_fake = discriminator.train_on_batch(fake, fake_label)
        noise = np.random.normal(0, 1, (16, networks.LATENT_DIM)).astype(np.float32)
        g_loss = combined.train_on_batch(noise, valid)
        return 0.5 * float(np.add(d_real, d_fake)), float(g_loss)

    with warnings.catch_warnings():
        # Keras says so, once, in a line that is easily missed: the very thing this program is about.
        warnings.filterwarnings("ignore", message="The model does not have any trainable weights")
        if monitor is None:
            for _ in range(steps):
                step()
        else:
            with monitor(
                generator=generator,
                discriminator=discriminator,
                g_optimizer=combined.optimizer,
                d_optimizer=discriminator.optimizer,
                probe_data=reals,
            ) as recording:
                for _ in range(steps):
                    d_loss, g_loss = step()
                    recording.step(d_loss=d_loss, g_loss=g_loss)
    return networks.state(generator, discriminator, combined.optimizer, discriminator.optimizer)

"""The article's style: two compiled models and `train_on_batch`; the discriminator is not frozen in the second."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from support.programs import networks


def train(monitor: Any, steps: int, steps_before: int = 0) -> dict[str, Any]:
    """Train; the first `steps_before` steps without the monitor."""
    generator, discriminator = networks.generator(), networks.discriminator("sigmoid")
    discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.RMSprop(2e-4), metrics=["accuracy"])
    adversarial = keras.Sequential([generator, discriminator])
    adversarial.compile(loss="binary_crossentropy", optimizer=keras.optimizers.RMSprop(1e-4), metrics=["accuracy"])
    reals = networks.images()
    rng = np.random.RandomState(4)

    def step() -> tuple[float, float]:
        real = reals[rng.randint(0, len(reals), 16)]
        fake = generator.predict_on_batch(rng.uniform(-1.0, 1.0, (16, networks.LATENT_DIM)).astype(np.float32))
        labels = np.concatenate([np.ones((16, 1)), np.zeros((16, 1))]).astype(np.float32)
        d_loss = discriminator.train_on_batch(np.concatenate([real, fake]), labels)[0]
        noise = rng.uniform(-1.0, 1.0, (16, networks.LATENT_DIM)).astype(np.float32)
        g_loss = adversarial.train_on_batch(noise, np.ones((16, 1), np.float32))[0]
        return float(d_loss), float(g_loss)

    for _ in range(steps_before):
        step()
    if monitor is None:
        for _ in range(steps):
            step()
    else:
        with monitor(
            generator=generator,
            discriminator=discriminator,
            g_optimizer=adversarial.optimizer,
            latent_sampler=lambda n: rng.uniform(-1.0, 1.0, (n, networks.LATENT_DIM)).astype(np.float32),
            probe_data=reals,
        ) as recording:
            for _ in range(steps):
                d_loss, g_loss = step()
                recording.step(d_loss=d_loss, g_loss=g_loss)
    return networks.state(generator, discriminator, discriminator.optimizer, adversarial.optimizer) | {
        "drawn": rng.rand(3)
    }

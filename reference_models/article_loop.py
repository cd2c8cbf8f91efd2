"""The article's own program: two compiled models and `train_on_batch`, with a monitor around the loop.

    python -m reference_models.article_loop runs/article --steps 200 --freeze each-phase
    gandoctor report runs/article

`gan.DCGAN` does the same in a `train_step`. Here the loop is as the article writes it. `--freeze` selects one of the
two ways in which programs like it freeze the discriminator for the adversarial step.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Literal, get_args

import keras
import numpy as np
from numpy.typing import NDArray

from gandoctor import GANMonitor
from reference_models.datasets import in_range, load_images, split
from reference_models.dcgan import build_discriminator, build_generator
from reference_models.gan import rmsprop
from reference_models.settings import Settings, load_settings

Freeze = Literal["never", "once", "each-phase"]
"""How D is frozen in the adversarial step.

never: not at all, as published; the adversarial step updates D too.
once: `D.trainable = False` between the two calls of `compile`. This was right in Keras 2; in Keras 3, D never trains.
each-phase: the flag is set before every call, which is right.
"""


def train(
    run_dir: str | Path, settings: Settings, images: NDArray[np.float32], freeze: Freeze = "never", seed: int = 0
) -> tuple[keras.Model, keras.Model]:
    """Train for `settings.training.steps` steps and record them.

    Args:
        run_dir: Directory to record into.
        settings: Networks, optimizers, batch size and latents.
        images: Real images, (n, height, width, channels), in the range of `settings.data`.
        freeze: How the discriminator is frozen in the adversarial step.
        seed: Seed of weights, dropout, latents and the order of the images.

    Returns:
        The generator and the discriminator.
    """
    keras.utils.set_random_seed(seed)
    height, width, depth = images.shape[1:]
    generator = build_generator(settings, (height, width, depth))
    discriminator = build_discriminator(settings, (height, width, depth))

    DM = keras.Sequential([discriminator])
    DM.compile(loss="binary_crossentropy", optimizer=rmsprop(settings.discriminator), jit_compile=False)
    if freeze == "once":
        discriminator.trainable = False
    AM = keras.Sequential([generator, discriminator])
    AM.compile(loss="binary_crossentropy", optimizer=rmsprop(settings.generator), jit_compile=False)

    rng, monitor_rng = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    latent, count = settings.latent, settings.training.batch_size

    def noise(n: int, rng: np.random.Generator = rng) -> NDArray[np.float32]:
        return rng.uniform(latent.low, latent.high, (n, latent.dimension)).astype(np.float32)

    real_and_fake = np.concatenate([np.ones((count, 1)), np.zeros((count, 1))]).astype(np.float32)
    with GANMonitor(
        run_dir,
        generator=generator,
        discriminator=discriminator,
        d_optimizer=DM.optimizer,
        g_optimizer=AM.optimizer,
        latent_sampler=lambda n: noise(n, monitor_rng),
        probe_data=images[:512],
        loss="non_saturating",
    ) as monitor:
        for _ in range(settings.training.steps):
            if freeze == "each-phase":
                discriminator.trainable = True
            real = images[rng.integers(0, len(images), count)]
            fake = generator.predict_on_batch(noise(count))
            DM.reset_metrics()  # Keras 3 returns running means
            d_loss = DM.train_on_batch(np.concatenate([real, fake]), real_and_fake)

            if freeze == "each-phase":
                discriminator.trainable = False
            AM.reset_metrics()
            g_loss = AM.train_on_batch(noise(count), np.ones((count, 1), np.float32))
            monitor.step(d_loss=d_loss, g_loss=g_loss)
    return generator, discriminator


def main() -> None:
    """Train the quick preset on the embedded digits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run_dir", help="directory to record into")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--freeze", choices=get_args(Freeze), default="never")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    settings = load_settings("quick", [f"training.steps={given.steps}"])
    images = in_range(split(load_images(), given.seed).training, settings.data.range)
    train(given.run_dir, settings, images, given.freeze, given.seed)


if __name__ == "__main__":
    main()

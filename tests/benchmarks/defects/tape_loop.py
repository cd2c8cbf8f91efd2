"""A hand-written `tf.function` with a gradient tape for each player, sound or with one fault.

python tests/benchmarks/defects/tape_loop.py RUN_DIR STEPS SEED [FAULT]
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import tensorflow as tf
from pieces import pieces

from gandoctor import GANMonitor


def main(run_dir: str, steps: int, seed: int, fault: str | None = None) -> None:
    p = pieces(fault, steps, seed)
    faults, generator, discriminator = p.settings.faults, p.generator, p.discriminator
    count = p.settings.training.batch_size
    p.d_optimizer.build(discriminator.trainable_variables + generator.trainable_variables)
    p.g_optimizer.build(generator.trainable_variables + discriminator.trainable_variables)
    discriminator.trainable = not faults.discriminator_frozen
    generator.trainable = not faults.generator_frozen

    def discriminator_loss(real: Any, fake: Any) -> Any:
        scores = discriminator(tf.concat([real, fake], 0), training=True)
        return p.loss(tf.repeat([[p.real_label], [p.fake_label]], count, axis=0), scores)

    @tf.function
    def train_discriminator(real: Any, z: Any) -> Any:
        weights = list(discriminator.trainable_variables)
        fake = generator(z, training=False)
        with tf.GradientTape() as tape:
            if faults.discriminator_step_moves_generator.start is not None:
                weights += generator.trainable_variables
                fake = generator(z, training=False)  # under the tape, and with no stop_gradient
            loss = discriminator_loss(real, fake)
        p.d_optimizer.apply(tape.gradient(loss, weights), weights)  # with no weights it silently does nothing
        return loss

    @tf.function
    def train_generator(z: Any) -> Any:
        weights = list(generator.trainable_variables)
        if faults.generator_step_moves_discriminator.start is not None:
            weights += discriminator.trainable_variables
        with tf.GradientTape() as tape:
            scores = discriminator(generator(z, training=True), training=True)
            loss = p.loss(tf.fill(tf.shape(scores), p.wanted_label), scores)
        p.g_optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    for _ in range(p.pretrain_steps):
        train_discriminator(next(p.reals), p.latents(count))
    with GANMonitor(
        run_dir,
        generator=generator,
        discriminator=discriminator,
        d_optimizer=p.d_optimizer,
        g_optimizer=p.g_optimizer,
        latent_sampler=p.sampler,
        probe_data=p.probe,
        loss="non_saturating",
    ) as monitor:
        for step in range(1, steps + 1):
            real = next(p.reals)
            if p.nan_from is not None and step >= p.nan_from:
                real = real * np.float32("nan")
            d_loss = train_discriminator(real, p.latents(count))
            monitor.step(d_loss=d_loss, g_loss=train_generator(p.latents(count)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])

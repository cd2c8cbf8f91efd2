"""A hand-written `tf.function` loop as in TensorFlow's tutorial: both tapes at once, one optimizer each or one."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from support.programs import networks


def train(monitor: Any, steps: int, one_optimizer: bool = False) -> dict[str, Any]:
    generator, discriminator = networks.generator(), networks.discriminator()
    g_optimizer = keras.optimizers.Adam(1e-3)
    d_optimizer = g_optimizer if one_optimizer else keras.optimizers.Adam(1e-3)
    if one_optimizer:
        g_optimizer.build(generator.trainable_variables + discriminator.trainable_variables)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    reals = networks.images()

    @tf.function
    def train_step(images: Any) -> Any:
        noise = tf.random.normal((16, networks.LATENT_DIM))
        with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
            generated = generator(noise, training=True)
            real_output = discriminator(images, training=True)
            fake_output = discriminator(generated, training=True)
            gen_loss = cross_entropy(tf.ones_like(fake_output), fake_output)
            disc_loss = cross_entropy(tf.ones_like(real_output), real_output)
            disc_loss += cross_entropy(tf.zeros_like(fake_output), fake_output)
        g_grads = gen_tape.gradient(gen_loss, generator.trainable_variables)
        d_grads = disc_tape.gradient(disc_loss, discriminator.trainable_variables)
        g_optimizer.apply_gradients(zip(g_grads, generator.trainable_variables, strict=True))
        d_optimizer.apply_gradients(zip(d_grads, discriminator.trainable_variables, strict=True))
        return disc_loss, gen_loss

    batches = [tf.constant(reals[i % 8 * 16 : i % 8 * 16 + 16]) for i in range(steps)]
    if monitor is None:
        for batch in batches:
            train_step(batch)
    else:
        with monitor(
            generator=generator,
            discriminator=discriminator,
            g_optimizer=g_optimizer,
            d_optimizer=d_optimizer,
            probe_data=reals,
        ) as recording:
            for batch in batches:
                d_loss, g_loss = train_step(batch)
                recording.step(d_loss=d_loss, g_loss=g_loss)
    return networks.state(generator, discriminator, g_optimizer, d_optimizer)

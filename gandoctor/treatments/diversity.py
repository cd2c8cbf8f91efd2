"""Treatments against too little diversity: they let the discriminator compare images with each other."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.treatments.treatment import Treatment

TREATMENTS = (
    Treatment(
        id="minibatch-standard-deviation",
        title=Message("Add a minibatch standard deviation layer to the discriminator"),
        explanation=Message(
            "The layer adds a feature map with the standard deviation over the batch, so the discriminator can "
            "penalise images that are too alike. Put it before the last convolution, and feed real and generated "
            "images in separate batches."
        ),
        evidence="moderate",
        reference=Message("Karras et al., Progressive Growing of GANs, ICLR 2018; Salimans et al., NeurIPS 2016"),
        cures=("chasing-the-discriminator", "discriminator-sees-single-images", "collapsed-later"),
        snippets={
            "keras": '''\
import keras
from keras import layers, ops


class MinibatchStandardDeviation(layers.Layer):
    """Appends one channel: the mean standard deviation over the batch. Place it before the last convolution."""

    def call(self, x):
        spread = ops.mean(ops.sqrt(ops.var(x, axis=0) + 1e-8))
        return ops.concatenate([x, spread * ops.ones_like(x[..., :1])], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)
''',
            "torch": '''\
import torch
from torch import nn


class MinibatchStandardDeviation(nn.Module):
    """Appends one channel: the mean standard deviation over the batch. Place it before the last convolution."""

    def forward(self, x):
        spread = (x.var(dim=0, unbiased=False) + 1e-8).sqrt().mean()
        return torch.cat([x, spread * torch.ones_like(x[:, :1])], dim=1)
''',
        },
    ),
    Treatment(
        id="modern-baseline",
        title=Message("Pair the scores, and penalise the slope at real and at generated images (R3GAN)"),
        explanation=Message(
            "Each generated image is scored against a real one instead of against a border, so that no region of the "
            "data can be given up without a price. With a gradient penalty at real images (R1) and at generated ones "
            "(R2) training provably converges near the solution. It replaces both losses; the discriminator returns "
            "logits. The paper's weights go from 0.05 for small images to 150 for faces of 256 pixels."
        ),
        evidence="moderate",
        reference=Message("Huang et al., The GAN is dead; long live the GAN! A Modern GAN Baseline, NeurIPS 2024"),
        cures=("chasing-the-discriminator", "discriminator-sees-single-images", "steep-discriminator"),
        snippets={
            "keras": '''\
import tensorflow as tf


def d_loss(discriminator, real, fake, gamma=1.0):
    """Call it inside the discriminator's tape, with as many real as generated images."""
    fake = tf.stop_gradient(fake)
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)
        total = tf.reduce_sum(on_real) + tf.reduce_sum(on_fake)
    slopes = [tf.reshape(g, [tf.shape(g)[0], -1]) for g in tape.gradient(total, [real, fake])]
    r1, r2 = [tf.reduce_mean(tf.reduce_sum(tf.square(g), axis=1)) for g in slopes]
    return tf.reduce_mean(tf.nn.softplus(on_fake - on_real)) + 0.5 * gamma * (r1 + r2)


def g_loss(discriminator, real, fake):
    """Call it inside the generator's tape."""
    return tf.reduce_mean(tf.nn.softplus(discriminator(real, training=True) - discriminator(fake, training=True)))
''',
            "torch": '''\
import torch
from torch.nn import functional as F


def d_loss(discriminator, real, fake, gamma=1.0):
    """Pass as many real as generated images, and call backward() on what it returns."""
    real, fake = real.detach().requires_grad_(True), fake.detach().requires_grad_(True)
    on_real, on_fake = discriminator(real), discriminator(fake)
    slopes = torch.autograd.grad(on_real.sum() + on_fake.sum(), [real, fake], create_graph=True)
    r1, r2 = (g.square().flatten(1).sum(dim=1).mean() for g in slopes)
    return F.softplus(on_fake - on_real).mean() + 0.5 * gamma * (r1 + r2)


def g_loss(discriminator, real, fake):
    """Pass the generated images with their graph."""
    return F.softplus(discriminator(real).detach() - discriminator(fake)).mean()
''',
        },
    ),
    Treatment(
        id="pack-images",
        title=Message("Show the discriminator two images at a time (packing, as in PacGAN)"),
        explanation=Message(
            "The two images are joined along the channels. If they are too alike, or too often show the same few "
            "kinds, they give the generator away. The discriminator's input has twice the channels; nothing else "
            "changes."
        ),
        evidence="strong",
        reference=Message("Lin et al., PacGAN, NeurIPS 2018 (proof and experiments)"),
        cures=("discriminator-sees-single-images",),
        snippets={
            "keras": '''\
from keras import ops


def packed(images):
    """Pair up the images of a batch of even size: (2n, h, w, c) becomes (n, h, w, 2c)."""
    first, second = ops.split(images, 2)
    return ops.concatenate([first, second], axis=-1)


def scores(discriminator, images):
    """Call this instead of the discriminator, on real and generated images, in both steps."""
    return discriminator(packed(images), training=True)
''',
            "torch": '''\
import torch


def packed(images):
    """Pair up the images of a batch of even size: (2n, c, h, w) becomes (n, 2c, h, w)."""
    first, second = images.chunk(2)
    return torch.cat([first, second], dim=1)


def scores(discriminator, images):
    """Call this instead of the discriminator, on real and generated images, in both steps."""
    return discriminator(packed(images))
''',
        },
    ),
)

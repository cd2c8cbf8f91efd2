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

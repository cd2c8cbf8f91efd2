"""Treatments of batch normalisation: where it goes, what shares a batch, how slowly its averages follow."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.treatments.treatment import Treatment, Words

_HIDDEN_LAYERS_ONLY = """\
from keras import layers

hidden_block = [
    layers.Conv2DTranspose(64, 5, padding="same"),
    layers.BatchNormalization(momentum=0.9),
    layers.Activation("relu"),
]
output_block = [  # nothing between the last weights and the output activation
    layers.Conv2DTranspose(1, 5, padding="same"),
    layers.Activation("sigmoid"),
]
"""

_HIDDEN_LAYERS_ONLY_TORCH = """\
from torch import nn

hidden_block = [nn.ConvTranspose2d(128, 64, 5, padding=2), nn.BatchNorm2d(64), nn.ReLU()]
output_block = [nn.ConvTranspose2d(64, 1, 5, padding=2), nn.Sigmoid()]  # nothing between the last weights and this
"""

TREATMENTS = (
    Treatment(
        id="batch-norm-placement",
        title=Message("Remove batch normalisation from the generator's output and the discriminator"),
        explanation=Message(
            "On the generator's output it fixes the mean and variance of every batch of images. In a discriminator "
            "that sees real and generated images in one batch it mixes their statistics. If you keep it there, use "
            "separate batches."
        ),
        evidence="strong",
        reference=Message("Radford et al., DCGAN, ICLR 2016; ganhacks, tip 4; our measurements (one seed each)"),
        cures=("batch-norm-placement", "batch-norm-in-discriminator", "phases-disagree"),
        snippets={"keras": _HIDDEN_LAYERS_ONLY, "torch": _HIDDEN_LAYERS_ONLY_TORCH},
    ),
    Treatment(
        id="separate-batches",
        title=Message("Feed real and generated images to the discriminator in separate batches"),
        explanation=Message(
            "Call the discriminator twice, compute two losses and add them. Batch normalisation then cannot show which "
            "half of a batch an image is in. The generator's step, whose batch is all generated images too, meets the "
            "same discriminator."
        ),
        evidence="strong",
        reference=Message("ganhacks, tip 4; the mechanism; our measurements (one seed each way)"),
        cures=("batch-norm-in-discriminator",),
        snippets={
            "keras": """\
import tensorflow as tf


def discriminator_step(discriminator, d_optimizer, loss, real, fake):
    with tf.GradientTape() as tape:
        on_real = discriminator(real, training=True)  # a batch of real images only
        on_fake = discriminator(fake, training=True)  # a batch of generated images only
        d_loss = 0.5 * (loss(tf.ones_like(on_real), on_real) + loss(tf.zeros_like(on_fake), on_fake))
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    return d_loss
""",
            "torch": """\
import torch


def discriminator_step(discriminator, d_optimizer, loss, real, fake):
    on_real = discriminator(real)  # a batch of real images only
    on_fake = discriminator(fake.detach())  # a batch of generated images only
    d_loss = 0.5 * (loss(on_real, torch.ones_like(on_real)) + loss(on_fake, torch.zeros_like(on_fake)))
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    return d_loss
""",
        },
    ),
    Treatment(
        id="batch-norm-in-generator",
        title=Message("Add batch normalisation to the generator's hidden layers, but not to its output"),
        explanation=Message(
            "It keeps the activations of different latents apart, whatever the earlier weights do, so the output "
            "neither collapses to one value nor saturates at a bound. Use a momentum of 0.9 or less."
        ),
        words={
            "torch": Words(
                explanation=Message(
                    "It keeps the activations of different latents apart, whatever the earlier weights do, so "
                    "the output neither collapses to one value nor saturates at a bound. Use a momentum of 0.1, "
                    "PyTorch's default, or more."
                ),
            )
        },
        evidence="moderate",
        reference=Message(
            "Radford et al., DCGAN, ICLR 2016, section 3; our measurements (one seed: blank images without it)"
        ),
        patch={"generator.batch_norm": True},
        cures=("no-batch-norm", "saturated-output"),
        snippets={"keras": _HIDDEN_LAYERS_ONLY, "torch": _HIDDEN_LAYERS_ONLY_TORCH},
    ),
    Treatment(
        id="batch-norm-momentum",
        title=Message("Lower batch normalisation's momentum to 0.9 or less, and do not freeze it by accident"),
        explanation=Message(
            "The moving averages cover about 1 / (1 - momentum) steps. With 0.999, a short run samples with statistics "
            "from long ago. A model with `trainable = False` runs batch normalisation in inference mode even when "
            "called with `training=True`."
        ),
        words={
            "torch": Words(
                title=Message("Raise batch normalisation's momentum to 0.1 or more"),
                explanation=Message(
                    "PyTorch's moving averages cover about 1 / momentum steps. With 0.001, a short run "
                    "samples with statistics from long ago."
                ),
            )
        },
        evidence="moderate",
        reference=Message("Keras-GAN issue 252; our measurements (one seed) and the mechanism"),
        patch={"generator.batch_norm_momentum": 0.9},
        cures=("batch-norm-mode", "phases-disagree"),
        snippets={
            "keras": """\
from keras import layers

normalisation = layers.BatchNormalization(momentum=0.9)  # averages about 10 steps; the Keras default is 0.99
""",
            "torch": """\
from torch import nn

normalisation = nn.BatchNorm2d(64, momentum=0.1)  # PyTorch's is the new batch's share: 0.1 averages about 10 steps
""",
        },
    ),
    Treatment(
        id="normalise-each-by-itself",
        title=Message("Normalise each input by itself: instance instead of batch normalisation"),
        explanation=Message(
            "On batches of one, batch normalisation does so in training, and something else in inference mode. "
            "Instance or group normalisation is the same in both. Or leave the generator in training mode for samples, "
            "one at a time, as pix2pix does; or train on larger batches."
        ),
        evidence="strong",
        reference=Message("Isola et al., CVPR 2017, section 3.3; Ulyanov et al., Instance Normalization, 2016"),
        cures=("batches-of-one",),
        snippets={
            "keras": """\
from keras import layers


def block(maps, filters):
    maps = layers.Conv2D(filters, 4, strides=2, padding="same", use_bias=False)(maps)
    return layers.LeakyReLU(0.2)(layers.GroupNormalization(groups=-1)(maps))  # each channel of each image by itself
""",
            "torch": """\
from torch import nn


def block(inputs, outputs):
    convolution = nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False)
    return [convolution, nn.InstanceNorm2d(outputs, affine=True), nn.LeakyReLU(0.2)]  # was nn.BatchNorm2d(outputs)
""",
        },
    ),
    Treatment(
        id="small-epsilon",
        title=Message("Leave batch normalisation's epsilon at its default"),
        explanation=Message(
            "Epsilon keeps the division by the standard deviation from failing at 0. One as large as the variance "
            "keeps the layer from normalising. If a momentum was meant, give it by name."
        ),
        words={
            "torch": Words(
                explanation=Message(
                    "The second argument of PyTorch's batch normalisation is epsilon, not momentum. One as large as "
                    "the variance keeps the layer from normalising."
                ),
            )
        },
        evidence="moderate",
        reference=Message("Ioffe and Szegedy, ICML 2015; our measurements (reports/strangers-torch.md)"),
        patch={"generator.batch_norm_epsilon": 1e-3},
        snippets={
            "keras": """\
from keras import layers

normalisation = layers.BatchNormalization(momentum=0.8)  # epsilon stays at 1e-3
""",
            "torch": """\
from torch import nn

normalisation = nn.BatchNorm1d(128, momentum=0.2)  # eps stays at 1e-5; 0.2 is what Keras calls a momentum of 0.8
""",
        },
    ),
)

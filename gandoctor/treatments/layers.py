"""Treatments of the hidden layers: their order, activation, dropout, upsampling and strides."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.treatments.treatment import Treatment

TREATMENTS = (
    Treatment(
        id="layer-order",
        title=Message("Order each block as weights, batch normalisation, activation, dropout"),
        explanation=Message(
            "This is the order in the article and the DCGAN paper. It is a convention: other orders train too. It "
            "matters more that no dropout comes right before batch normalisation and none on the output."
        ),
        evidence="weak",
        reference=Message("R. Atienza 2017, problem 3; Ioffe and Szegedy, ICML 2015; Li et al., CVPR 2019"),
        snippets={
            "keras": """\
from keras import layers


def block(filters, dropout=0.3):
    return [
        layers.Conv2DTranspose(filters, 5, padding="same"),
        layers.BatchNormalization(momentum=0.9),
        layers.Activation("relu"),
        layers.Dropout(dropout),
    ]
""",
            "torch": """\
from torch import nn


def block(channels, filters, dropout=0.3):
    return [
        nn.ConvTranspose2d(channels, filters, 5, padding=2),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
        nn.Dropout(dropout),
    ]
""",
        },
    ),
    Treatment(
        id="activation-between-layers",
        title=Message("Put an activation after every layer with weights but the last"),
        explanation=Message(
            "Layers with weights in a row are one linear map, however many they are. A layer has no activation unless "
            "it is given one."
        ),
        evidence="strong",
        reference=Message("Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.1"),
        snippets={
            "keras": """\
import keras
from keras import layers

generator = keras.Sequential(
    [
        layers.Dense(64, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(2),  # the last one: none, or the one that fits the data
    ]
)
""",
            "torch": """\
from torch import nn

generator = nn.Sequential(
    nn.Linear(8, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 2),  # the last one: none, or the one that fits the data
)
""",
        },
    ),
    Treatment(
        id="leaky-discriminator",
        title=Message("Use leaky ReLU and strided convolutions in the discriminator"),
        explanation=Message(
            "Both pass a gradient to every pixel, and the generator learns only through the discriminator. This is a "
            "rule of thumb: change it alone and compare at least three seeds."
        ),
        evidence="weak",
        reference=Message("Radford et al., DCGAN, ICLR 2016, section 3; ganhacks, tip 5"),
        patch={"discriminator.activation": "leaky_relu", "discriminator.downsampling": "stride"},
        cures=("dead-units", "relu-without-leak"),
        snippets={
            "keras": """\
from keras import layers


def block(filters):
    return [
        layers.Conv2D(filters, 5, strides=2, padding="same"),  # the stride replaces pooling
        layers.LeakyReLU(negative_slope=0.2),
    ]
""",
            "torch": """\
from torch import nn


def block(channels, filters):
    return [
        nn.Conv2d(channels, filters, 5, stride=2, padding=2),  # the stride replaces pooling
        nn.LeakyReLU(0.2),
    ]
""",
        },
    ),
    Treatment(
        id="dropout-rate",
        title=Message("Use a dropout rate between 0.3 and 0.6 (start low)"),
        explanation=Message(
            "This is the article's advice. At 0.9 nothing learns; between 0 and 0.4, 0 was best in our only run. "
            "Change it alone and compare at least three seeds."
        ),
        evidence="weak",
        reference=Message("R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 1"),
        patch={"generator.dropout": 0.3, "discriminator.dropout": 0.3},
        cures=("too-much-dropout",),
        snippets={
            "keras": """\
from keras import layers

dropout = layers.Dropout(0.3)  # the article suggests 0.3 to 0.6; try 0 as well
""",
            "torch": """\
from torch import nn

dropout = nn.Dropout(0.3)  # the article suggests 0.3 to 0.6; try 0 as well
""",
        },
    ),
    Treatment(
        id="even-upsampling",
        title=Message("Upsample by resizing before a convolution, or use kernel sizes divisible by the stride"),
        explanation=Message(
            "Every pixel is then computed from as many kernel weights as its neighbours. Either method works. Resizing "
            "first rules the checkerboard pattern out completely."
        ),
        evidence="moderate",
        reference=Message("Odena et al., Deconvolution and Checkerboard Artifacts, Distill 2016"),
        patch={"generator.upsampling": "resize"},
        cures=("uneven-upsampling",),
        snippets={
            "keras": """\
from keras import layers

resized = [layers.UpSampling2D(), layers.Conv2D(64, 5, padding="same")]
transposed = [layers.Conv2DTranspose(64, 4, strides=2, padding="same")]  # 4 is divisible by 2
""",
            "torch": """\
from torch import nn

resized = [nn.Upsample(scale_factor=2), nn.Conv2d(128, 64, 5, padding=2)]
transposed = [nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1)]  # 4 is divisible by 2
""",
        },
    ),
    Treatment(
        id="even-discriminator-strides",
        title=Message("Use kernel sizes divisible by the stride in the discriminator's strided convolutions"),
        explanation=Message(
            "The discriminator's gradient passes backwards through the same kernels. Where they overlap unevenly, some "
            "pixels of the generated images are corrected more often than their neighbours. Change the generator first."
        ),
        evidence="weak",
        reference=Message(
            "Odena et al., Deconvolution and Checkerboard Artifacts, Distill 2016 (artifacts in gradients)"
        ),
        cures=("uneven-discriminator-strides",),
        snippets={
            "keras": """\
from keras import layers


def block(filters):
    return [
        layers.Conv2D(filters, 4, strides=2, padding="same"),  # 4 is divisible by 2
        layers.LeakyReLU(negative_slope=0.2),
    ]
""",
            "torch": """\
from torch import nn


def block(channels, filters):
    return [
        nn.Conv2d(channels, filters, 4, stride=2, padding=1),  # 4 is divisible by 2
        nn.LeakyReLU(0.2),
    ]
""",
        },
    ),
    Treatment(
        id="batch-first",
        title=Message("Tell recurrent layers that the batch comes first"),
        explanation=Message(
            "PyTorch's recurrent layers take (time, batch, features) unless they are built with batch_first=True."
        ),
        evidence="strong",
        reference=Message("PyTorch documentation, torch.nn.GRU"),
        snippets={
            "keras": """\
import keras


def recurrent(units):
    return keras.layers.GRU(units, return_sequences=True)  # (batch, time, features)
""",
            "torch": """\
from torch import nn


def recurrent(features, units):
    return nn.GRU(features, units, batch_first=True)  # (batch, time, features)
""",
        },
    ),
)

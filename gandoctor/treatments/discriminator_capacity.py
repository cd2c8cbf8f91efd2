"""Treatments that change how much the discriminator can learn: its width and its first layers."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.treatments.treatment import Treatment

_WIDTH = '''\
import keras
from keras import layers


def build_discriminator(width=1.0, dropout=0.4):
    """Pass width=2.0 to double the width, width=0.5 to halve it. Change nothing else."""
    network = [keras.Input((28, 28, 1))]
    for filters in (64, 128, 256):
        network += [
            layers.Conv2D(int(width * filters), 5, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(dropout),
        ]
    return keras.Sequential([*network, layers.Flatten(), layers.Dense(1)])
'''

_WIDTH_TORCH = '''\
from torch import nn


def build_discriminator(width=1.0, dropout=0.4):
    """Pass width=2.0 to double the width, width=0.5 to halve it. Change nothing else. For images of 28 x 28."""
    network, channels = [], 1
    for filters in (int(width * n) for n in (64, 128, 256)):
        network += [nn.Conv2d(channels, filters, 5, stride=2, padding=2), nn.LeakyReLU(0.2), nn.Dropout(dropout)]
        channels = filters
    return nn.Sequential(*network, nn.Flatten(), nn.Linear(channels * 4 * 4, 1))
'''

TREATMENTS = (
    Treatment(
        id="enlarge-discriminator",
        title=Message("Make the discriminator twice as wide"),
        explanation=Message(
            "A discriminator cannot teach what it cannot represent. Try this last, after learning rate and dropout: if "
            "the discriminator simply does not train, twice the size will not help."
        ),
        evidence="weak",
        reference=Message(
            "Arora et al., Generalization and Equilibrium in GANs, ICML 2017 (what a small discriminator misses)"
        ),
        scale={"discriminator.width": 2.0},
        cures=("discriminator-too-small",),
        snippets={"keras": _WIDTH, "torch": _WIDTH_TORCH},
    ),
    Treatment(
        id="shrink-discriminator",
        title=Message("Make the discriminator half as wide"),
        explanation=Message(
            "A smaller network has less capacity to memorise images. Augmentation is better supported; try it first."
        ),
        evidence="weak",
        reference=Message("The mechanism; not measured by us"),
        scale={"discriminator.width": 0.5},
        cures=("discriminator-too-large",),
        snippets={"keras": _WIDTH, "torch": _WIDTH_TORCH},
    ),
    Treatment(
        id="strengthen-discriminator",
        title=Message("Strengthen the discriminator: more filters, smaller strides at first, a full learning rate"),
        explanation=Message(
            "The discriminator can ask for detail only if it sees detail. Change one thing at a time. Stop when its "
            "AUC is well above 0.6 and the samples improve."
        ),
        evidence="weak",
        reference=Message("The mechanism; Brock et al., ICLR 2019 (wider networks gave better samples)"),
        scale={"discriminator.learning_rate": 2.0},
        cures=("discriminator-too-weak",),
        snippets={
            "keras": """\
from keras import layers

first_blocks = [
    layers.Conv2D(64, 5, padding="same"),  # no stride yet: single pixels count here
    layers.LeakyReLU(negative_slope=0.2),
    layers.Conv2D(128, 5, strides=2, padding="same"),
    layers.LeakyReLU(negative_slope=0.2),
]
""",
            "torch": """\
from torch import nn

first_blocks = [
    nn.Conv2d(1, 64, 5, padding=2),  # no stride yet: single pixels count here
    nn.LeakyReLU(0.2),
    nn.Conv2d(64, 128, 5, stride=2, padding=2),
    nn.LeakyReLU(0.2),
]
""",
        },
    ),
)

"""Treatments of the networks' last layers: output range, output activation, noise on the output."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.treatments.treatment import Treatment, Words

TREATMENTS = (
    Treatment(
        id="match-output-range",
        title=Message("Match the range of the generator's output to the data"),
        explanation=Message(
            "A sigmoid outputs 0 to 1, tanh outputs -1 to 1. If the data lie outside that range, the discriminator can "
            "separate real from generated images by the value alone, and the generator cannot follow. This was fatal "
            "in every run we made."
        ),
        evidence="strong",
        reference=Message("DCGAN-tensorflow issue 24, deep-learning-with-python-notebooks issue 7; our measurements"),
        patch={"data.range": "unit", "generator.output_activation": "sigmoid"},
        cures=("range-mismatch", "saturated-output"),
        snippets={
            "keras": '''\
import numpy as np
from keras import layers


def to_unit_range(images):
    """Scale 8-bit images to 0..1, the range of a sigmoid."""
    return np.asarray(images, "float32") / 255.0


last_layer = layers.Activation("sigmoid")  # for data in 0..1; "tanh" for data in -1..1
''',
            "torch": '''\
import torch
from torch import nn


def to_unit_range(images):
    """Scale 8-bit images to 0..1, the range of a sigmoid."""
    return torch.as_tensor(images).float() / 255


last_layer = nn.Sigmoid()  # for data in 0..1; nn.Tanh() for data in -1..1
''',
        },
    ),
    Treatment(
        id="one-output-activation",
        title=Message("End each network with its last weights and one activation, and nothing after them"),
        explanation=Message(
            "A second activation sees only what the first lets through, and dropout after the last weights erases "
            "results. An `activation=` argument counts too: use either the argument or an `Activation` layer."
        ),
        evidence="strong",
        reference=Message("Deterministic: sigmoid(relu(x)) is at least 0.5"),
        snippets={
            "keras": """\
from keras import layers

generator_end = [layers.Conv2DTranspose(1, 5, padding="same", activation="sigmoid")]  # nothing after it
discriminator_end = [layers.Flatten(), layers.Dense(1)]  # logits: the loss has from_logits=True
""",
            "torch": """\
from torch import nn

generator_end = [nn.ConvTranspose2d(64, 1, 5, padding=2), nn.Sigmoid()]  # nothing after it
discriminator_end = [nn.Flatten(), nn.Linear(1024, 1)]  # logits: the loss is nn.BCEWithLogitsLoss()
""",
        },
    ),
    Treatment(
        id="linear-critic",
        title=Message("Remove the activation from the discriminator's output"),
        explanation=Message(
            "Wasserstein, hinge and least-squares losses were made for unbounded scores, and a cross-entropy is safest "
            "from logits. Pass from_logits=True to a cross-entropy."
        ),
        words={
            "torch": Words(
                explanation=Message(
                    "Wasserstein, hinge and least-squares losses were made for unbounded scores, and a "
                    "cross-entropy is safest from logits: nn.BCEWithLogitsLoss."
                ),
            )
        },
        evidence="strong",
        reference=Message(
            "Arjovsky et al., Wasserstein GAN, ICML 2017; Lim and Ye 2017; Keras documentation (from_logits)"
        ),
        snippets={
            "keras": """\
import keras
from keras import layers

last_layer = layers.Dense(1)  # no activation
bce = keras.losses.BinaryCrossentropy(from_logits=True)  # if the loss is a cross-entropy
""",
            "torch": """\
from torch import nn

last_layer = nn.Linear(1024, 1)  # no activation
bce = nn.BCEWithLogitsLoss()  # if the loss is a cross-entropy
""",
        },
    ),
    Treatment(
        id="no-noise-on-output",
        title=Message("Remove whatever adds noise to the generated images"),
        explanation=Message(
            "A GaussianNoise layer after the generator, or noise that the sampling code adds to the images, is not "
            "learned and cannot be unlearned. Noise on the discriminator's inputs belongs in the training step."
        ),
        evidence="strong",
        reference=Message("Deterministic: what is added to every image is in every image"),
        cures=("noise-layer",),
        snippets={
            "keras": """\
import keras


def noise_layers(generator):
    # Leave these out when you build the generator. Then look for noise in the code that draws samples.
    return [layer.name for layer in generator.layers if isinstance(layer, keras.layers.GaussianNoise)]
""",
            "torch": """\
def noise_layers(generator):
    # Leave these out when you build the generator. Then look for randn_like in forward() and where samples are drawn.
    return [name for name, module in generator.named_modules() if "Noise" in type(module).__name__]
""",
        },
    ),
    Treatment(
        id="convolution-after-upsampling",
        title=Message("End the generator with a convolution, after all upsampling and pooling"),
        explanation=Message(
            "What a fixed filter has smoothed cannot be sharpened again unless weights follow. Upsample first, then "
            "convolve."
        ),
        evidence="strong",
        reference=Message(
            "Deterministic: a fixed low-pass filter after the last weights removes the same from every image"
        ),
        cures=("output-smoothed",),
        snippets={
            "keras": """\
from keras import layers

generator_end = [
    layers.UpSampling2D(interpolation="nearest"),
    layers.Conv2D(1, 5, padding="same", activation="sigmoid"),  # weights last: they can sharpen the upsampled image
]
""",
            "torch": """\
from torch import nn

generator_end = [
    nn.Upsample(scale_factor=2, mode="nearest"),
    nn.Conv2d(64, 1, 5, padding=2),  # weights last: they can sharpen the upsampled image
    nn.Sigmoid(),
]
""",
        },
    ),
)

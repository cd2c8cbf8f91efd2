"""Treatments of what the networks are given: the real images and the latents."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.treatments.treatment import Treatment

TREATMENTS = (
    Treatment(
        id="feed-varied-batches",
        title=Message("Shuffle the real images and use a new batch in every step"),
        explanation=Message(
            "Check what the input pipeline yields. Call `repeat` before `batch`, and let `shuffle` cover more than one "
            "batch. Look for a `take` left over from an experiment and for a seed that is reset inside the loop."
        ),
        evidence="strong",
        reference=Message(
            "Deterministic: the network can only learn what it is shown; Karras et al., NeurIPS 2020, on few images"
        ),
        cures=("loader-repeats",),
        snippets={
            "numpy": '''\
import numpy as np


def batches(images, batch_size):
    """Yield batches endlessly: every image once an epoch, in a new order each time."""
    rng = np.random.default_rng()  # once, outside the loop
    while True:
        order = rng.permutation(len(images))
        for start in range(0, len(images) - batch_size + 1, batch_size):
            yield images[order[start : start + batch_size]]
''',
        },
    ),
    Treatment(
        id="shuffle-data",
        title=Message("Shuffle the data before batching, over all of them"),
        explanation=Message(
            "A buffer that holds fewer images than a class has leaves data that were sorted by class nearly as they "
            "were. Where not all of them fit into memory, shuffle their file names, or write them in random order once."
        ),
        evidence="strong",
        reference=Message(
            "Deterministic; TensorFlow guide, tf.data: `shuffle` fills a buffer in the order of the data"
        ),
        snippets={
            "keras": """\
import tensorflow as tf


def batches(images, n=64):
    return tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).batch(n, drop_remainder=True)
""",
            "torch": """\
from torch.utils.data import DataLoader


def batches(dataset, n=64):
    return DataLoader(dataset, batch_size=n, shuffle=True, drop_last=True)
""",
        },
    ),
    Treatment(
        id="use-more-images",
        title=Message("Train on more real images"),
        explanation=Message(
            "First look for a limit left over from an experiment. A network with more weights than the data set has "
            "pixels can memorise the data set, whatever else you do."
        ),
        evidence="strong",
        reference=Message("Karras et al., Training Generative Adversarial Networks with Limited Data, NeurIPS 2020"),
        patch={"data.training_images": None},
        cures=("too-few-images",),
        snippets={
            "keras": """\
import keras


def images():
    (digits, _), _ = keras.datasets.mnist.load_data()
    return digits[..., None].astype("float32") / 255.0  # all 60,000, not a subset left over from an experiment
""",
            "torch": """\
def images(path):
    from torchvision.datasets import MNIST

    digits = MNIST(path, train=True, download=True).data  # all 60,000, not a Subset left over from an experiment
    return digits[:, None].float() / 255
""",
        },
    ),
    Treatment(
        id="check-data",
        title=Message("Check the training data for NaN, infinity and outliers"),
        explanation=Message("A single bad image affects every weight within an epoch."),
        evidence="strong",
        reference=Message("Deterministic: arithmetic with NaN gives NaN"),
        cures=("bad-data",),
        snippets={
            "numpy": """\
import numpy as np


def check_images(images):
    bad = np.flatnonzero(~np.isfinite(images).reshape(len(images), -1).all(axis=1))
    print(f"{len(bad)} of {len(images)} images contain NaN or infinity: {bad[:20]}")
    print(f"range {np.nanmin(images)} to {np.nanmax(images)}, mean {np.nanmean(images):.3f}")
    return np.delete(images, bad, axis=0)
""",
        },
    ),
    Treatment(
        id="vary-latents",
        title=Message("Sample new latents for every batch, with the spread the generator was built for"),
        explanation=Message(
            "Constant, repeated or tiny latents can only give the same images. Sample new latents for each phase, and "
            "never reset the seed inside the loop."
        ),
        evidence="strong",
        reference=Message("Deterministic: a generator is a function of its latents; our measurements"),
        patch={"latent.low": -1.0, "latent.high": 1.0},
        cures=("degenerate-latents", "latents-ignored"),
        snippets={
            "numpy": """\
import numpy as np

rng = np.random.default_rng()  # once, outside the loop


def latents(count, latent_dim=100):
    return rng.uniform(-1.0, 1.0, (count, latent_dim)).astype("float32")
""",
        },
    ),
    Treatment(
        id="one-latent-sampler",
        title=Message("Draw the latents of training, of pictures and of the monitor with one function"),
        explanation=Message(
            "A generator knows the latents it was trained on. Wider ones distort its images, narrower ones lose kinds."
        ),
        evidence="strong",
        reference=Message("White, Sampling Generative Networks, 2016"),
        snippets={
            "keras": """\
import numpy as np

rng = np.random.default_rng(0)


def latents(n, size=100):
    return rng.standard_normal((n, size)).astype("float32")  # in the step, for pictures, as latent_sampler=
""",
            "torch": """\
import torch

rng = torch.Generator().manual_seed(0)


def latents(n, size=100):
    return torch.randn(n, size, generator=rng)  # in the step, for pictures, as latent_sampler=
""",
        },
    ),
    Treatment(
        id="standardise-columns",
        title=Message("Standardise every column of the data"),
        explanation=Message(
            "Then every column counts as much to both networks, and the generator's last layer starts on the scale of "
            "the data. Keep the means and deviations to turn samples back into your units."
        ),
        evidence="strong",
        reference=Message("LeCun et al., Efficient BackProp, 1998; Xu et al., NeurIPS 2019, for tables"),
        snippets={
            "numpy": '''\
import numpy as np


def standardise(table):
    """Return the rows (n, columns) standardised, and what turns samples back: samples * std + mean."""
    mean, std = table.mean(axis=0), table.std(axis=0)
    std = np.where(std > 0, std, 1.0)
    return ((table - mean) / std).astype("float32"), mean, std
''',
        },
    ),
    Treatment(
        id="show-labels-to-discriminator",
        title=Message("Give the discriminator the label with every image"),
        explanation=Message(
            "It then learns which images go with which label, and the generator has to follow. Give it the same label "
            "for a generated image that the generator was given."
        ),
        evidence="strong",
        reference=Message("Mirza and Osindero, Conditional Generative Adversarial Nets, 2014"),
        cures=("discriminator-sees-no-labels", "discriminator-disregards-labels", "labels-differ-between-players"),
        snippets={
            "keras": '''\
import keras


def with_planes(images, labels, classes=10):
    """Return images (n, h, w, c + classes): one plane a class, the label's own of ones."""
    height, width = images.shape[1:3]
    one_hot = keras.ops.one_hot(labels, classes)[:, None, None, :]
    planes = keras.ops.tile(one_hot, (1, height, width, 1))
    return keras.ops.concatenate([images, planes], axis=-1)  # D(with_planes(real, y)), D(with_planes(G(z, y), y))
''',
            "torch": '''\
import torch
from torch.nn import functional


def with_planes(images, labels, classes=10):
    """Return images (n, c + classes, h, w): one plane a class, the label's own of ones."""
    one_hot = functional.one_hot(labels, classes).to(images.dtype)
    planes = one_hot[:, :, None, None].expand(-1, -1, *images.shape[2:])
    return torch.cat([images, planes], dim=1)  # D(with_planes(real, y)), D(with_planes(G(z, y), y))
''',
        },
    ),
    Treatment(
        id="keep-labels-with-images",
        title=Message("Shuffle images and labels together"),
        explanation=Message(
            "One order for both, or one dataset of pairs. Two datasets that are shuffled on their own give each image "
            "some other image's label."
        ),
        evidence="strong",
        reference=Message("Deterministic: labels that go with no image say nothing of it"),
        cures=("labels-shuffled-apart",),
        snippets={
            "numpy": '''\
import numpy as np


def shuffled(images, labels, seed=0):
    """Return both in one new order."""
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order], labels[order]
''',
        },
    ),
    Treatment(
        id="embed-class-numbers",
        title=Message("Give class numbers as one-hot rows or through an embedding"),
        explanation=Message(
            "A class number beside the noise is a quantity to a dense layer: class 9 drowns the noise, and no two "
            "classes are equally far apart. Check that the embedding reaches the generator's output."
        ),
        evidence="moderate",
        reference=Message("Mirza and Osindero 2014 (one-hot); Odena et al., ICML 2017 (embedding)"),
        cures=("class-number-as-quantity", "label-not-connected"),
        snippets={
            "keras": """\
import keras

latent_dim, classes = 100, 10
z, label = keras.Input((latent_dim,)), keras.Input((1,), dtype="int32")
embedded = keras.layers.Flatten()(keras.layers.Embedding(classes, 50)(label))
hidden = keras.layers.Concatenate()([z, embedded])  # goes on as z did
""",
            "torch": '''\
import torch
from torch import nn


class LabelledLatents(nn.Module):
    """Put this at the beginning of the generator: what it returns goes on as z did."""

    def __init__(self, classes=10, size=50):
        super().__init__()
        self.embedding = nn.Embedding(classes, size)

    def forward(self, z, label):
        return torch.cat([z, self.embedding(label)], dim=1)
''',
        },
    ),
    Treatment(
        id="draw-labels-anew",
        title=Message("Draw the labels of the generated images anew in every step"),
        explanation=Message(
            "The generator learns the labels that it is given in training. Draw them inside the step, as the noise is, "
            "and show the discriminator each image under the label that it was made for."
        ),
        evidence="strong",
        reference=Message("Mirza and Osindero 2014: the label is drawn for every generated image"),
        snippets={
            "keras": """\
import keras


def labels_for_the_fakes(count, classes):  # inside the step; class numbers: without the one_hot
    return keras.ops.one_hot(keras.random.randint((count,), 0, classes), classes)
""",
            "torch": """\
import torch
from torch import nn


def labels_for_the_fakes(count, classes):  # inside the step; class numbers: without the one_hot
    return nn.functional.one_hot(torch.randint(0, classes, (count,)), classes).float()
""",
        },
    ),
    Treatment(
        id="one-label-code",
        title=Message("Draw labels from all classes, and write them by one function"),
        explanation=Message(
            "The generator knows the labels that training gives it, in the form in which they are given. The upper "
            "bound of a random integer is left out by most functions."
        ),
        evidence="strong",
        reference=Message("The mechanism: an input that training never had"),
        snippets={
            "keras": """\
import keras


def label_code(numbers, classes):  # for the fakes of a step and for pictures
    return keras.ops.one_hot(numbers, classes)


def labels_for_the_fakes(count, classes):
    return label_code(keras.random.randint((count,), 0, classes), classes)  # classes is left out, so 0 ... classes - 1
""",
            "torch": """\
import torch
from torch import nn


def label_code(numbers, classes):  # for the fakes of a step and for pictures
    return nn.functional.one_hot(torch.as_tensor(numbers), classes).float()


def labels_for_the_fakes(count, classes):
    return label_code(torch.randint(0, classes, (count,)), classes)  # classes is left out, so 0 ... classes - 1
""",
        },
    ),
    Treatment(
        id="move-axes",
        title=Message("Move the axes of the images instead of reshaping"),
        explanation=Message(
            "A reshape keeps the order of the numbers and changes where they stand. Moving an axis takes each number "
            "to its place. Look at a batch as the discriminator is given it."
        ),
        evidence="strong",
        reference=Message("NumPy documentation, transpose and reshape"),
        snippets={
            "keras": """\
import numpy as np


def channels_last(images):  # (n, c, h, w) -> (n, h, w, c)
    return np.transpose(images, (0, 2, 3, 1))
""",
            "torch": """\
def channels_first(images):  # (n, h, w, c) -> (n, c, h, w)
    return images.permute(0, 3, 1, 2)
""",
        },
    ),
)

"""Treatments of the labels and the losses."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.treatments.treatment import Treatment, Words

TREATMENTS = (
    Treatment(
        id="consistent-labels",
        title=Message("Define the labels in one place and use them in both steps"),
        explanation=Message(
            "Train the generator towards the label that the discriminator is given for real images. It does not matter "
            "which label that is: generated = 1 and real = 0 works as well as the other way round."
        ),
        evidence="strong",
        reference=Message(
            "Goodfellow et al. 2014, algorithm 1; keras-team/keras-io issue 361 (either convention works)"
        ),
        patch={"training.real_label": 1.0, "training.fake_label": 0.0, "training.generator_label": 1.0},
        cures=("labels-disagree", "phases-disagree", "same-label-for-both"),
        snippets={
            "keras": """\
import keras

REAL, FAKE = 1.0, 0.0  # defined once; the other way round works as well
bce = keras.losses.BinaryCrossentropy()


def d_loss(on_real, on_fake):
    real = bce(REAL * keras.ops.ones_like(on_real), on_real)
    fake = bce(FAKE * keras.ops.ones_like(on_fake), on_fake)
    return 0.5 * (real + fake)


def g_loss(on_fake):
    return bce(REAL * keras.ops.ones_like(on_fake), on_fake)  # the label of real images
""",
            "torch": """\
import torch
from torch import nn

REAL, FAKE = 1.0, 0.0  # defined once; the other way round works as well
bce = nn.BCELoss()


def d_loss(on_real, on_fake):
    real = bce(on_real, torch.full_like(on_real, REAL))
    fake = bce(on_fake, torch.full_like(on_fake, FAKE))
    return 0.5 * (real + fake)


def g_loss(on_fake):
    return bce(on_fake, torch.full_like(on_fake, REAL))  # the label of real images
""",
        },
    ),
    Treatment(
        id="one-sided-label-smoothing",
        title=Message("Use one-sided label smoothing: 0.9 instead of 1, for real images only"),
        explanation=Message(
            "This keeps the discriminator from becoming overconfident. Its loss can then no longer fall below 0.16. Do "
            "not smooth the labels of generated images or those of the generator's step."
        ),
        evidence="moderate",
        reference=Message("Salimans et al., Improved Techniques for Training GANs, NeurIPS 2016"),
        patch={"training.real_label": 0.9},
        snippets={
            "keras": """\
import keras

bce = keras.losses.BinaryCrossentropy()


def d_loss(on_real, on_fake):
    real = bce(0.9 * keras.ops.ones_like(on_real), on_real)  # smoothed
    fake = bce(keras.ops.zeros_like(on_fake), on_fake)  # not smoothed
    return 0.5 * (real + fake)
""",
            "torch": """\
import torch
from torch import nn

bce = nn.BCELoss()


def d_loss(on_real, on_fake):
    real = bce(on_real, torch.full_like(on_real, 0.9))  # smoothed
    fake = bce(on_fake, torch.zeros_like(on_fake))  # not smoothed
    return 0.5 * (real + fake)
""",
        },
    ),
    Treatment(
        id="labels-in-shape-of-output",
        title=Message("Give the labels the shape of the discriminator's output"),
        explanation=Message(
            "Labels of shape (n,) beside outputs of shape (n, 1) broadcast to (n, n). Make labels with `ones_like` and "
            "`zeros_like` of the output, or use one of Keras's losses, which bring both to one shape."
        ),
        words={
            "torch": Words(
                explanation=Message(
                    "Labels of shape (n,) beside outputs of shape (n, 1) broadcast to (n, n) where a loss is "
                    "written by hand; PyTorch's own losses warn or raise an error. Make labels with `ones_like` "
                    "and `zeros_like` of the output."
                ),
            )
        },
        evidence="strong",
        reference=Message("Deterministic: the broadcasting rules of NumPy, TensorFlow and PyTorch"),
        snippets={
            "keras": """\
import keras


def d_loss(on_real, on_fake):
    real = keras.ops.mean(keras.ops.square(on_real - keras.ops.ones_like(on_real)))  # not ones((n,))
    fake = keras.ops.mean(keras.ops.square(on_fake - keras.ops.zeros_like(on_fake)))
    return 0.5 * (real + fake)
""",
            "torch": """\
import torch
from torch import nn

mse = nn.MSELoss()


def d_loss(on_real, on_fake):
    real = mse(on_real, torch.ones_like(on_real))  # not ones(n)
    fake = mse(on_fake, torch.zeros_like(on_fake))
    return 0.5 * (real + fake)
""",
        },
    ),
    Treatment(
        id="loss-from-logits",
        title=Message("Compute the cross-entropy from logits"),
        explanation=Message(
            "The logarithm of a saturated probability is infinite, or clipped and without a gradient. Neither happens "
            "with logits. Remove the sigmoid from the discriminator at the same time: change both or neither."
        ),
        evidence="strong",
        reference=Message(
            "Keras documentation, BinaryCrossentropy(from_logits=True): numerically stable by construction"
        ),
        cures=("logarithm-of-zero", "no-gradient-arrives"),
        snippets={
            "keras": """\
import keras
from keras import layers

bce = keras.losses.BinaryCrossentropy(from_logits=True)
last_layer = layers.Dense(1)  # with no sigmoid after it
""",
            "torch": """\
from torch import nn

bce = nn.BCEWithLogitsLoss()
last_layer = nn.Linear(1024, 1)  # with no sigmoid after it
""",
        },
    ),
    Treatment(
        id="non-saturating-loss",
        title=Message("Use the non-saturating generator loss, -log D(G(z)), instead of log(1 - D(G(z)))"),
        explanation=Message(
            "Both losses have the same fixed point, but the gradient of the second goes to 0 exactly where the "
            "generator is worst. Compute the loss from logits. The new gradient may be large and noisy while the "
            "discriminator is confident."
        ),
        evidence="strong",
        reference=Message("Goodfellow et al. 2014, section 3; Arjovsky and Bottou, ICLR 2017 (the drawbacks)"),
        cures=("saturating-loss",),
        snippets={
            "keras": """\
import keras

bce = keras.losses.BinaryCrossentropy(from_logits=True)  # for a discriminator without a sigmoid


def g_loss(on_fake):
    return bce(keras.ops.ones_like(on_fake), on_fake)  # -log D; not -bce(zeros_like(on_fake), on_fake), log(1 - D)
""",
            "torch": """\
import torch
from torch import nn

bce = nn.BCEWithLogitsLoss()  # for a discriminator without a sigmoid


def g_loss(on_fake):
    return bce(on_fake, torch.ones_like(on_fake))  # -log D; not -bce(on_fake, zeros_like(on_fake)), log(1 - D)
""",
        },
    ),
    Treatment(
        id="score-in-generator-loss",
        title=Message("Compute the generator's loss from the discriminator's scores of what it has just made"),
        explanation=Message(
            "The gradient reaches the generator through the discriminator: it has to be called on the generated images "
            "themselves, and its scores have to stay in the graph until the loss. Other terms are added to that one."
        ),
        evidence="strong",
        reference=Message("Goodfellow et al. 2014, section 3 (the value that both players play for)"),
        snippets={
            "keras": """\
import keras

bce = keras.losses.BinaryCrossentropy(from_logits=True)  # for a discriminator without a sigmoid


def g_loss(generator, discriminator, latents):
    on_fake = discriminator(generator(latents, training=True), training=True)
    return bce(keras.ops.ones_like(on_fake), on_fake)  # of its scores, and not of the images
""",
            "torch": """\
import torch
from torch import nn

bce = nn.BCEWithLogitsLoss()  # for a discriminator without a sigmoid


def g_loss(generator, discriminator, latents):
    on_fake = discriminator(generator(latents))  # no detach(), item() or numpy() on the way
    return bce(on_fake, torch.ones_like(on_fake))  # of its scores, and not of the images
""",
        },
    ),
    Treatment(
        id="average-the-loss",
        title=Message("Average the loss over the batch, and check the weights of its terms"),
        explanation=Message(
            "A summed loss grows with the batch size and the number of outputs, and so does its gradient. Adam and "
            "RMSprop divide the factor out. Clipping, epsilon and plain gradient descent do not."
        ),
        evidence="strong",
        reference=Message("Deterministic: the gradient of a sum of n terms is n times that of their mean"),
        cures=("loss-too-large",),
        snippets={
            "keras": """\
import keras

bce = keras.losses.BinaryCrossentropy(reduction="sum_over_batch_size")  # the mean over the batch; not "sum"


def d_loss(on_real, on_fake):
    return 0.5 * (bce(keras.ops.ones_like(on_real), on_real) + bce(keras.ops.zeros_like(on_fake), on_fake))
""",
            "torch": """\
import torch
from torch import nn

bce = nn.BCELoss(reduction="mean")  # the mean over the batch; not "sum"


def d_loss(on_real, on_fake):
    return 0.5 * (bce(on_real, torch.ones_like(on_real)) + bce(on_fake, torch.zeros_like(on_fake)))
""",
        },
    ),
    Treatment(
        id="lower-pixel-loss-weight",
        title=Message("Lower the weight of the pixel loss next to the adversarial loss, or remove it"),
        explanation=Message(
            "A squared or absolute pixel error is smallest at the average of all plausible answers, and averages are "
            "blurry. It is the discriminator that asks for one sharp answer."
        ),
        evidence="strong",
        reference=Message("Isola et al., CVPR 2017, section 3.1; Larsen et al., ICML 2016"),
        cures=("pixel-loss",),
        snippets={
            "keras": """\
import keras

bce = keras.losses.BinaryCrossentropy()


def g_loss(on_fake, fake, target, weight=0.01):  # was 1.0; 0 leaves only the adversarial loss
    return bce(keras.ops.ones_like(on_fake), on_fake) + weight * keras.ops.mean(keras.ops.abs(fake - target))
""",
            "torch": """\
import torch
from torch import nn

bce = nn.BCELoss()


def g_loss(on_fake, fake, target, weight=0.01):  # was 1.0; 0 leaves only the adversarial loss
    return bce(on_fake, torch.ones_like(on_fake)) + weight * (fake - target).abs().mean()
""",
        },
    ),
    Treatment(
        id="tie-samples-to-inputs",
        title=Message("Add a loss that compares each sample with the real one that belongs to its input"),
        explanation=Message(
            "The discriminator asks for some good sample; a loss of pixels, or of the discriminator's features, asks "
            "for the right one. Give it the sample and its target, in this order of rows, and detach the target alone. "
            "Where there is such a loss already, look whether its gradient arrives and whether it compares these two."
        ),
        evidence="strong",
        reference=Message("Isola et al., CVPR 2017, section 3.1; Larsen et al., ICML 2016"),
        cures=("nothing-ties-output",),
        snippets={
            "keras": """\
import keras

bce = keras.losses.BinaryCrossentropy(from_logits=True)


def g_loss(on_fake, fake, target, weight=100.0):  # target: the real sample that belongs to the input of fake
    return bce(keras.ops.ones_like(on_fake), on_fake) + weight * keras.ops.mean(keras.ops.abs(fake - target))
""",
            "torch": """\
import torch
from torch.nn import functional as F


def g_loss(on_fake, fake, target, weight=100.0):  # target: the real sample that belongs to the input of fake
    asked = F.binary_cross_entropy_with_logits(on_fake, torch.ones_like(on_fake))
    return asked + weight * F.l1_loss(fake, target.detach())
""",
        },
    ),
    Treatment(
        id="classes-as-logits",
        title=Message("Give the loss of the classes logits"),
        explanation=Message(
            "One softmax, not two: leave the classifier without an activation and let the loss apply it. Take the "
            "softmax outside of the loss only where you read the probabilities."
        ),
        evidence="strong",
        reference=Message("PyTorch documentation, CrossEntropyLoss; Keras documentation, from_logits"),
        snippets={
            "keras": """\
import keras

loss_of_classes = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # the last layer: Dense(classes)
""",
            "torch": """\
from torch import nn

loss_of_classes = nn.CrossEntropyLoss()  # given what comes before a softmax


def class_head(features, classes):
    return nn.Linear(features, classes)  # and no nn.Softmax after it
""",
        },
    ),
)

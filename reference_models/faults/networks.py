"""Faults of the layers: activations, normalisation, dropout, upsampling. None can begin mid-run."""

from __future__ import annotations

from typing import Any

from reference_models.faults.fault import BUILT_ONCE, Fault


def _fault(
    name: str, title: str, description: str, expected: tuple[str, ...], undone_by: tuple[str, ...] = (), **changes: Any
) -> Fault:
    keys = {name.replace("__", "."): value for name, value in changes.items()}
    return Fault(name, title, description, expected, changes=keys, only_from_the_start=BUILT_ONCE, undone_by=undone_by)


NETWORKS = (
    _fault(
        "tanh-generator",
        "A tanh generator on data in [0, 1]",
        "Half of the generator's output range does not occur in the data. It can learn to stay in the other half.",
        ("GD006",),
        generator__output_activation="tanh",
    ),
    _fault(
        "linear-generator",
        "A generator without an output activation",
        "The generator's output has no bounds, but the data do. Any value outside them gives a fake away.",
        ("GD006",),
        generator__output_activation="linear",
    ),
    _fault(
        "batch-norm-on-output",
        "Batch normalisation before the generator's output",
        "Forces every batch of images to the same mean and variance, whatever its content.",
        ("GD101", "GD401"),
        faults__output_batch_norm=True,
        undone_by=("batch-norm-placement",),
    ),
    _fault(
        "batch-norm-in-discriminator",
        "Batch normalisation in a discriminator that sees real images and fakes in one batch",
        "The batch statistics reveal which half is which. The adversarial step, whose batch holds only fakes, meets a "
        "different function from the one that was trained.",
        ("GD106", "GD010"),
        discriminator__batch_norm=True,
        training__freeze_discriminator=True,
    ),
    _fault(
        "batch-norm-in-frozen-discriminator",
        "Batch normalisation in a discriminator that its `trainable` flag freezes in the adversarial step",
        "In Keras 3, `trainable = False` puts batch normalisation into inference mode. The generator then plays "
        "against moving statistics, while the discriminator trains on batch statistics.",
        ("GD106",),
        discriminator__batch_norm=True,
        training__freeze_discriminator=True,
        faults__freeze_by_flag=True,
    ),
    _fault(
        "batch-norm-momentum-0.999",
        "The generator's batch normalisation has a momentum of 0.999",
        "The discriminator trains on images made with moving statistics, which cover about a thousand steps and lag "
        "behind for the whole run. The adversarial step uses batch statistics: in effect, a different generator.",
        ("GD010",),
        generator__batch_norm_momentum=0.999,
    ),
    _fault(
        "no-batch-norm",
        "A generator without batch normalisation",
        "Nothing keeps the generator's activations apart. In our first runs it made one blank image.",
        ("GD405", "GD403"),
        generator__batch_norm=False,
    ),
    _fault(
        "relu-before-output",
        "A ReLU before the generator's sigmoid",
        "The sigmoid gets no value below 0, so it outputs none below 0.5: no dark pixels. Where the ReLU outputs 0, no "
        "gradient passes.",
        ("GD102", "GD006"),
        faults__output_relu=True,
        undone_by=("one-output-activation",),
    ),
    _fault(
        "activation-before-batch-norm",
        "Every ReLU of the generator comes before its batch normalisation",
        "The next layer gets values around zero. To many this is a matter of taste: worth a remark and no more.",
        ("GD102",),
        faults__activation_before_batch_norm=True,
        undone_by=("layer-order",),
    ),
    _fault(
        "dropout-before-batch-norm",
        "The generator's dropout comes before batch normalisation",
        "Dropout changes the variance in training but not in inference, so the moving statistics are wrong.",
        ("GD102",),
        faults__dropout_before_batch_norm=True,
        undone_by=("layer-order",),
    ),
    _fault(
        "dropout-0.9",
        "Both networks have a dropout rate of 0.9",
        "Little of what one layer computes reaches the next.",
        ("GD103",),
        generator__dropout=0.9,
        discriminator__dropout=0.9,
    ),
    _fault(
        "no-dropout",
        "Neither network has dropout: not a fault",
        "Many GANs use none, and in our first runs leaving it out did no harm.",
        (),
        generator__dropout=0.0,
        discriminator__dropout=0.0,
    ),
    _fault(
        "strided-upsampling",
        "The generator upsamples with transposed convolutions of stride 2 and kernel size 5",
        "The kernel size is not divisible by the stride, so neighbouring pixels are computed from different numbers of "
        "kernel weights. The result is a checkerboard pattern.",
        ("GD108", "GD406"),
        generator__upsampling="stride",
        generator__kernel_size=5,
    ),
    _fault(
        "relu-discriminator",
        "ReLU in the discriminator, at ten times its learning rate",
        "A unit whose inputs have become negative no longer gets a gradient and passes none to the generator.",
        ("GD107", "GD204"),
        discriminator__activation="relu",
        faults__discriminator_learning_rate__start=0,
        faults__discriminator_learning_rate__factor=10,
        undone_by=("discriminator.learning_rate",),
    ),
    _fault(
        "max-pooling-discriminator",
        "ReLU and max pooling in the discriminator",
        "Three of four values in every window get no gradient. The generator learns from the rest.",
        ("GD107",),
        discriminator__activation="relu",
        discriminator__downsampling="max_pooling",
    ),
)

"""Faults of the networks' layers: activations, normalisation, dropout, upsampling; none can begin mid-run."""

from __future__ import annotations

from typing import Any

from reference_models.faults.fault import BUILT_ONCE, Fault


def _fault(name: str, title: str, description: str, expected: tuple[str, ...], **changes: Any) -> Fault:
    keys = {name.replace("__", "."): value for name, value in changes.items()}
    return Fault(name, title, description, expected, changes=keys, only_from_the_start=BUILT_ONCE)


NETWORKS = (
    _fault(
        "tanh-generator",
        "A tanh generator on data in [0, 1]",
        "Half of the generator's range does not occur in the data. It can learn to stay in the other half.",
        ("GD006",),
        generator__output_activation="tanh",
    ),
    _fault(
        "linear-generator",
        "A generator without output activation",
        "The generator's values have no bounds, those of the data do: any value outside gives it away.",
        ("GD006",),
        generator__output_activation="linear",
    ),
    _fault(
        "batch-norm-on-output",
        "Batch normalisation before the generator's output",
        "Every batch of images is forced to one mean and variance, whatever its content.",
        ("GD101", "GD401"),
        faults__output_batch_norm=True,
    ),
    _fault(
        "batch-norm-in-discriminator",
        "Batch normalisation in a discriminator that sees reals and fakes in one batch",
        "The batch statistics tell which half is which, and the adversarial step, whose batch has fakes only, meets "
        "another function than the one that was trained.",
        ("GD106", "GD010"),
        discriminator__batch_norm=True,
        training__freeze_discriminator=True,
    ),
    _fault(
        "batch-norm-in-frozen-discriminator",
        "Batch normalisation in a discriminator that is frozen by its flag in the adversarial step",
        "`trainable = False` puts batch normalisation into inference mode in Keras 3, so that the generator plays "
        "against moving statistics and the discriminator trains on batch statistics.",
        ("GD106",),
        discriminator__batch_norm=True,
        training__freeze_discriminator=True,
        faults__freeze_by_flag=True,
    ),
    _fault(
        "batch-norm-momentum-0.999",
        "The generator's batch normalisation remembers a thousand steps",
        "The discriminator trains on images made with moving statistics that lag behind the whole run, the adversarial "
        "step on images made with batch statistics: two different generators.",
        ("GD010",),
        generator__batch_norm_momentum=0.999,
    ),
    _fault(
        "no-batch-norm",
        "A generator without batch normalisation",
        "Nothing keeps the generator's activations apart; in our first runs it made one blank image.",
        ("GD405", "GD403"),
        generator__batch_norm=False,
    ),
    _fault(
        "relu-before-output",
        "A ReLU before the generator's sigmoid",
        "The sigmoid is given nothing below 0 and makes nothing below 0.5: no dark pixel. Where the ReLU is closed, no "
        "gradient passes.",
        ("GD102", "GD006"),
        faults__output_relu=True,
    ),
    _fault(
        "activation-before-batch-norm",
        "Every ReLU of the generator comes before its batch normalisation",
        "The next layer is given values around zero. A matter of taste for many: worth a remark, no more.",
        ("GD102",),
        faults__activation_before_batch_norm=True,
    ),
    _fault(
        "dropout-before-batch-norm",
        "The generator's dropout comes before a batch normalisation",
        "Dropout changes the variance in training and not in inference, so that the moving statistics are wrong.",
        ("GD102",),
        faults__dropout_before_batch_norm=True,
    ),
    _fault(
        "dropout-0.9",
        "Nine of ten units are dropped in both players",
        "Little of what one layer makes reaches the next.",
        ("GD103",),
        generator__dropout=0.9,
        discriminator__dropout=0.9,
    ),
    _fault(
        "no-dropout",
        "Neither player has dropout: not a fault",
        "Many GANs have none, and in our first runs it did no harm.",
        (),
        generator__dropout=0.0,
        discriminator__dropout=0.0,
    ),
    _fault(
        "strided-upsampling",
        "The generator doubles by transposed convolutions of stride 2 and kernel 5",
        "The kernel's side cannot be divided by the stride, so that neighbouring pixels are made by different numbers "
        "of kernel entries: a checkerboard.",
        ("GD108", "GD406"),
        generator__upsampling="stride",
        generator__kernel_size=5,
    ),
    _fault(
        "relu-discriminator",
        "ReLU in the discriminator, which learns ten times as fast",
        "A unit whose inputs have become negative has no gradient any more, and passes none to the generator.",
        ("GD107", "GD204"),
        discriminator__activation="relu",
        faults__discriminator_learning_rate__start=0,
        faults__discriminator_learning_rate__factor=10,
    ),
    _fault(
        "max-pooling-discriminator",
        "ReLU and max pooling in the discriminator",
        "Three of four values in every window have no gradient, and the generator learns from what is left.",
        ("GD107",),
        discriminator__activation="relu",
        discriminator__downsampling="max_pooling",
    ),
)

"""Faults of the two training steps: which weights each step updates, with which labels and which loss."""

from __future__ import annotations

from reference_models.faults.fault import BUILT_ONCE, TRACED_ONCE, Fault

PHASES = (
    Fault(
        name="discriminator-not-frozen",
        title="The discriminator is not frozen in the generator's step, as published",
        description=(
            "The article compiles generator and discriminator into one model and never freezes the discriminator, so "
            "each adversarial step also pulls it towards calling fakes real. It can learn to draw digits all the "
            "same, as in the control as_published."
        ),
        expected=("GD004",),
        changes={"training.freeze_discriminator": False},
        only_from_the_start=(
            "it is the article's own list of weights; generator-step-moves-discriminator does the same from any step on"
        ),
        undone_by=("separate-variable-lists", "set-trainable-per-phase"),
    ),
    Fault(
        name="generator-step-moves-discriminator",
        title="The generator's step also trains the discriminator",
        description=(
            "The adversarial step also updates the discriminator, towards calling fakes real: the discriminator's "
            "weights are in the optimizer's list. Until the fault begins they get gradients of 0. From the first step "
            "on it is the same as discriminator-not-frozen."
        ),
        expected=("GD004",),
        key="faults.generator_step_moves_discriminator.start",
        undone_by=("training.freeze_discriminator",),
    ),
    Fault(
        name="discriminator-step-moves-generator",
        title="The discriminator's step also trains the generator",
        description=(
            "The fakes are generated inside the discriminator's gradient tape, and the generator's weights are in the "
            "optimizer's list: a forgotten stop_gradient. This pulls the generator towards images that are easy to "
            "tell from real ones."
        ),
        expected=("GD005",),
        key="faults.discriminator_step_moves_generator.start",
        undone_by=("stop-gradient-in-discriminator-step",),
    ),
    Fault(
        name="discriminator-frozen",
        title="The discriminator never trains",
        description=(
            "`discriminator.trainable = False` is set once before training, as Keras 2 code did to freeze the "
            "discriminator for the adversarial step. Keras 3 reads the flag when a step is first traced, so the "
            "discriminator is frozen in both steps. The losses stay near ln 2, as in a good run."
        ),
        expected=("GD002", "GD401"),
        changes={"faults.discriminator_frozen": True},
        only_from_the_start=TRACED_ONCE,
        undone_by=(
            "set-trainable-per-phase",
            "separate-variable-lists",
        ),
    ),
    Fault(
        name="generator-frozen",
        title="The generator never trains",
        description=(
            "`generator.trainable` is False when the training step is first traced. A generator step that leaves the "
            "generator out of its list of weights has the same effect."
        ),
        expected=("GD003", "GD401"),
        changes={"faults.generator_frozen": True},
        only_from_the_start=TRACED_ONCE,
        undone_by=("separate-variable-lists",),
    ),
    Fault(
        name="swapped-labels",
        title="The discriminator's labels are swapped, the generator's are not",
        description=(
            "The discriminator learns to call fakes real and real images fake, while the generator tries to be called "
            "real. The two no longer play against each other, and both losses fall."
        ),
        expected=("GD008",),
        key="faults.swapped_labels.start",
    ),
    Fault(
        name="generator-wants-fake",
        title="The generator is trained with the label of fakes",
        description="The generator learns to be recognised as fake, which is what the discriminator wants too.",
        expected=("GD008",),
        key="faults.generator_wants_fake.start",
        undone_by=("training.generator_label",),
    ),
    Fault(
        name="logits-taken-for-probabilities",
        title="Cross-entropy with from_logits=False on a discriminator without a sigmoid",
        description=(
            "The discriminator ends in a linear layer, and the loss treats its output as a probability. Keras clips "
            "the output to [0, 1], so values outside have no gradient."
        ),
        expected=("GD105",),
        changes={"discriminator.output_activation": "linear"},
        only_from_the_start=BUILT_ONCE,
    ),
    Fault(
        name="probabilities-taken-for-logits",
        title="Cross-entropy from logits on a discriminator with a sigmoid",
        description=(
            "The discriminator ends in a sigmoid, and the loss is tf.nn.sigmoid_cross_entropy_with_logits, which "
            "applies a second one. The discriminator can never be sure that an image is fake or real. Keras's own "
            "from_logits=True would notice and warn."
        ),
        expected=("GD105",),
        changes={"training.loss_input": "logits"},
        only_from_the_start="the loss is part of the training step, which is traced once",
    ),
    Fault(
        name="loss-scale-1e4",
        title="Both losses are ten thousand times too large",
        description=(
            "Multiplies both losses by 10,000, as summing over pixels instead of averaging does. RMSprop divides most "
            "of the factor out again; clipping does not."
        ),
        expected=("GD202",),
        key="faults.loss_scale.start",
        undone_by=("average-the-loss",),
    ),
    Fault(
        name="nan-at-step",
        title="The discriminator's loss becomes NaN",
        description=(
            "Multiplies the discriminator's loss by NaN, by default at step 200. The discriminator's gradients and "
            "weights become NaN, and in the same step so do the generator's."
        ),
        expected=("GD001",),
        key="faults.nan.start",
        start=200,
    ),
)

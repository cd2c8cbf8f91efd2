"""Faults of the two steps: who is moved in which step, towards which label, by which loss."""

from __future__ import annotations

from reference_models.faults.fault import BUILT_ONCE, TRACED_ONCE, Fault

PHASES = (
    Fault(
        name="generator-step-moves-discriminator",
        title="The generator's step also trains the discriminator",
        description=(
            "The adversarial step updates the discriminator towards calling fakes real, because it was never frozen or "
            "its weights are in the list. The reference model as published does this from the first step, so that "
            "there the fault changes nothing; with training.freeze_discriminator=true it begins at its step."
        ),
        expected=("GD004",),
        key="faults.generator_step_moves_discriminator.start",
    ),
    Fault(
        name="discriminator-step-moves-generator",
        title="The discriminator's step also trains the generator",
        description=(
            "The fakes are made under the discriminator's gradient tape and the generator's weights are in its list: a "
            "forgotten stop_gradient. The generator is pulled towards images that are easy to tell from real ones."
        ),
        expected=("GD005",),
        key="faults.discriminator_step_moves_generator.start",
    ),
    Fault(
        name="discriminator-frozen",
        title="The discriminator never trains",
        description=(
            "`discriminator.trainable = False` is set once before training, the way Keras 2 code froze it for the "
            "adversarial step. Keras 3 reads the flag when a step is first traced, so that it is frozen in both. The "
            "losses stay near ln 2, as in a good run."
        ),
        expected=("GD002", "GD401"),
        changes={"faults.discriminator_frozen": True},
        only_from_the_start=TRACED_ONCE,
    ),
    Fault(
        name="generator-frozen",
        title="The generator never trains",
        description=(
            "`generator.trainable = False` when the training step is first traced, or, with the same result, a "
            "generator step whose list of weights does not name it."
        ),
        expected=("GD003", "GD401"),
        changes={"faults.generator_frozen": True},
        only_from_the_start=TRACED_ONCE,
    ),
    Fault(
        name="swapped-labels",
        title="The discriminator's labels are swapped, the generator's are not",
        description=(
            "The discriminator learns to call fakes real and reals fake, and the generator asks to be called real: the "
            "two no longer play against each other and both losses fall."
        ),
        expected=("GD008",),
        key="faults.swapped_labels.start",
    ),
    Fault(
        name="generator-wants-fake",
        title="The generator's labels are those of fakes",
        description="The generator learns to be told from real images, which is what the discriminator wants too.",
        expected=("GD008",),
        key="faults.generator_wants_fake.start",
    ),
    Fault(
        name="logits-taken-for-probabilities",
        title="Cross-entropy with from_logits=False on a discriminator without sigmoid",
        description=(
            "The discriminator ends in a linear layer and the loss takes its output for a probability. Keras clips it "
            "to [0, 1], so that whatever lies outside has no gradient."
        ),
        expected=("GD105",),
        changes={"discriminator.output_activation": "linear"},
        only_from_the_start=BUILT_ONCE,
    ),
    Fault(
        name="probabilities-taken-for-logits",
        title="Cross-entropy on logits behind a sigmoid",
        description=(
            "The discriminator ends in a sigmoid and the loss is tf.nn.sigmoid_cross_entropy_with_logits, which "
            "applies a second one: no output can be called surely fake or real. Keras's own from_logits=True "
            "would notice and warn."
        ),
        expected=("GD105",),
        changes={"training.loss_input": "logits"},
        only_from_the_start="the loss is part of the training step, which is traced once",
    ),
    Fault(
        name="loss-scale-1e4",
        title="Both losses are ten thousand times too large",
        description=(
            "Multiplies both losses by 10,000, as a sum over pixels in place of a mean does. RMSprop divides most of "
            "it away again; clipping does not."
        ),
        expected=("GD202",),
        key="faults.loss_scale.start",
    ),
    Fault(
        name="nan-at-step",
        title="NaN enters the training",
        description=(
            "Multiplies the discriminator's loss by NaN, at step 200 unless told otherwise: its gradients "
            "and weights become NaN, and in the same step the generator's too."
        ),
        expected=("GD001",),
        key="faults.nan.start",
        start=200,
    ),
)

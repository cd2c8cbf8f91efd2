"""Faults of the learning rates, and pretraining."""

from __future__ import annotations

from reference_models.faults.fault import Fault

LEARNING = (
    Fault(
        name="generator-learning-rate-1e-7",
        title="The generator hardly learns: its learning rate is 1e-7",
        description=(
            "Sets the generator's learning rate to 1e-7, four thousand times below the article's, as a mistyped "
            "exponent would. The discriminator faces an opponent that does not move."
        ),
        expected=("GD301", "GD104"),
        key="faults.generator_learning_rate.start",
        changes={"faults.generator_learning_rate.value": 1e-7},
        undone_by=("generator.learning_rate",),
    ),
    Fault(
        name="generator-learning-rate-x25",
        title="The generator's learning rate is 25 times as high",
        description=(
            "Multiplies the generator's learning rate by 25. Rules of thumb call this unstable, but in our first runs "
            "it gave the best digits. No rule should call such a run failing for its learning rates alone."
        ),
        expected=(),
        key="faults.generator_learning_rate.start",
        changes={"faults.generator_learning_rate.factor": 25},
        undone_by=("generator.learning_rate",),
    ),
    Fault(
        name="discriminator-learning-rate-x10",
        title="The discriminator's learning rate is ten times as high",
        description="Multiplies the discriminator's learning rate by 10, to twenty times the generator's.",
        expected=("GD104", "GD301"),
        key="faults.discriminator_learning_rate.start",
        changes={"faults.discriminator_learning_rate.factor": 10},
        undone_by=("discriminator.learning_rate",),
    ),
    Fault(
        name="discriminator-learning-rate-x100",
        title="The discriminator's learning rate is a hundred times as high",
        description="Multiplies the discriminator's learning rate by 100, to two hundred times the generator's.",
        expected=("GD104", "GD301"),
        key="faults.discriminator_learning_rate.start",
        changes={"faults.discriminator_learning_rate.factor": 100},
        undone_by=("discriminator.learning_rate",),
    ),
    Fault(
        name="pretrained-discriminator",
        title="The discriminator is pretrained for 150 steps",
        description=(
            "The discriminator trains alone against the untrained generator for 150 steps. "
            "--set training.pretrain_steps=N changes the number."
        ),
        expected=("GD109",),
        changes={"training.pretrain_steps": 150},
        only_from_the_start="pretraining comes before the first step",
    ),
)

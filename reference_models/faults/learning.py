"""Faults of how fast each player learns."""

from __future__ import annotations

from reference_models.faults.fault import Fault

LEARNING = (
    Fault(
        name="generator-learning-rate-1e-7",
        title="The generator hardly learns",
        description=(
            "The generator's learning rate becomes 1e-7, four thousand times below the article's: a mistyped "
            "exponent. The discriminator meets an opponent that does not move."
        ),
        expected=("GD301", "GD104"),
        key="faults.generator_learning_rate.start",
        changes={"faults.generator_learning_rate.value": 1e-7},
    ),
    Fault(
        name="generator-learning-rate-x25",
        title="The generator learns 25 times as fast",
        description=(
            "Multiplies the generator's learning rate by 25. Rules of thumb call this unstable; in our first runs it "
            "gave the best digits. No rule should call such a run failing for its learning rates alone."
        ),
        expected=(),
        key="faults.generator_learning_rate.start",
        changes={"faults.generator_learning_rate.factor": 25},
    ),
    Fault(
        name="discriminator-learning-rate-x10",
        title="The discriminator learns ten times as fast",
        description="Multiplies the discriminator's learning rate by 10, to twenty times the generator's.",
        expected=("GD104", "GD301"),
        key="faults.discriminator_learning_rate.start",
        changes={"faults.discriminator_learning_rate.factor": 10},
    ),
    Fault(
        name="discriminator-learning-rate-x100",
        title="The discriminator learns a hundred times as fast",
        description="Multiplies the discriminator's learning rate by 100, to two hundred times the generator's.",
        expected=("GD104", "GD301"),
        key="faults.discriminator_learning_rate.start",
        changes={"faults.discriminator_learning_rate.factor": 100},
    ),
    Fault(
        name="pretrained-discriminator",
        title="The discriminator is trained for 150 steps before the game begins",
        description=(
            "The discriminator meets the untrained generator alone for 150 steps; "
            "--set training.pretrain_steps=N takes another number."
        ),
        expected=("GD109",),
        changes={"training.pretrain_steps": 150},
        only_from_the_start="pre-training is what comes before the first step",
    ),
)

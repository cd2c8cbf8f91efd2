"""The four problems of the article this project began with: its advice, how well it holds up, and what answers it here.

The article: R. Atienza, "GAN by Example using Keras on TensorFlow Backend", 2017. This is the one home of what
`gandoctor rules problem-1` prints and docs/problems.md shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gandoctor.errors import GandoctorError

ARTICLE = 'R. Atienza, "GAN by Example using Keras on TensorFlow Backend", 2017'

Support = Literal["strong", "moderate", "weak", "contradicted"]
"""How well a piece of advice is supported that it helps; contradicted: what is known speaks against it."""


@dataclass(frozen=True)
class Advice:
    """One thing to do.

    Attributes:
        what: The advice as an imperative clause.
        support: How well it is supported.
        because: By what, in a sentence or two.
    """

    what: str
    support: Support
    because: str


@dataclass(frozen=True)
class Problem:
    """One of the article's problems.

    Attributes:
        id: What `gandoctor rules` takes: "problem-1" ... "problem-4".
        title: The problem in one line.
        article: What the article advises, piece by piece.
        first: What to look at before following it, in a few sentences.
        rules: Ids of the rules that recognise it or its causes.
        treatments: Ids of the treatments that answer it, best first; none where no single change does.
        commands: Command lines to copy, and what each shows.
    """

    id: str
    title: str
    article: tuple[Advice, ...]
    first: str
    rules: tuple[str, ...]
    treatments: tuple[str, ...]
    commands: tuple[tuple[str, str], ...]


PROBLEMS = (
    Problem(
        id="problem-1",
        title="The final images are too noisy",
        article=(
            Advice(
                "Use dropout on both the discriminator and the generator, at 0.3 to 0.6",
                "weak",
                "In one run each of 500 steps, 0.9 learned nothing, 0.4 made fragments of digits and 0 made the "
                "clearest digits: too much dropout does harm, but that some is better than none was contradicted.",
            ),
        ),
        first=(
            "See whether the noise is made in training or only when sampling: a generator that is called with dropout "
            "still active makes grainy images by design. Then average the generator's weights, then train longer. "
            "Change dropout last, and compare on several seeds."
        ),
        rules=("GD402", "GD103"),
        treatments=("sample-in-inference-mode", "average-generator-weights", "train-longer", "dropout-rate"),
        commands=(
            ("gandoctor check", "is a dropout rate out of its range, before any training"),
            ("gandoctor diagnose runs/mine", "is it grain, salt and pepper, or no image at all; since which step"),
            ("gandoctor run --watch --fault output-noise", "what GD402 looks like when it is made on purpose"),
            ("gandoctor run --set generator.dropout=0.3 --seed 1", "try one rate; repeat with other seeds"),
        ),
    ),
    Problem(
        id="problem-2",
        title="The discriminator's loss quickly goes to zero and the generator cannot train",
        article=(
            Advice(
                "Do not train the discriminator beforehand",
                "weak",
                "Plausible and little tested: the author's reason is that it usually converges faster than the "
                "generator anyway. 150 steps of training beforehand did no harm in our one run.",
            ),
            Advice(
                "Make the discriminator's learning rate larger than the adversarial model's",
                "contradicted",
                "It feeds the player that is winning, unless the adversarial step pulls the discriminator back, as it "
                "does in the article's own program (GD004). A discriminator rate ten times higher hurt, and our best "
                "digits came from a generator rate 25 times higher (one seed each). The author later cut both rates by "
                "four and kept their ratio. Heusel et al. 2017 do train a faster discriminator, at mild ratios.",
            ),
            Advice(
                "Use other noise for the generator's step than for the discriminator's",
                "weak",
                "Harmless; we found no evidence that it helps.",
            ),
        ),
        first=(
            "A low loss early on is normal: in our first runs it fell under 0.05 before step 300 in 10 of 12 healthy "
            "ones. If it stays there while the samples do not improve, look for a broken contract before changing any "
            "setting: a player that does not move, data outside the generator's range, latents that do not vary. Only "
            "then change the ratio of the learning rates, by a factor of two towards the player that is losing, or "
            "regularise the discriminator."
        ),
        rules=("GD301", "GD104", "GD109", "GD007"),
        treatments=(
            "r1-regularisation",
            "spectral-normalisation",
            "instance-noise",
            "lower-discriminator-learning-rate",
            "raise-generator-learning-rate",
            "no-pretraining",
            "vary-latents",
        ),
        commands=(
            ("gandoctor check", "broken contracts and the learning rates, from two steps"),
            ("gandoctor diagnose runs/mine", "has it collapsed or is it only early, and the likeliest causes in order"),
            ("gandoctor run --watch --fault generator-learning-rate-1e-7", "what GD301 looks like, made on purpose"),
            ("gandoctor run --set discriminator.learning_rate=4e-4", "half the article's rate, nothing else changed"),
        ),
    ),
    Problem(
        id="problem-3",
        title="The output still looks like noise",
        article=(
            Advice(
                "Check that activation, batch normalisation and dropout come in the right order",
                "weak",
                "The right direction, though the order among the three is little tested. Where batch normalisation "
                "must not be is well supported: not at the generator's output nor at the discriminator's input "
                "(Radford et al., DCGAN, ICLR 2016), and at the output it left our one run with grid-like noise.",
            ),
        ),
        first=(
            "First the discriminator: in Keras 3 setting trainable = False once, as older tutorials do, can freeze it "
            "for good, or leave its batch normalisation in inference mode. Then whether the generator can reach the "
            "range of the data at all. Then where batch normalisation sits, and how slowly its statistics follow. The "
            "order of the layers comes after these."
        ),
        rules=("GD401", "GD101", "GD102"),
        treatments=(
            "separate-variable-lists",
            "match-output-range",
            "batch-norm-placement",
            "batch-norm-momentum",
            "layer-order",
        ),
        commands=(
            ("gandoctor check", "frozen players, ranges, the order of the layers: before any training"),
            ("gandoctor diagnose runs/mine", "do the samples look like noise, and the likeliest causes in order"),
            ("gandoctor run --watch --fault batch-norm-on-output", "what it looks like, made on purpose"),
        ),
    ),
    Problem(
        id="problem-4",
        title="Which parameters to train with",
        article=(
            Advice(
                "Start from values that are known to work, from published papers and code",
                "moderate",
                "The DCGAN paper's Adam at 2e-4 with beta_1 = 0.5 is the usual start, found by its authors to be "
                "stabler. The article's own 8e-4 and 4e-4 were later cut by four by its author.",
            ),
            Advice(
                "Change one parameter at a time",
                "moderate",
                "Lucic et al. 2018 found that seeds and tuning outweigh the choice of algorithm: a difference means "
                "something only if all else is equal, and over at least three seeds.",
            ),
            Advice(
                "Look at the effect around steps 500 and 1000 before training for 2000 or more",
                "weak",
                "We found no study of it. It fits what we measured: before step 300 losses mean little.",
            ),
        ),
        first=(
            "Run the values you start from with three seeds, to know how much runs differ by chance. Then change one "
            "setting, with the same seeds, and compare the samples around steps 500 and 1000: a difference smaller "
            "than that between seeds is none."
        ),
        rules=("GD103", "GD104"),
        treatments=(),
        commands=(
            ("gandoctor check", "values outside the usual ranges, before any training"),
            (
                "gandoctor run --preset reference --seed 1 --run-dir runs/a1",
                "the article's values (hours on a CPU; --preset quick is a quarter as wide); then seeds 2 and 3",
            ),
            (
                "gandoctor run --preset reference --seed 1 --run-dir runs/b1 --set discriminator.learning_rate=4e-4",
                "one parameter changed, the same seed",
            ),
            ("gandoctor report runs/b1", "its film strip shows the samples around steps 500 and 1000"),
            ("gandoctor diagnose runs/b1", "what this run suffers from; compare it with that of runs/a1"),
        ),
    ),
)
"""The four problems, in the article's order."""


def find_problem(wanted: str) -> Problem:
    """Return a problem by id.

    Raises:
        GandoctorError: There is no such problem.
    """
    for problem in PROBLEMS:
        if wanted.lower() == problem.id:
            return problem
    raise GandoctorError(f"There is no problem {wanted!r}. There are: {', '.join(p.id for p in PROBLEMS)}.")

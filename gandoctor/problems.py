"""The four problems of the article that started this project: its advice, how well it holds up, and what to do here.

The article is R. Atienza, "GAN by Example using Keras on TensorFlow Backend", 2017. `gandoctor rules problem-1` and
docs/problems.md show what is written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gandoctor.errors import GandoctorError

ARTICLE = 'R. Atienza, "GAN by Example using Keras on TensorFlow Backend", 2017'

Support = Literal["strong", "moderate", "weak", "contradicted"]
"""How strong the evidence is that the advice helps; contradicted: the evidence speaks against it."""


@dataclass(frozen=True)
class Advice:
    """One piece of advice.

    Attributes:
        what: The advice as an imperative clause.
        support: How strong the evidence for it is.
        because: What the evidence is, in a few sentences.
    """

    what: str
    support: Support
    because: str


@dataclass(frozen=True)
class Problem:
    """One of the article's four problems.

    Attributes:
        id: "problem-1" to "problem-4", as `gandoctor rules` takes it.
        title: The problem in one line.
        article: The advice of the article.
        first: What to check before following the advice, in a few sentences.
        rules: Ids of the rules that detect the problem or its causes.
        treatments: Ids of the treatments for it, best first; empty where no single change solves it.
        commands: Command lines to copy, and what each one shows.
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
                "Use dropout of 0.3 to 0.6 in both the discriminator and the generator",
                "weak",
                "We trained once for 500 steps at each rate. At 0.9 the model learned nothing, at 0.4 it made "
                "fragments of digits, and at 0 it made the clearest digits. Too much dropout does harm, but these runs "
                "contradict the claim that some dropout is better than none.",
            ),
        ),
        first=(
            "Check whether the noise comes from training or only from sampling: a generator called with dropout still "
            "active makes grainy images by design. Then average the generator's weights, then train longer. Change "
            "dropout last, and compare several seeds."
        ),
        rules=("GD402", "GD103"),
        treatments=("sample-in-inference-mode", "average-generator-weights", "train-longer", "dropout-rate"),
        commands=(
            ("gandoctor check", "checks the dropout rates before any training"),
            (
                "gandoctor diagnose runs/mine",
                "tells grain, salt-and-pepper noise and pure noise apart, and says since which step",
            ),
            ("gandoctor run --watch --fault output-noise", "shows GD402 on a model that was broken on purpose"),
            (
                "gandoctor run --set generator.dropout=0.3 --seed 1",
                "tries one dropout rate; repeat it with other seeds",
            ),
        ),
    ),
    Problem(
        id="problem-2",
        title="The discriminator's loss quickly goes to zero and the generator cannot train",
        article=(
            Advice(
                "Do not pretrain the discriminator",
                "weak",
                "Plausible but hardly tested. The author's reason is that the discriminator usually converges faster "
                "than the generator anyway. In our one run, 150 steps of pretraining did no harm.",
            ),
            Advice(
                "Make the discriminator's learning rate larger than the adversarial model's",
                "contradicted",
                "It strengthens the network that is already winning, unless the adversarial step pulls the "
                "discriminator back, as it does in the article's own program (GD004). A discriminator rate ten times "
                "higher did harm, and our best digits came from a generator rate 25 times higher (one seed each). The "
                "author later divided both rates by four and kept their ratio. Heusel et al. 2017 do train a faster "
                "discriminator, but at mild ratios.",
            ),
            Advice(
                "Sample new latent noise for the generator's step instead of reusing the discriminator's",
                "weak",
                "Harmless. We found no evidence that it helps.",
            ),
        ),
        first=(
            "A low loss early on is normal: in 10 of our first 12 healthy runs it fell below 0.05 before step 300. If "
            "it stays there while the samples do not improve, look for a broken contract before changing any setting: "
            "a network that is not updated, data outside the generator's range, latents that do not vary. Only then "
            "change the ratio of the learning rates, by a factor of two in favour of the network that is losing, or "
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
            ("gandoctor check", "checks for broken contracts and unusual learning rates in two steps"),
            (
                "gandoctor diagnose runs/mine",
                "tells a collapsed loss from an early low one, and ranks the likely causes",
            ),
            (
                "gandoctor run --watch --fault generator-learning-rate-1e-7",
                "shows GD301 on a model that was broken on purpose",
            ),
            (
                "gandoctor run --set discriminator.learning_rate=4e-4",
                "trains with half the article's rate and no other change",
            ),
        ),
    ),
    Problem(
        id="problem-3",
        title="The output still looks like noise",
        article=(
            Advice(
                "Check the order of activation, batch normalisation and dropout",
                "weak",
                "The right place to look, though the order of these three is hardly tested. There is good evidence on "
                "where batch normalisation must not go: the generator's output and the discriminator's input (Radford "
                "et al., DCGAN, ICLR 2016). At the output it left our one run with grid-like noise.",
            ),
        ),
        first=(
            "Check the discriminator first. In Keras 3, setting trainable = False once, as older tutorials do, can "
            "freeze it for good or leave its batch normalisation in inference mode. Next, check whether the "
            "generator's output can reach the range of the data at all. Then check where batch normalisation is placed "
            "and how slowly its statistics follow. The order of the layers comes last."
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
            ("gandoctor check", "checks for frozen networks, output ranges and layer order before any training"),
            ("gandoctor diagnose runs/mine", "says whether the samples look like noise, and ranks the likely causes"),
            ("gandoctor run --watch --fault batch-norm-on-output", "shows GD401 on a model that was broken on purpose"),
        ),
    ),
    Problem(
        id="problem-4",
        title="Which hyperparameters to train with",
        article=(
            Advice(
                "Start from values that are known to work in published papers and code",
                "moderate",
                "The usual starting point is the DCGAN paper's Adam at 2e-4 with beta_1 = 0.5, which its authors found "
                "more stable. The author later divided the article's own rates, 8e-4 and 4e-4, by four.",
            ),
            Advice(
                "Change one parameter at a time",
                "moderate",
                "Lucic et al. 2018 found that seeds and tuning matter more than the choice of algorithm. A difference "
                "means something only if everything else is equal, and only over at least three seeds.",
            ),
            Advice(
                "Look at the effect around steps 500 and 1000 before training for 2000 steps or more",
                "weak",
                "We found no study of it. It fits our measurements: before step 300, losses mean little.",
            ),
        ),
        first=(
            "Run your starting values with three seeds to see how much runs differ by chance. Then change one setting, "
            "run the same seeds, and compare the samples around steps 500 and 1000. A difference smaller than that "
            "between seeds means nothing."
        ),
        rules=("GD103", "GD104"),
        treatments=(),
        commands=(
            ("gandoctor check", "checks for values outside the usual ranges before any training"),
            (
                "gandoctor run --preset reference --seed 1 --run-dir runs/a1",
                "trains with the article's values (hours on a CPU; --preset quick is a quarter as wide); repeat with "
                "seeds 2 and 3",
            ),
            (
                "gandoctor run --preset reference --seed 1 --run-dir runs/b1 --set discriminator.learning_rate=4e-4",
                "changes one parameter and keeps the seed",
            ),
            (
                "gandoctor report runs/b1",
                "writes a report whose film strip shows the samples around steps 500 and 1000",
            ),
            ("gandoctor diagnose runs/b1", "lists what is wrong with this run; compare it with runs/a1"),
        ),
    ),
)
"""The four problems in the order of the article."""


def find_problem(wanted: str) -> Problem:
    """Return a problem by id.

    Raises:
        GandoctorError: No problem has this id.
    """
    for problem in PROBLEMS:
        if wanted.lower() == problem.id:
            return problem
    raise GandoctorError(f"There is no problem {wanted!r}. Choose from: {', '.join(p.id for p in PROBLEMS)}.")

"""GD413: samples do not belong to what they were made from.

What it is
    The generator is to make a certain thing of each input: a photograph of an outline, speech of a spectrogram, the
    rest of a row of its start. Training knows the right one for every input. What the generator makes may be a good
    sample, and yet not the one that belongs to the input.

Why it hurts
    The discriminator is content with any sound, and no number of the game shows that it is the wrong one. The samples
    look fine in a grid, until somebody looks at an input beside what was made of it.

How it is recognised
    In training, the real samples of a batch lie in the rows of the inputs that they belong to. Where a linear map
    foretells a tenth or more of their variance from those inputs (each row from all others), the two are pairs. At
    every probe the samples are compared with the partners of their inputs: their correlation over all columns. Samples
    that are drawn as the data are, given the input, have at least the share in common that the linear map foretells.
    Found are those with less than half of it over 200 steps, in 3 of 4 probes over 60 steps after warm-up. It is
    critical where the inputs foretell half of the variance and more, and the samples are no nearer to their own
    partner than to that of another.

What it is not
    Data without pairs, as of a CycleGAN, cannot be judged so, nor can inputs that were drawn anew for the generator.
    While the correlation still rises, this is a remark, and while the samples improve as a whole it is not critical.
    Labels are GD412. Samples that are all alike are GD403, and belong to no input either.

What to do
    Look at some inputs beside what was made of them and what should have been made. Then see which loss asks for it: a
    pixel loss, one of features, or a discriminator that is shown the input beside the sample. Check that it is added to
    the generator's loss, that its gradient is not cut by detach, and that it compares the sample with its partner.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message, sentences
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.persistence import Episode, persistent_episode
from gandoctor.rules.reading.sample_progress import LEAST_PROBES, STEPS, halves, severity_while_learning
from gandoctor.rules.rule import Cause, Evidence, Found, NotEvaluated, Rule, Severity
from gandoctor.rules.samples.mode_dropping import over_window
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

_TIE = "sample_pair_tie"
_CHANCE = "sample_pair_chance"


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        share: Of what the inputs foretell of the partners, below which samples do not follow their inputs. Samples of
            the very law have all of it and more: judgement, half of it.
        told: Share of the partners' variance that inputs must foretell for samples that have none of it to be a
            failure: where less is foretold, chance and noise have most of the say. Judgement.
        rising: Rise of the correlation's median from the first half of the last 200 steps to the second, from which it
            is still being learnt. Judgement: about what one probe differs from the next by.
    """

    share: float = 0.5
    told: float = 0.5
    rising: float = 0.03


NOTHING_TIES = Hypothesis(
    "nothing-ties-output",
    Message("No loss that reaches the generator asks that its output belong to its input"),
    Message(
        "Take the part of the generator's loss that compares a sample with its partner, alone, and compute its "
        "gradient at the generator's weights: it must not be None or 0."
    ),
)


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on samples that have little in common with the partners of their inputs."""
    pairs = run.manifest.pairs
    if pairs is None:
        raise NotEvaluated(Message("It was not recorded which real samples the inputs belong to."))
    if run.manifest.labels is not None:
        raise NotEvaluated(Message("The generator is given labels, and GD412 judges what they do."))
    tie, chance = over_window(run[_TIE]), over_window(run[_CHANCE])
    least = chance.clip(lower=limits.share * pairs.told)
    episode = persistent_episode(tie <= least.reindex(tie.index), warm_up_end(run))
    if episode is None:
        return []
    observed, limit, by_chance = (float(episode.of(series).median()) for series in (tie, least, chance))
    is_none = observed <= by_chance and pairs.told >= limits.told
    passing = None
    if _rises(run, episode, limits):
        severity, passing = Severity.INFO, Message("It still rises, and may get there.")
    elif is_none:  # samples that come nearer to the data as a whole come no nearer to their partners
        improves = severity_while_learning(run, episode, Severity.WARNING)[0] is Severity.INFO
        severity = episode.severity(Severity.WARNING if improves else Severity.CRITICAL)
    else:
        severity, passing = severity_while_learning(run, episode, episode.severity(Severity.WARNING))
    statement = sentences(
        Message(
            "The samples do not follow their inputs: their correlation with the real samples that belong to these is "
            "{tie:.2f}, where shuffled pairs reach {chance:.2f} by chance, and a linear map of the inputs foretells "
            "{told:.0%} of the real samples' variance.",
            tie=observed,
            chance=by_chance,
            told=pairs.told,
        ),
        passing,
        episode.ending,
    )
    return [Evidence(_TIE, observed, limit, episode.first_step, episode.last_step, statement, severity)]


def causes(run: Run, found: Found) -> list[Cause]:
    """Say what is behind it, as far as the run tells."""
    pairs = run.manifest.pairs
    if pairs is None or pairs.shown_to_discriminator is None:
        return [NOTHING_TIES.cause(0.6)]
    if pairs.shown_to_discriminator:
        return [
            NOTHING_TIES.cause(0.5, Message("the discriminator is given more than the sample, so it might have asked"))
        ]
    return [NOTHING_TIES.cause(0.8, Message("the discriminator is given samples alone and cannot know whose they are"))]


def _rises(run: Run, episode: Episode, limits: Limits) -> bool:
    """Tell whether the correlation was still rising at the end of a stretch."""
    window = run[_TIE].loc[episode.last_step - STEPS : episode.last_step].dropna()
    if len(window) < LEAST_PROBES:
        return False
    early, late = halves(window)
    return late - early > limits.rising


LIMITS = Limits()

RULE = Rule(
    id="GD413",
    name="untied-samples",
    title=Message("The samples do not belong to what they were made from"),
    severity=Severity.CRITICAL,
    requires=(_TIE, _CHANCE),
    detect=detect,
    limits=LIMITS,
    treatments=("tie-samples-to-inputs", "train-longer"),
    references=(
        "Isola et al., Image-to-Image Translation with Conditional Adversarial Networks, CVPR 2017, section 3.1 and "
        "figure 4 (the adversarial loss alone, and with L1)",
        "Larsen et al., Autoencoding beyond pixels using a learned similarity metric, ICML 2016 (features)",
        "Allen, The relationship between variable selection and data augmentation and a method for prediction, "
        "Technometrics, 1974 (leave-one-out)",
    ),
    page=__doc__,
    causes=causes,
)

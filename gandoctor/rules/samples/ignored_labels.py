"""GD412: a conditional generator ignores its labels.

What it is
    The generator is given a label beside the noise, and its images do not show it: asked for a 3, it makes any digit.

Why it hurts
    No loss and no single image shows it, since the images may be good ones. What is asked for is not what comes, and a
    data set made with such labels is wrong throughout.

How it is recognised
    Labels are recognised in what the generator is fed: class numbers, or rows with a single 1. At every probe its
    images are made again from the same noise under another label. The part of the change that is the same for all
    noise is the share of the images' variance that the label accounts for. Its mean over 200 steps must stay below what
    64 images seem to have of it when their labels are shuffled, a null from the very images, in 3 of 4 probes over 60
    steps after warm-up. Where the discriminator is given labels too, those of the real images must show in as many of
    them. Where those do not show either, it is a remark: the label may be of something that pixels do not tell, such as
    the name of a photographer. It is a warning where the discriminator finds no use in them either, and where its
    scores of the real images are the same under any label, whatever the images show.

What it is not
    Early in training nothing shows the labels, and while the samples still improve, this is a remark. A label that
    changes the image a little, but alike for all noise, is not ignored. A label that changes much, but another way for
    each noise, is: it acts as more noise. A class number that is one in an auxiliary classifier's output is judged by
    the images alike. Where images are copies of each other, blank or noise, other rules say more. One-hot rows that are
    meant as noise look like labels.

What to do
    Show the discriminator the label with every image, real and generated: it can only teach what it sees. Then check
    that images and labels are shuffled together, and that generated images are judged under the label they were made
    for. Give class numbers to an embedding or as one-hot rows, not as a quantity beside the noise.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message, sentences
from gandoctor.rules.reading.persistence import Episode, persistent_episode
from gandoctor.rules.reading.sample_progress import severity_while_learning
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity
from gandoctor.rules.samples.ignored_labels_causes import causes, does_not_read_labels, own_label_wins
from gandoctor.rules.samples.mode_dropping import over_window
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run
from gandoctor.store.cards import LabelCard

_SHARE = "sample_label_share"
_CHANCE = "sample_label_chance"


@dataclass(frozen=True)
class Limits:
    """Thresholds; the limit of the share itself is each probe's own null.

    Attributes:
        seen: Share of draws of 64 real images that show their labels, from which samples that do not are judged: where
            labels showed as in the reals, a probe would then miss them in one case of twenty.
        unseen: The same, up to which they show no more than by chance: by the null's 5 % a draw, 4 of 20 draws and
            more come in 1 case of 60.
    """

    seen: float = 0.95
    unseen: float = 0.15


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on samples that do not show their labels."""
    labels = run.manifest.labels
    if labels is None:
        raise NotEvaluated(Message("It was not recorded where the generator's labels are."))
    share, chance = over_window(run[_SHARE]), over_window(run[_CHANCE])
    episode = persistent_episode(share <= chance.reindex(share.index), warm_up_end(run))
    if episode is None:
        return []
    observed, limit = (float(episode.of(series).median()) for series in (share, chance))
    unseen = Message(
        "The samples do not show their labels: they account for {share:.1%} of the samples' variance, where shuffled "
        "ones seem to account for up to {chance:.1%} by chance.",
        share=max(0.0, observed),
        chance=limit,
    )
    severity, *more = _judged(run, episode, labels, limits)
    statement = sentences(unseen, *more, episode.ending)
    return [Evidence(_SHARE, observed, limit, episode.first_step, episode.last_step, statement, severity)]


def _judged(
    run: Run, episode: Episode, labels: LabelCard, limits: Limits
) -> tuple[Severity, Message | None, Message | None]:
    """Return how severe it is, and up to two sentences on why.

    Raises:
        NotEvaluated: Good samples might not show their labels either.
    """
    severity = episode.severity(Severity.WARNING)
    if labels.discriminator == "none":
        return severity, Message("The discriminator is given no labels, so it cannot teach them."), None
    if does_not_read_labels(run):
        return severity, Message("The discriminator does not read its labels: its score is the same under any."), None
    visible = labels.real_visibility
    if visible is None:
        raise NotEvaluated(
            Message(
                "The samples do not show their labels. Whether the real images do is not known, since their labels "
                "were not recognised."
            )
        )
    if visible <= limits.unseen:
        neither = Message(
            "Neither do the real images: images and labels may have been shuffled apart, or the label may be of "
            "something that pixels do not tell."
        )
        if not _disregarded(run):
            return Severity.INFO, neither, None
        nor = Message("Nor does the discriminator prefer a real image's own label to another: the label is of no use.")
        return severity, neither, nor
    if visible < limits.seen:
        raise NotEvaluated(
            Message(
                "The samples do not show their labels, but those of as many real images are seen in {share:.0%} of "
                "draws only: too seldom to judge by.",
                share=visible,
            )
        )
    severity, passing = severity_while_learning(run, episode, severity)
    return severity, Message("As many real images show theirs."), passing


def _disregarded(run: Run) -> bool:
    """Tell whether the discriminator was seen to make nothing of the labels."""
    wins, chance = own_label_wins(run)
    return wins is not None and wins <= chance


LIMITS = Limits()

RULE = Rule(
    id="GD412",
    name="ignored-labels",
    title=Message("The generator ignores its labels"),
    severity=Severity.WARNING,
    requires=(_SHARE, _CHANCE),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "show-labels-to-discriminator",
        "keep-labels-with-images",
        "embed-class-numbers",
        "train-longer",
    ),
    references=(
        "Mirza and Osindero, Conditional Generative Adversarial Nets, 2014 (labels to both players)",
        "Miyato and Koyama, cGANs with Projection Discriminator, ICLR 2018",
        "Odena et al., Conditional Image Synthesis with Auxiliary Classifier GANs, ICML 2017",
    ),
    page=__doc__,
    causes=causes,
)

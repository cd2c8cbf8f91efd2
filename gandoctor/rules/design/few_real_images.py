"""GD113: there are only a few real images.

What it is
    The whole data set is a few hundred images or fewer: a folder of photographs, or a subset left over from a trial.

Why it hurts
    The discriminator learns them by heart within minutes. From then on it rejects everything else, good images too,
    and the generator can at best copy. The losses look like those of any strong discriminator.

How it is recognised
    By how many of the first real images the discriminator was given are different ones, 512 at most. Data sets are
    counted as if every image had been drawn at random, which overestimates those that are shuffled.

What it is not
    Few images with an augmentation that both sides get, or with a generator trained on more before, can do: then it is
    the reason to keep them. Tables and texts repeat their rows by nature and are not judged. Images given to the
    monitor may be a part of the data set; only copies among them tell anything. One batch that comes again and again
    is GD009, and what memorising does to the scores GD304.

What to do
    First look for a limit that was left in. Then show the discriminator augmented images, real and generated alike, or
    begin with the weights of a generator of similar images.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.rules.hypotheses.data import image_count
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity, why_missing
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        few: Images. Judgement: a discriminator memorised 64 within 500 steps (GD304), and 100 is what methods for few
            images are made for; from a thousand on augmentation begins to be enough by itself.
        side: Pixels of an image's shorter side at least: a sentence of one-hot words looks like a small image.
    """

    few: int = 400
    side: int = 16


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the real images are few."""
    data, declared = run.manifest.data, run.manifest.declared.training_images
    if data is None:
        why = why_missing(run, "probe_data", Message("no real images were given to the monitor"))
        raise NotEvaluated(Message("The real images were not seen: {why}.", why=why))
    if declared is None and (data.kind != "images" or min(data.shape[:2]) < limits.side):
        raise NotEvaluated(
            Message(
                "The data are no images of {side} pixels a side and more: rows and sentences repeat by nature.",
                side=limits.side,
            )
        )
    if declared is None and data.distinct_count is None:
        raise NotEvaluated(Message("How many of the real images are different ones was not recorded."))
    count, is_declared = image_count(run)
    if count is None and data.probe_count <= limits.few:
        raise NotEvaluated(
            Message(
                "The {seen:,} real images that were looked at all differ: how many more there are is not known.",
                seen=data.probe_count,
            )
        )
    if count is None or count > limits.few:
        return []
    if is_declared:
        statement = Message("There are {count:,} training images.", count=count)
    else:
        statement = Message(
            "Of the {seen:,} real images that were looked at, {distinct:,} are different ones: there are about "
            "{count:,} in all.",
            seen=data.probe_count,
            distinct=data.distinct_count or 0,
            count=count,
        )
    return [Evidence("probe_data", count, limits.few, 0, run.last_step, statement)]


LIMITS = Limits()

RULE = Rule(
    id="GD113",
    name="few-real-images",
    title=Message("There are only a few real images"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("use-more-images", "augment-discriminator-input"),
    references=(
        "Karras et al., Training Generative Adversarial Networks with Limited Data, NeurIPS 2020",
        "Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training, NeurIPS 2020 (100 images)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD301", "GD303", "GD304", "GD403", "GD404", "GD408", "GD409"),
        critical=0.8,
        warning=0.75,
        info=0.3,
        same_as=("too-few-images",),
    ),
)

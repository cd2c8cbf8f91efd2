"""GD411: generated columns are distributed otherwise than those of the data.

What it is
    The data are the rows of a table or series, and at least one column (of series: channel) of the samples hardly
    varies, lies elsewhere, or has other rhythms than in the real data.

Why it hurts
    Whoever uses the samples uses their columns. Copies and coverage are judged over all columns at once, so that one
    that is wrong among many hides there; and no picture shows it.

How it is recognised
    On probes, after each column was brought to mean 0 and standard deviation 1 among the real data: by the smallest
    ratio of a column's standard deviation to that of the data, by the Wasserstein-1 distance of the worst column, and
    of series by the share of power at other frequencies. It must hold in 3 of 4 successive probes that span at least
    60 steps, after warm-up, and is a remark while the samples still come closer to the data.

What it is not
    A young generator's columns are off as well, and a sound one's never fit as real rows fit each other: on skewed
    columns sound trainings had twice the distance of real rows, on noisy sine waves dense networks had two thirds of
    the power elsewhere. Columns that fit one by one and do not go together are not judged here.

What to do
    Look at the column that is named. Where it is far from 0 or has another scale than the others, standardise it; where
    it is skewed, take the logarithm first. Check that the generator's last activation can reach its values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gandoctor.message import Message, sentences
from gandoctor.rules.hypotheses.output_range import range_mismatch
from gandoctor.rules.hypotheses.players import degenerate_latents, discriminator_frozen, generator_not_moving
from gandoctor.rules.reading.persistence import Episode, persistent_episodes
from gandoctor.rules.reading.sample_progress import severity_while_learning
from gandoctor.rules.rule import Cause, Evidence, Found, Rule, Severity
from gandoctor.rules.samples.real_bands import real_bands
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

_WORST = "sample_marginal_worst"
_SPREAD = "sample_column_spread"
_SPECTRUM = "sample_spectrum_distance"


@dataclass(frozen=True)
class Limits:
    """Thresholds, chosen on the split "calibration" of `tests/benchmarks/columns.py` (32 sound trainings, 40 ill ones).

    Attributes:
        spread: Smallest standard deviation of a column over that of the data. Sound: 0.48 and more; a generator that
            learns too fast 0.03 to 0.19, columns in units of their own 0.001 to 0.005.
        distance: Wasserstein-1 distance of the worst column in standard deviations of the data. Sound: 0.91 and less; a
            frozen discriminator 13 and more, columns in units of their own 1.4 to 4.
        margin: Both must also be this many times beyond what real rows reach among themselves: where tails are heavy, a
            few rows hold most of the spread.
        spectrum: Share of a series' power at other frequencies. Sound: 0.69 and less; a generator that learns too fast
            0.84.
    """

    spread: float = 0.2
    distance: float = 1.2
    margin: float = 2.0
    spectrum: float = 0.8


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on the column that varies least, on the one that lies farthest off, and on rhythms."""
    bands = real_bands(run, _WORST)
    narrowest = bands[_SPREAD].low if _SPREAD in bands else 1.0
    edges = {
        _SPREAD: min(limits.spread, narrowest / limits.margin),
        _WORST: max(limits.distance, limits.margin * bands[_WORST].high),
        _SPECTRUM: limits.spectrum,
    }
    conditions = {
        name: run[name] < edge if name == _SPREAD else run[name] > edge for name, edge in edges.items() if name in run
    }
    evidence = []
    for name, episode in persistent_episodes(conditions, warm_up_end(run), {}).items():
        if episode is None:
            continue
        severity, passing = severity_while_learning(run, episode, episode.severity(Severity.WARNING))
        observed = float(episode.of(run[name]).median())
        # Which column it is can be told of the samples that are there now.
        where = _named_column(run, name) if episode.ongoing else None
        statement = sentences(_statement(name, observed, episode), where, episode.ending, passing)
        evidence.append(
            Evidence(name, observed, edges[name], episode.first_step, episode.last_step, statement, severity)
        )
    return evidence


def _statement(signal: str, observed: float, episode: Episode) -> Message:
    if signal == _SPREAD:
        return Message(
            "A column of the samples hardly varies: its standard deviation is {share:.1%} of that in your data.",
            share=observed,
        )
    if signal == _WORST:
        return Message(
            "A column of the samples lies elsewhere than in your data, by {distance:.2g} of its standard deviations.",
            distance=observed,
        )
    return Message(
        "{share:.0%} of the power of the generated series lies at other frequencies than in your data.", share=observed
    )


def _named_column(run: Run, signal: str) -> Message | None:
    """Say which column of the newest samples it is; None where they were not stored or are not finite."""
    from gandoctor.measures.columns import Columns, summary

    reals, last = run.real_values, run.last_values
    if signal == _SPECTRUM or reals is None or last is None or len(reals) < 2 or reals.shape[1:] != last[1].shape[1:]:
        return None
    step, fakes = last
    if len(fakes) < 2 or not np.isfinite(fakes).all():
        return None
    of_reals, of_fakes = summary(reals), summary(fakes)
    if signal == _SPREAD:
        scale = of_reals[:, 1]
        ratio = np.where(scale > 0, of_fakes[:, 1] / np.where(scale > 0, scale, 1.0), np.inf)
        column = int(ratio.argmin())
    else:
        column = int(Columns(reals).marginals(fakes).argmax())
    return Message(
        "At step {step} that is column {column}: {fake_mean:.3g} +- {fake_std:.2g} where your data are {real_mean:.3g} "
        "+- {real_std:.2g}.",
        step=step,
        column=column + 1,
        fake_mean=float(of_fakes[column, 0]),
        fake_std=float(of_fakes[column, 1]),
        real_mean=float(of_reals[column, 0]),
        real_std=float(of_reals[column, 1]),
    )


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank what keeps a generator from a column; scales of the columns are GD110's, which explains this."""
    return [
        hypothesis(run)
        for hypothesis in (range_mismatch, degenerate_latents, discriminator_frozen, generator_not_moving)
    ]


LIMITS = Limits()

RULE = Rule(
    id="GD411",
    name="unlike-columns",
    title=Message("Generated columns do not follow the data"),
    severity=Severity.WARNING,
    requires=(_WORST,),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "standardise-columns",
        "match-output-range",
        "lower-discriminator-learning-rate",
        "r1-regularisation",
        "train-longer",
    ),
    references=(
        "Xu et al., Modeling Tabular Data using Conditional GAN, NeurIPS 2019 (columns of tables)",
        "Yoon et al., Time-series Generative Adversarial Networks, NeurIPS 2019 (temporal dynamics of series)",
    ),
    page=__doc__,
    causes=causes,
)

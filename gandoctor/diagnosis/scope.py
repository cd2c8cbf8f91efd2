"""Scope: what has to be judged before a run may be called healthy, what was not, and what would make it visible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import PurePath
from typing import Literal

from gandoctor.measures import null_bands
from gandoctor.message import Absence, Absent, Message, sentences
from gandoctor.rules import Finding, Severity, Status
from gandoctor.store import Run

SEEN_UNTIL = 0.75
"""Share of the run that samples must have been seen in: of 50 probes, a dozen are missing then. Judgement."""

LOOKED_BACK = 4
"""Last probes that tell whether the samples are near the data: as many as persistence asks for."""
COVERED = 0.05
"""Share of the null's coverage below which no sample is near any real example. Healthy runs of the fault benchmark's
calibration split have 0.11 and more."""

LAW = 0.1
"""Difference of mean and standard deviation from those of a law of noise, in its standard deviations, up to which the
generator's input is taken to follow it: each is measured on some thousand numbers."""

AspectId = Literal["samples", "movement", "balance", "answers"]


@dataclass(frozen=True)
class Aspect:
    """A part of training that a healthy verdict vouches for.

    Attributes:
        id: For programs.
        name: In words, as the end of "... was not looked at".
        judged_by: Groups of rules; at least one of each group must have come to a result.
        roots: What its signals are taken from, in the manifest's terms. The first that is missing says why.
        signal: The signal that shows until when it was seen.
    """

    id: AspectId
    name: Message
    judged_by: tuple[tuple[str, ...], ...]
    roots: tuple[str, ...]
    signal: str | None = None


ASPECTS = (
    Aspect(
        "samples",
        Message("the samples"),
        (("GD403",), ("GD401", "GD405", "GD411")),
        ("latent_sampler", "probe_data", "sample_duplicate_pairs", "sample_autocorrelation", "sample_marginal_worst"),
        "sample_latent_std",
    ),
    Aspect(
        "movement",
        Message("the players' movement"),
        (("GD002",), ("GD003",)),
        ("d_update_in_d_step", "g_update_in_g_step"),
    ),
    Aspect(
        "balance",
        Message("the players' balance"),
        (("GD301", "GD302"),),
        ("d_loss", "loss_family", "latent_sampler", "probe_data", "d_auc"),
    ),
)

ANSWERS = Aspect("answers", Message("whether what is made of an input is what it should be"), (("GD413",),), ())
"""Of a generator that is given data, as where images are translated: what it should make of one is known where training
has pairs, and else no rule knows it."""

ARGUMENTS = {
    "latent_sampler": "latent_sampler=lambda n: ...",
    "probe_data": "probe_data=x_real[:512]",
    "loss_family": "loss=...",
    "d_update_in_d_step": "d_optimizer=...",
    "g_update_in_g_step": "g_optimizer=...",
}
"""Root -> what is passed to a monitor to make it visible."""
_LOSSES = ("d_loss", "g_loss")
_KEPT_OPEN = ("GD406", "GD411", "GD412", "GD413")
"""Rules whose findings are warnings and keep a run from being called healthy while they last: no healthy run of the
fault benchmark's calibration split ends with a grid, columns that do not follow the data are no sound samples, and a
generator that is given labels is to show them."""
_HELPS = (
    Absent.NOT_GIVEN,
    Absent.NOT_SEEN,
    Absent.UNUSABLE,
    Absent.NO_LATENTS,
    Absent.NOT_RECOGNISED,
    Absent.NO_OPTIMIZER,
)
"""Why something is absent where passing it helps."""


@dataclass(frozen=True)
class Unseen:
    """A part of training that was not judged.

    Attributes:
        aspect: Which.
        why: A sentence.
        root: What has to be passed to make it visible, in the manifest's terms; None where that would not help, as
            where only more steps do.
    """

    aspect: Aspect
    why: Message
    root: str | None = None


def not_looked_at(run: Run, findings: Sequence[Finding]) -> tuple[Unseen, ...]:
    """Return the parts of a training that a healthy verdict would vouch for, and that no rule has judged."""
    found = tuple(unseen for aspect in ASPECTS if (unseen := _unseen(run, findings, aspect)) is not None)
    answers = _answers(run, findings)
    return found if answers is None else (*found, answers)


def unsettled(run: Run, findings: Iterable[Finding]) -> Finding | None:
    """Return the first symptom that goes on at the end and is a remark only because it may still pass.

    Counted are rules whose findings are critical otherwise, grids and labels: what may pass was not found sound.
    """
    for finding in findings:
        grave = finding.rule.severity is Severity.CRITICAL or finding.rule.id in _KEPT_OPEN
        graced = finding.severity is Severity.INFO and grave
        if finding.status is not Status.DETECTED or finding.rule.is_fact or not graced:
            continue
        signal = finding.evidence[0].signal
        newest = int(run[signal].index[-1]) if signal in run else run.last_step
        if (finding.last_step or 0) >= newest:
            return finding
    return None


def unlike_data(run: Run) -> Message | None:
    """Return a sentence where the last samples are far from all real examples; None where they are near, or unknown.

    Rules ask whether samples are noise, copies, blank and so on. Samples may be none of these and yet unlike the data.
    """
    bands, names = null_bands(run), ("sample_coverage", "sample_kid")
    if any(name not in bands or name not in run for name in names):
        return None
    coverage, distance = (float(run[name].iloc[-LOOKED_BACK:].median()) for name in names)
    near, apart = (bands[name] for name in names)
    if not (coverage < COVERED * near.mean and distance > apart.high):
        return None
    return Message(
        "The samples are still unlike your data: they cover {covered:.1%} of what as many real examples would, and "
        "their kernel distance is {distance:.2g}, where that of real ones is {most:.2g} at most.",
        covered=coverage / near.mean,
        distance=distance,
        most=apart.high,
    )


def said(run: Run, unseen: Sequence[Unseen]) -> Message:
    """Return what was not looked at, why, and what would make it visible; each reason once."""
    names = tuple(u.aspect.name for u in unseen)
    reasons = dict.fromkeys(u.why for u in unseen)
    return sentences(Message("Not looked at: {names}.", names=names), *reasons, remedy(run, unseen))


def remedy(run: Run, unseen: Sequence[Unseen]) -> Message | None:
    """Return a sentence on what would make it visible, in words of how the monitor was attached; None if nothing."""
    roots = dict.fromkeys(u.root for u in unseen if u.root is not None)
    if not roots:
        return None
    arguments = tuple(ARGUMENTS[root] for root in roots if root in ARGUMENTS)
    step = "monitor.step(d_loss=..., g_loss=...)" if any(root in _LOSSES for root in roots) else "monitor.step()"
    manifest = run.manifest
    if not manifest.command:
        return sentences(
            *([Message("Pass {arguments} to GANMonitor.", arguments=arguments)] if arguments else []),
            *([Message("End each step with {call}.", call=step)] if any(root in _LOSSES for root in roots) else []),
        )
    place: Message | str = PurePath(manifest.target or "").name
    if place in ("", "notebook"):
        place = Message("your notebook") if place else Message("your script")
    if manifest.players.get("generator", "").startswith("attribute") and arguments:  # a model that is fitted
        return Message(
            "It was attached without code. To say more, add GANMonitor(..., {arguments}) to the callbacks of fit in "
            "{place}.",
            place=place,
            arguments=", ".join(arguments),
        )
    return Message(
        "It was attached without code. To say more, put the loop in {place} under `with GANMonitor({arguments}) as "
        "monitor:` and end each step with {call}.",
        place=place,
        arguments=", ".join(("...", "generator=...", "discriminator=...", *arguments)),
        call=step,
    )


def _unseen(run: Run, findings: Sequence[Finding], aspect: Aspect) -> Unseen | None:
    results = {f.rule.id: f for f in findings}
    for group in aspect.judged_by:
        among = [results[i] for i in group if i in results]
        if any(f.status in (Status.DETECTED, Status.NOT_DETECTED) for f in among):
            continue
        return _absent(run, aspect) or _few_reals(run, aspect) or Unseen(aspect, _reason(among))
    if aspect.signal is not None and aspect.signal in run:
        last = int(run[aspect.signal].index[-1])
        if last < SEEN_UNTIL * run.last_step:
            gone = _absent(run, aspect)
            until = Message("The last ones were seen at step {step}.", step=last)
            return Unseen(aspect, until) if gone is None else Unseen(aspect, sentences(until, gone.why), gone.root)
    return None


def _absent(run: Run, aspect: Aspect) -> Unseen | None:
    """Return what the recording says of the aspect's roots; None where it says nothing."""
    missing = run.manifest.missing
    for root in aspect.roots:
        if root not in missing:
            continue
        absence = Absence.read(missing[root])
        if absence.code is Absent.NOT_APPLICABLE:
            continue
        why = absence.message
        if why.template == "pass {argument}=...":
            why = Message("the monitor was given no real data to compare with")
        helps = absence.code in _HELPS and root in (*ARGUMENTS, *_LOSSES)
        return Unseen(aspect, Message("Reason: {why}.", why=why), root if helps else None)
    return None


def _answers(run: Run, findings: Sequence[Finding]) -> Unseen | None:
    """Return what no rule knows of a generator of images or series; None of one that is given noise, or rows.

    Data are told from noise by their extent, and by a mean and a spread that are those of no usual law.
    """
    judged = (Status.DETECTED, Status.NOT_DETECTED)
    if any(f.rule.id in group and f.status in judged for f in findings for group in ANSWERS.judged_by):
        return None
    card = run.manifest.latent
    if card is None or card.mean is None or not card.std or len(card.shape) < 2 or card.shape[0] < 2:
        return None
    laws = [(0.0, 1.0), *(((a + b) / 2, (b - a) / sqrt(12)) for a, b in ((-1.0, 1.0), (0.0, 1.0)))]
    if any(max(abs(card.mean - mean), abs(card.std - std)) < LAW * std for mean, std in laws):
        return None
    why = Message(
        "The generator is given data of shape {shape} and no noise, and what it should make of each is not known.",
        shape=str(card.shape),
    )
    return Unseen(ANSWERS, why)


def _few_reals(run: Run, aspect: Aspect) -> Unseen | None:
    """Return that too few real images are known to compare samples with; None where they are enough."""
    card = run.manifest.data
    least = 2 * int(run.manifest.cadence.get("sample_count", 0))
    if aspect.id != "samples" or card is None or card.probe_count >= least:
        return None
    why = Message(
        "Only {count} real examples are known, and {least} are needed to compare with.",
        count=card.probe_count,
        least=least,
    )
    return Unseen(aspect, why, "probe_data")


def _reason(among: Sequence[Finding]) -> Message:
    """Return why none of some rules came to a result."""
    reasons = (f.reason for f in among if f.reason is not None)
    return next(reasons, Message("No rule that judges it was run."))

"""Visibility: the steps of a plan that make visible what no rule could judge."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from gandoctor.diagnosis.commands import command_for
from gandoctor.diagnosis.scope import ANSWERS, ARGUMENTS, Unseen
from gandoctor.message import Message
from gandoctor.printable import printable
from gandoctor.rules import Status
from gandoctor.store import Run
from gandoctor.treatments.changes import Case, change_for
from gandoctor.treatments.edit import Edit

if TYPE_CHECKING:
    from gandoctor.diagnosis.diagnosis import Diagnosis
    from gandoctor.diagnosis.plan import Step

_THEN = Message("The verdict then says whether it is sound.")


def steps_to_see(diagnosis: Diagnosis, make: Callable[..., Step]) -> tuple[Step, ...]:
    """Return the steps of an inconclusive run, one for each thing that is to be passed or waited for."""
    if diagnosis.is_check:
        return _after_a_check(diagnosis, make)
    steps: dict[object, Unseen] = {}
    for unseen in diagnosis.not_looked_at:
        steps.setdefault(unseen.aspect if unseen.aspect is ANSWERS else unseen.root, unseen)
    made = [_step(diagnosis, unseen, make) for unseen in steps.values()]
    if not made and diagnosis.unsettled is not None:
        title = diagnosis.unsettled.rule.title
        why = Message("It goes on and may still pass: {title}", title=title)
        made = [_longer(diagnosis, why, make, (diagnosis.unsettled.rule.id,))]
    if not made and diagnosis.unlike_data is not None:
        made = [_longer(diagnosis, diagnosis.unlike_data, make, ())]
    return tuple(made)


def _step(diagnosis: Diagnosis, unseen: Unseen, make: Callable[..., Step]) -> Step:
    run, root = diagnosis.run, unseen.root
    why = Message("Not looked at: {name}. {why}", name=unseen.aspect.name, why=unseen.why)
    if unseen.aspect is ANSWERS:
        return _by_eye(run, unseen, why, make)
    if root is None:
        return _longer(diagnosis, why, make, ())
    argument = ARGUMENTS.get(root)
    line = f"GANMonitor(..., {argument})" if argument else "monitor.step(d_loss=..., g_loss=...)"
    if argument:
        title = Message("Pass {argument} to the monitor", argument=argument.partition("=")[0])
    else:
        title = Message("Tell the monitor the losses at the end of each step")
    return make(
        treatment=f"see-{unseen.aspect.id}",
        title=title,
        why=why,
        standing="confirmed",
        findings=(),
        edits=(Edit(f"monitor.{root}", None, line),),
        code="",
        evidence=None,
        command=None if run.manifest.config.get("settings") else command_for(run, "", {}, False),
        expect=_THEN,
    )


def _by_eye(run: Run, unseen: Unseen, why: Message, make: Callable[..., Step]) -> Step:
    title = Message("Look at inputs beside what the generator makes of them")
    if run.answers is not None:
        title = Message("Look at inputs beside what the generator makes of them: the report shows some under Samples")
    return make(
        treatment=f"see-{unseen.aspect.id}",
        title=title,
        why=why,
        standing="confirmed",
        findings=(),
        edits=(),
        code="",
        evidence=None,
        command=None,
        expect=Message("Each is what should be made of its input, also of inputs that training has not seen."),
    )


def _longer(diagnosis: Diagnosis, why: Message, make: Callable[..., Step], findings: tuple[str, ...]) -> Step:
    run = diagnosis.run
    change = change_for("train-longer", Case(run))
    patch = dict(change.patch or {}) if change is not None else {}
    return make(
        treatment="train-longer",
        title=(change.title if change is not None else None) or Message("Train longer"),
        why=why,
        standing="possible",
        findings=findings,
        edits=change.edits if change is not None else (),
        code="",
        evidence=None,
        command=command_for(run, "train-longer", patch, False),
        expect=_THEN,
    )


def _after_a_check(diagnosis: Diagnosis, make: Callable[..., Step]) -> tuple[Step, ...]:
    """Return the one step after a check that could judge too little: train."""
    open_ = [f for f in diagnosis.checks if f.status is Status.NOT_EVALUATED and f.reason is not None]
    why = open_[0].reason if open_ else Message("Too little could be checked before training")
    command = diagnosis.run.manifest.command
    words = ["run" if word == "check" else word for word in command[1:] if word != "--json"]
    step = make(
        treatment="see-training",
        title=Message("Train with the monitor attached: a check sees only the model and its first steps"),
        why=why,
        standing="confirmed",
        findings=(),
        edits=(),
        code="",
        evidence=None,
        command=shlex.join(printable(word, 1_000) for word in ("gandoctor", *words)) if words else None,
        expect=_THEN,
    )
    return (step,)

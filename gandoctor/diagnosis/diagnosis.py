"""Diagnosis: run every rule on a run, order the findings, rank what is behind them, name a verdict."""

from __future__ import annotations

import html
import json
import math
import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from gandoctor.diagnosis.explanations import SEEN_BY
from gandoctor.diagnosis.run_causes import RunCause, rank_run_causes, scores_of
from gandoctor.rules import Finding, Rule, Severity, Status, all_rules
from gandoctor.store import Run, load_run
from gandoctor.treatments import TREATMENTS, Treatment, prescribe

SCHEMA = "gandoctor.diagnosis/1"
SHOWN_CAUSES = 3
LIKELY = 0.3
"""Score from which a cause is shown beside the verdict."""
Verdict = Literal["healthy", "attention", "failing", "inconclusive"]

_TONES = {"healthy": "#009e73", "attention": "#e69f00", "failing": "#d55e00", "inconclusive": "#8a929e"}
_STATUS_ORDER = (Status.DETECTED, Status.ERRORED, Status.NOT_DETECTED, Status.NOT_EVALUATED)


@dataclass(frozen=True)
class Diagnosis:
    """What the rules say of one run.

    Attributes:
        run: The run that was judged.
        findings: One per rule: detected ones first and most severe first, then the rest by id.
        is_check: A check before training: contract and design rules only, on a run whose directory is gone.
    """

    run: Run
    findings: tuple[Finding, ...]
    is_check: bool = False

    @cached_property
    def detected(self) -> tuple[Finding, ...]:
        """The findings that are failures, most severe first.

        The first one is the one to name: of the most severe, the likeliest cause itself, else one that it explains.
        """
        found = [f for f in self.findings if f.status is Status.DETECTED]
        worst = [f for f in found if f.severity is found[0].severity]
        named = worst[:1]
        if self.likely_causes:
            top = self.likely_causes[0]
            itself = [f for f in worst if f.rule.id in (top.id, SEEN_BY.get(top.id))]
            named = [*itself, *(f for f in worst if f.rule.id in top.explains), *named]
        return tuple(sorted(found, key=lambda f: f is not named[0]))

    @property
    def headline(self) -> Finding | None:
        """The finding to name first; None where nothing was detected."""
        return self.detected[0] if self.detected else None

    @property
    def worst(self) -> Severity | None:
        """Highest severity detected; None when nothing was."""
        return max((f.severity for f in self.detected), key=lambda s: s.rank, default=None)

    @property
    def verdict(self) -> Verdict:
        """Failing with a critical finding, attention with a warning, inconclusive when too little could be judged.

        Inconclusive: nothing above info was detected, and a rule that judges training itself (not only a contract)
        was not evaluated because the run is too short or lacks signals, or failed with an error.
        """
        if self.worst is Severity.CRITICAL:
            return "failing"
        if self.worst is Severity.WARNING:
            return "attention"
        not_judged = [f for f in self.findings if f.status in (Status.NOT_EVALUATED, Status.ERRORED)]
        judged = [f for f in self.findings if f.status in (Status.DETECTED, Status.NOT_DETECTED)]
        return "inconclusive" if len(not_judged) >= len(judged) else "healthy"

    @cached_property
    def causes(self) -> tuple[RunCause, ...]:
        """What may be behind all of it, most likely first; empty where nothing above a remark was detected."""
        return rank_run_causes(self.findings)

    @property
    def likely_causes(self) -> tuple[RunCause, ...]:
        """The few of `causes` that are worth showing first."""
        return tuple(cause for cause in self.causes[:SHOWN_CAUSES] if cause.score >= LIKELY)

    @cached_property
    def change_first(self) -> Treatment | None:
        """The treatment that answers the likeliest cause; None where nothing above a remark was detected.

        Where no cause is likely, or no treatment answers it, it is the first one of the worst finding.
        """
        if not self.causes:
            return None
        top, prescribed = self.causes[0], [t for f in self.findings for t in f.treatments]
        if top.score >= LIKELY:
            own = [t for f in self.detected if f.rule.id == top.id for t in f.treatments]
            answers = [t for t in (*prescribed, *TREATMENTS.values()) if set(top.hypotheses) & set(t.cures)]
            prescribed = [*own, *answers, *prescribed]
        return prescribed[0] if prescribed else None

    @cached_property
    def sentence(self) -> str:
        """The verdict as one sentence."""
        ending = self._what_was_judged
        first = self.headline
        if first is not None:
            more = len(self.detected) - 1
            others = f" and {more} more finding{'s' if more > 1 else ''}" if more else ""
            return f"{ending}: {first.rule.title}{self._since(first)}{others}."
        if self.verdict == "inconclusive":
            return f"{ending}: too little could be checked to call it healthy."
        return f"{ending}: no failure mode was detected."

    @property
    def _what_was_judged(self) -> str:
        run, steps = self.run, self.run.last_step
        if self.is_check:
            trained = f" and a dry run of {steps} step{'s' if steps > 1 else ''}" if steps else ""
            return f"Checked the model card{trained}"
        return {
            "completed": f"The run completed {steps} steps",
            "running": f"The run is at step {steps}",
            "interrupted": f"The run was interrupted at step {steps}",
            "crashed": f"The run crashed at step {steps}",
        }[run.state]

    def _since(self, finding: Finding) -> str:
        return "" if self.is_check else f" (from step {finding.first_step})"

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnosis as plain data; numbers that are not finite become strings ("nan", "inf")."""
        run = self.run
        manifest = run.manifest
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "run": {
                "path": None if self.is_check else str(run.path),
                "state": run.state,
                "steps": run.last_step,
                "planned_steps": manifest.planned_steps,
                "loss": manifest.loss_family,
                "target": manifest.target,
                "seed": manifest.seed,
                "gaps": [str(gap) for gap in run.gaps],
            },
            "causes": [
                {
                    "id": c.id,
                    "title": str(c.title),
                    "score": round(c.score, 4),
                    "test": str(c.test),
                    "explains": list(c.explains),
                }
                for c in self.causes
            ],
            "findings": [_finding(f) for f in self.findings],
            "model_card": _model_card(run),
        }

    def to_json(self) -> str:
        """Return the diagnosis as JSON, schema "gandoctor.diagnosis/1"."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a few lines of HTML, escaped, without scripts, legible on light and dark."""
        found = "".join(_shown(f, self._since(f)) for f in self.detected)
        counts = [sum(f.status is s for f in self.findings) for s in _STATUS_ORDER]
        checked = f"{counts[0]} detected, {counts[2]} not detected, {counts[1] + counts[3]} not checked."
        page = f"The whole page: <code>gandoctor report {_escaped(shlex.quote(str(self.run.path)))}</code>"
        return (
            f'<div style="border-left:4px solid {_TONES[self.verdict]};padding:2px 0 2px 14px;max-width:72em">'
            f'<p style="margin:4px 0"><b style="font-size:1.3em">{self.verdict.capitalize()}</b></p>'
            f'<p style="margin:4px 0 8px">{_escaped(self.sentence)}</p>{self._likely_html()}{found}'
            f'<p style="margin:8px 0 4px;opacity:.75">{checked} {"" if self.is_check else page}</p></div>'
        )

    def _likely_html(self) -> str:
        """Return the likeliest causes for a notebook."""
        if not self.likely_causes:
            return ""
        listed = "".join(
            f"<li>{_escaped(c.title)}{f' ({_escaped(c.id)})' if c.is_fact else ''}: {_escaped(c.test)}</li>"
            for c in self.likely_causes
        )
        return f'<p style="margin:4px 0"><b>Most likely causes</b></p><ol style="margin:2px 0">{listed}</ol>'


def diagnose(
    run: Run | str | os.PathLike[str], rules: Iterable[Rule] | None = None, *, is_check: bool = False
) -> Diagnosis:
    """Judge a run.

    Args:
        run: An open run or the path of its directory.
        rules: Judge with these only. Defaults to every rule.
        is_check: See `Diagnosis`.

    Raises:
        GandoctorError: The path is not a usable run directory.
    """
    opened = run if isinstance(run, Run) else load_run(run)
    judged = [rule.evaluate(opened) for rule in (all_rules() if rules is None else rules)]
    scores = scores_of(rank_run_causes(judged))
    findings = sorted(
        (_treated(finding, opened, scores) for finding in judged),
        key=lambda f: (
            _STATUS_ORDER.index(f.status),
            -f.severity.rank if f.status is Status.DETECTED else 0,
            f.rule.id,
        ),
    )
    return Diagnosis(opened, tuple(findings), is_check)


def _treated(finding: Finding, run: Run, scores: Mapping[str, float]) -> Finding:
    """Add what to change to a detected finding: the cure of its likeliest cause first, as the whole run shows it."""
    if finding.status is not Status.DETECTED:
        return finding
    settings = run.manifest.config.get("settings")
    is_fact = finding.rule.is_fact  # what led to a fact, its own causes know best
    causes = {cause.id: cause.score if is_fact else scores.get(cause.id, cause.score) for cause in finding.causes}
    if not causes and finding.rule.explains is not None:  # it is the cause
        causes = {slug: scores[slug] for slug in finding.rule.explains.same_as if slug in scores}
    known = settings if isinstance(settings, dict) else None
    return replace(finding, treatments=prescribe(finding.rule.treatments, causes, known))


def _shown(finding: Finding, since: str) -> str:
    """Return a detected finding for a notebook: title, since when, why, and the first change with its code."""
    why = "".join(f"<li>{_escaped(e.statement)}</li>" for e in finding.evidence[:3])
    cure = ""
    if finding.treatments:
        first = finding.treatments[0]
        code = f'<pre style="white-space:pre-wrap">{_escaped(first.code)}</pre>' if first.code else ""
        cure = (
            f"<details><summary>Change first: {_escaped(first.title)} ({first.evidence} evidence)</summary>"
            f"<p>{_escaped(first.explanation)}</p>{code}</details>"
        )
    return (
        f'<div style="margin:6px 0"><b>{finding.severity.value} · {_escaped(finding.rule.id)} '
        f"{_escaped(finding.rule.title)}</b>{since}"
        f'<ul style="margin:2px 0">{why}</ul>{cure}</div>'
    )


def _escaped(text: object) -> str:
    """Text that adds no markup and holds nothing invisible that could reorder it."""
    return html.escape(
        "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(text)[:2_000])
    )


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.rule.id,
        "name": finding.rule.name,
        "title": str(finding.rule.title),
        "status": finding.status.value,
        "severity": finding.severity.value,
        "first_step": finding.first_step,
        "last_step": finding.last_step,
        "reason": None if finding.reason is None else str(finding.reason),
        "evidence": [
            {
                "signal": e.signal,
                "observed": _number(e.observed),
                "threshold": None if e.threshold is None else _number(e.threshold),
                "first_step": e.first_step,
                "last_step": e.last_step,
                "statement": str(e.statement),
                "layers": list(e.layers),
            }
            for e in finding.evidence
        ],
        "causes": [{"id": c.id, "title": str(c.title), "score": c.score, "test": str(c.test)} for c in finding.causes],
        "treatments": [
            {
                "id": t.id,
                "title": t.title,
                "explanation": t.explanation,
                "code": t.code,
                "patch": t.patch,
                "evidence": t.evidence,
                "reference": t.reference,
            }
            for t in finding.treatments
        ],
    }


def _model_card(run: Run) -> dict[str, Any]:
    """Return what the design rules read: both networks, their optimizers and losses, the data and the latents."""
    names = ("generator", "discriminator", "losses", "data", "latent")
    card: dict[str, Any] = _plain(run.manifest.model_dump(include=set(names)))
    return {name: card[name] for name in names}


def _plain(value: Any) -> Any:
    """Return plain data with numbers that are not finite as strings."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)

"""A diagnosis as plain data: every sentence in English, and beside it its template and values, so numbers are kept."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gandoctor.diagnosis.scope import Unseen, remedy
from gandoctor.message import Message
from gandoctor.rules import Cause, Evidence, Finding
from gandoctor.store import Run
from gandoctor.treatments import Treatment

if TYPE_CHECKING:
    from gandoctor.diagnosis.diagnosis import Diagnosis
    from gandoctor.diagnosis.plan import Step
    from gandoctor.diagnosis.run_causes import RunCause

SCHEMA = "gandoctor.diagnosis/1"
SCORES = (
    "Judgement, for ranking only: 0.85 and more where the run shows the cause itself, about 0.3 where nothing was "
    "recorded, 0.1 and less where the run speaks against it."
)
"""Where the scores of causes come from."""


def plain(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis as `json.dumps` takes it; numbers that are not finite become strings ("nan", "inf").

    Of several games, "games" holds the diagnosis of each by name, and "findings" what was detected in any of them.
    """
    run, manifest = diagnosis.run, diagnosis.run.manifest
    games = {name: plain(game) for name, game in diagnosis.games.items()}
    return {
        "schema": SCHEMA,
        "verdict": diagnosis.verdict,
        "sentence": str(diagnosis.sentence),
        "message": _message(diagnosis.sentence),
        "headline": str(diagnosis.name),
        "plan": [_step(step) for step in diagnosis.plan],
        "follows": dict(diagnosis.follows),
        "not_looked_at": [_unseen(one, run) for one in diagnosis.not_looked_at],
        "run": {
            "path": None if diagnosis.is_check else str(run.path),
            "state": run.state,
            "steps": run.last_step,
            "planned_steps": manifest.planned_steps,
            "loss": manifest.loss_family,
            "target": manifest.target,
            "seed": manifest.seed,
            "gaps": [str(gap) for gap in run.gaps],
            **_fitted_briefly(run),
        },
        "causes": [_run_cause(cause) for cause in diagnosis.causes],
        "scores": SCORES,
        "findings": [_finding(finding) for finding in (diagnosis.detected if games else diagnosis.checks)],
        "model_card": _model_card(run),
        **({"games": games} if games else {}),
    }


def _fitted_briefly(run: Run) -> dict[str, Any]:
    """Return the models that are no GAN and that a check has fitted for a few batches; nothing where there are none."""
    found = [e.model_extra or {} for e in run.events if e.kind == "fitted_briefly"]
    models = [str(name) for extra in found for name in extra.get("models", ())]
    return {"fitted_briefly": models} if models else {}


def _step(step: Step) -> dict[str, Any]:
    return {
        **step.to_plain(),
        "messages": {name: _message(said) for name, said in (("title", step.title), ("because", step.why))},
    }


def _unseen(unseen: Unseen, run: Run) -> dict[str, Any]:
    told = remedy(run, [unseen])
    return {
        "aspect": unseen.aspect.id,
        "why": str(unseen.why),
        "remedy": None if told is None else str(told),
        "message": _message(unseen.why),
    }


def _run_cause(cause: RunCause) -> dict[str, Any]:
    return {
        "id": cause.id,
        "title": str(cause.title),
        "score": round(cause.score, 4),
        "test": str(cause.test),
        "message": _message(cause.test),
        "standing": cause.standing,
        "explains": list(cause.explains),
    }


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
        "message": None if finding.reason is None else _message(finding.reason),
        "evidence": [_evidence(evidence) for evidence in finding.evidence],
        "causes": [_cause(cause) for cause in finding.causes],
        "treatments": [_treatment(treatment) for treatment in finding.treatments],
        **({} if finding.game is None else {"game": finding.game}),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "signal": evidence.signal,
        "observed": _number(evidence.observed),
        "threshold": None if evidence.threshold is None else _number(evidence.threshold),
        "first_step": evidence.first_step,
        "last_step": evidence.last_step,
        "statement": str(evidence.statement),
        "message": _message(evidence.statement),
        "layers": list(evidence.layers),
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "id": cause.id,
        "title": str(cause.title),
        "score": cause.score,
        "test": str(cause.test),
        "message": _message(cause.test),
        "standing": cause.standing,
    }


def _treatment(treatment: Treatment) -> dict[str, Any]:
    return {
        "id": treatment.id,
        "title": str(treatment.title),
        "explanation": str(treatment.explanation),
        "code": treatment.code,
        "patch": treatment.patch,
        "evidence": treatment.evidence,
        "reference": str(treatment.reference),
    }


def _model_card(run: Run) -> dict[str, Any]:
    """Return what the design rules read: both networks, their optimizers and losses, the data and the latents."""
    names = ("generator", "discriminator", "losses", "data", "latent")
    card: dict[str, Any] = _finite(run.manifest.model_dump(include=set(names)))
    for name, player in (("generator", run.manifest.generator), ("discriminator", run.manifest.discriminator)):
        if player is not None:
            card[name]["order_note"] = str(player.order_note or "")
    return {name: card[name] for name in names}


def _message(message: Message) -> Any:
    return _finite(Message.of(message).to_plain())


def _finite(value: Any) -> Any:
    """Return plain data with numbers that are not finite as strings."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)

"""Changes: what a treatment means for one run, as edits of its code in its own values.

One module a subject; each has a table `CHANGES` of treatment id -> function of the `Case`. A framework's own words are
in `spelling` alone.
"""

from __future__ import annotations

from dataclasses import replace

from gandoctor.treatments.changes import data, layers, losses, rates, steps
from gandoctor.treatments.changes.case import Case, Change
from gandoctor.treatments.registry import TREATMENTS
from gandoctor.treatments.treatment import Treatment

__all__ = ["Case", "Change", "change_for", "tailored"]

_CHANGES = {**rates.CHANGES, **layers.CHANGES, **losses.CHANGES, **steps.CHANGES, **data.CHANGES}


def change_for(treatment: str, case: Case) -> Change | None:
    """Return what a treatment changes in a run: without edits where it can only be described, None where it is moot.

    A treatment is moot where the run shows that there is nothing to change, such as a rate that is not the one at
    fault.
    """
    known = _CHANGES.get(treatment)
    return Change() if known is None else known(case)


def tailored(treatment: Treatment, case: Case) -> Treatment | None:
    """Return a treatment in a run's own values: title, code, settings and evidence; None where it is moot there."""
    change = change_for(treatment.id, case)
    if change is None:
        return None
    source = TREATMENTS.get(change.source or "", treatment)
    said = treatment.of(case.spelling.framework)
    fitted = replace(
        said,
        title=change.title or said.title,
        patch=treatment.patch if change.patch is None else dict(change.patch),
        evidence=source.evidence,
        reference=source.reference,
    )
    if not change.edits:
        return fitted
    code = "\n".join(line for edit in change.edits for line in edit.diff)
    return replace(fitted, edits=change.edits, snippets={case.spelling.framework: code})

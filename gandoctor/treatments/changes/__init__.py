"""Changes: what a treatment means for one run, as edits of its code in its own values.

One module a subject; each has a table `CHANGES` of treatment id -> function of the `Case`. A framework's own words are
in `spelling` alone.
"""

from __future__ import annotations

from gandoctor.treatments.changes import data, layers, losses, rates, steps
from gandoctor.treatments.changes.case import Case, Change

__all__ = ["Case", "Change", "change_for"]

_CHANGES = {**rates.CHANGES, **layers.CHANGES, **losses.CHANGES, **steps.CHANGES, **data.CHANGES}


def change_for(treatment: str, case: Case) -> Change | None:
    """Return what a treatment changes in a run: without edits where it can only be described, None where it is moot.

    A treatment is moot where the run shows that there is nothing to change, such as a rate that is not the one at
    fault.
    """
    known = _CHANGES.get(treatment)
    return Change() if known is None else known(case)

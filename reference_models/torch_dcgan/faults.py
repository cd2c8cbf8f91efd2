"""Which faults of the reference model its PyTorch version has, and why not the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gandoctor.errors import GandoctorError
from reference_models.faults import FAULTS, parse_fault

_APART = "its discriminator sees real and generated images in batches of their own"

ABSENT: Mapping[str, str] = {
    "batch-norm-in-discriminator": _APART,
    "batch-norm-in-frozen-discriminator": f"{_APART}, and requires_grad=False leaves batch normalisation as it is",
    "logits-taken-for-probabilities": "nn.BCELoss raises an error at the first score outside [0, 1]",
}
"""Name of a fault that cannot arise there -> why."""

PRESENT = tuple(name for name in FAULTS if name not in ABSENT)
"""Names of all others."""


def check_faults(faults: Iterable[str]) -> None:
    """Check that PyTorch's reference model has these faults ("NAME[@STEP]").

    Raises:
        GandoctorError: One is unknown, or cannot arise in this loop; the message says why, and lists those that can.
    """
    for text in faults:
        name = parse_fault(text).fault.name
        if name in ABSENT:
            raise GandoctorError(
                f"The PyTorch reference model has no fault {name}: {ABSENT[name]}. It has: {', '.join(PRESENT)}."
            )

"""The catalogue of fixes by theme: words, code to copy, config patch, strength of the evidence, reference."""

from gandoctor.treatments.prescribe import prescribe
from gandoctor.treatments.registry import TREATMENTS
from gandoctor.treatments.treatment import Treatment

__all__ = ["TREATMENTS", "Treatment", "prescribe"]

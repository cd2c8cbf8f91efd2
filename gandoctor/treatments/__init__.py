"""The catalogue of fixes: words, Keras code, config patch, strength of the evidence, reference."""

from gandoctor.treatments.catalogue import TREATMENTS
from gandoctor.treatments.prescribe import prescribe
from gandoctor.treatments.treatment import Treatment

__all__ = ["TREATMENTS", "Treatment", "prescribe"]

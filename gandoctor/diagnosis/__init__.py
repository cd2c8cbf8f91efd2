"""Diagnosis: run every rule on a run, rank the causes of the findings, name a verdict."""

from gandoctor.diagnosis.as_json import SCHEMA
from gandoctor.diagnosis.diagnosis import SHOWN_CAUSES, Diagnosis, Verdict, diagnose
from gandoctor.diagnosis.plan import Step

__all__ = ["SCHEMA", "SHOWN_CAUSES", "Diagnosis", "Step", "Verdict", "diagnose"]

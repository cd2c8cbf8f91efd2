"""Diagnosis: run every rule on a run, rank what is behind the findings, name a verdict."""

from gandoctor.diagnosis.diagnosis import SCHEMA, SHOWN_CAUSES, Diagnosis, Verdict, diagnose

__all__ = ["SCHEMA", "SHOWN_CAUSES", "Diagnosis", "Verdict", "diagnose"]

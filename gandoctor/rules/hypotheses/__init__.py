"""Hypotheses: causes that several rules share."""

"""Comparison: trainings beside each other: what differs in how they were made, and what differs in what came out."""

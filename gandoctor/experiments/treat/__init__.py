"""Treat: apply a run's plan, one change at a time, train again from the same seed, and say what it did."""

"""Recording: the half of monitoring that knows no framework. NumPy in, a run directory out."""

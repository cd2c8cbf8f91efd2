"""The terminal view of a run, live or finished: it reads the run directory and never touches training."""

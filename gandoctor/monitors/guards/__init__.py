"""Guards: callbacks that act on what was recorded."""

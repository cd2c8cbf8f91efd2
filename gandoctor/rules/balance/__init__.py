"""Balance: one player too far ahead of the other."""

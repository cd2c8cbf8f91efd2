"""Gradients and weights: too small, too large, or dead."""

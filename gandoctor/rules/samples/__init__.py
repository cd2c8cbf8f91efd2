"""Samples: what is wrong with the generated images."""

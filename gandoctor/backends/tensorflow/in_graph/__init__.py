"""Code that runs inside the traced training step: taps on optimizers and the values they record."""

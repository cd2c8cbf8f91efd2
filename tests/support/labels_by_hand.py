"""Gradients of the losses of a small discriminator by its weights, by formulas, with NumPy in double precision."""

from __future__ import annotations

import numpy as np


def loss_gradients(
    kernel: np.ndarray, bias: np.ndarray, out: np.ndarray, images: np.ndarray, labels: np.ndarray, loss: str
) -> dict[str, np.ndarray]:
    """Differentiate the mean loss of `D(x) = out . tanh(kernel x + bias)` against labels.

    Args:
        kernel: (hidden, pixels).
        bias: (hidden,).
        out: (hidden,).
        images: (n, pixels).
        labels: (n,).
        loss: "entropy", of D(x) as a logit; "squares", of D(x) itself.

    Returns:
        The gradient by each, by the name of the argument.
    """
    kernel, bias, out, images, labels = (np.asarray(a, np.float64) for a in (kernel, bias, out, images, labels))
    t = np.tanh(images @ kernel.T + bias)  # (n, hidden)
    score = t @ out
    off = 1 / (1 + np.exp(-score)) - labels if loss == "entropy" else 2 * (score - labels)
    off = off / len(images)  # the mean's slope by each score
    by_sum = off[:, None] * out * (1 - t**2)  # by what tanh is given
    return {"kernel": by_sum.T @ images, "bias": by_sum.sum(axis=0), "out": off @ t}

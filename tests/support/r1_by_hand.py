"""The gradient of the R1 penalty of a small discriminator, by formulas, with NumPy in double precision."""

from __future__ import annotations

import numpy as np


def r1_gradients(kernel: np.ndarray, bias: np.ndarray, out: np.ndarray, images: np.ndarray) -> dict[str, np.ndarray]:
    """Differentiate `1/2 * the mean over x of |grad_x D(x)|^2` for `D(x) = out . tanh(kernel x + bias)`.

    Args:
        kernel: (hidden, pixels).
        bias: (hidden,).
        out: (hidden,).
        images: (n, pixels).

    Returns:
        The gradient by each, by the name of the argument.
    """
    kernel, bias, out, images = (np.asarray(a, np.float64) for a in (kernel, bias, out, images))
    t = np.tanh(images @ kernel.T + bias)  # (n, hidden)
    s = 1 - t**2
    slope = (out * s) @ kernel  # (n, pixels): sum over k of out_k s_k kernel_k
    along = slope @ kernel.T  # (n, hidden): the slope along each row of the kernel
    by_sum = along * out * (-2 * t * s)  # by what tanh is given
    return {
        "kernel": ((out * s).T @ slope + by_sum.T @ images) / len(images),
        "bias": by_sum.mean(axis=0),
        "out": (along * s).mean(axis=0),
    }

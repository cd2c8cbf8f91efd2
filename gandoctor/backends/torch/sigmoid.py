"""The logits behind a final sigmoid: kept where a module computes it, else worked out from the output."""

from __future__ import annotations

from typing import Any

import torch

from gandoctor.backends.torch.forward_hooks import ForwardHook

_PASSING = ("View", "Squeeze", "Unsqueeze", "Reshape", "Unsafe", "Alias", "Clone", "Slice", "Select", "ToCopy")
"""How names of nodes begin that change the shape of an output, and not its values."""
_DEPTH = 6


class Logits:
    """Follows the `torch.nn.Sigmoid` modules of a network from when hooks are set to when they are removed.

    Args:
        network: The discriminator.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self._last: torch.Tensor | None = None
        sigmoids = [m for m in network.modules() if isinstance(m, torch.nn.Sigmoid)]
        self._handles = [ForwardHook(m, self._saw) for m in sigmoids]

    def _saw(self, module: Any, args: tuple[Any, ...], kwargs: Any, output: Any) -> None:
        self._last = args[0].detach()

    def of(self, output: torch.Tensor) -> torch.Tensor | None:
        """Return the logits of an output that a sigmoid made, in its shape; None where none did.

        Args:
            output: As the network has just returned it, with its graph.
        """
        if not ends_in_sigmoid(output):
            return None
        last, self._last = self._last, None
        if last is not None and last.numel() == output.numel():
            return last.reshape(output.shape)
        # A sigmoid of the network's own: beyond 16, in single precision, the output is 1 and the logit infinite.
        probability = output.detach().double()
        return torch.log(probability) - torch.log1p(-probability)

    def remove(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()


def ends_in_sigmoid(output: torch.Tensor) -> bool:
    """Tell whether a sigmoid made an output, reshaped or not; one that a script computes is not seen."""
    node = output.grad_fn
    for _ in range(_DEPTH):
        if node is None:
            return False
        name = type(node).__name__
        if name.startswith("Sigmoid"):
            return True
        if not name.startswith(_PASSING) or not node.next_functions:
            return False
        node = node.next_functions[0][0]
    return False

"""PenaltyPass: the gradient, by a discriminator's weights, of its squared slope at images; nothing of it moves."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from gandoctor.backends.discovery.made_rows import Place
from gandoctor.backends.torch.graph import nodes_of
from gandoctor.backends.torch.passes import Arguments, left_alone
from gandoctor.backends.torch.random_state import preserved_random_state
from gandoctor.backends.torch.seen_sigmoids import LogitsUnseen, Sigmoids, logit_of
from gandoctor.backends.torch.stand_ins import standing_in

_ONCE = "Error"
"""The node that stands where a function was marked as one that is differentiated once."""


class CannotPenalise(Exception):
    """Says why, as the end of a sentence."""


class PenaltyPass:
    """Differentiates `gamma / 2 * |grad_x D(x)|^2`.

    Each pass is made in the modes that the modules are in, in the precision of the weights, with copies of weights and
    buffers. Random numbers are drawn as the program's next ones, which it draws again.

    Args:
        network: The discriminator.
        gamma: 0 or more.
    """

    def __init__(self, network: torch.nn.Module, gamma: float) -> None:
        self._network, self._gamma = network, gamma

    def gradients(
        self,
        parameters: list[tuple[str, torch.nn.Parameter]],
        arguments: Arguments,
        place: Place,
        rows: list[int],
        count: int,
    ) -> dict[str, torch.Tensor]:
        """Return name -> gradient, of those of the parameters that the slope depends on.

        Args:
            parameters: By name in the network; those the penalty is differentiated by.
            arguments: What the network was given, n images among it.
            place: Where those are.
            rows: Which of the images are penalised; the others are looked at beside them.
            count: The sum is divided by it.

        Raises:
            CannotPenalise: The network has no score an image, or cannot be differentiated twice.
        """
        try:
            return self._gradients(parameters, arguments, place, rows, count)
        except CannotPenalise:
            raise
        except LogitsUnseen as error:
            raise CannotPenalise(str(error)) from error
        except Exception as error:  # of the network, whatever it computes
            first = next(iter(str(error).splitlines()), "")
            raise CannotPenalise(f"it cannot be differentiated twice ({type(error).__name__}: {first})") from error

    def _gradients(
        self,
        parameters: list[tuple[str, torch.nn.Parameter]],
        arguments: Arguments,
        place: Place,
        rows: list[int],
        count: int,
    ) -> dict[str, torch.Tensor]:
        network, differentiate = self._network, inspect.unwrap(torch.autograd.grad)  # what follows it is not told
        # Copied, as a network may write to its weights, and what waits for their gradients is not to hear of these.
        wanted = {name: p.detach().clone().requires_grad_() for name, p in parameters}
        values = {name: p.detach().clone() for name, p in network.named_parameters() if name not in wanted}
        values |= {name: buffer.detach().clone() for name, buffer in network.named_buffers()}
        with torch.enable_grad(), preserved_random_state(), left_alone(network, None):
            given = [self._as_taken(tensor) for tensor in arguments.tensors]
            image = given[place.index].requires_grad_()
            given[place.index] = image.clone()  # a network may write to what it is given
            args, kwargs = arguments.filled(given)
            stand_ins = standing_in(network, values | wanted)
            with torch.autocast(image.device.type, enabled=False), Sigmoids() as seen, stand_ins:
                output = network(*args, **kwargs)
            picked = torch.tensor(rows, device=image.device)
            score = logit_of(_score(output, len(image)), seen)
            (slope,) = differentiate(score[picked].sum(), image, create_graph=True)
            if any(type(node).__name__ == _ONCE for node in nodes_of(slope.grad_fn)):
                raise CannotPenalise("it cannot be differentiated twice: a function of it says so")
            penalised = slope[picked][:, slice(place.start, place.stop)]
            total = 0.5 * self._gamma / count * penalised.float().square().sum()
            if not total.requires_grad:
                raise CannotPenalise("its slope does not depend on its weights")
            found = differentiate(total, list(wanted.values()), allow_unused=True)
        return {name: gradient for name, gradient in zip(wanted, found, strict=True) if gradient is not None}

    def _as_taken(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return a copy where the weights are and, of floats, in their precision."""
        own = next(self._network.parameters())
        precision = own.dtype if tensor.is_floating_point() else tensor.dtype
        return tensor.detach().to(own.device, precision, copy=True)


def _score(output: Any, count: int) -> torch.Tensor:
    """Return the one output that is a number an image, (n,) or (n, 1), or a map of patches, (n, 1, ...).

    Raises:
        CannotPenalise: There is none, or there are several.
    """
    tensors = [t for t in tree_leaves(output) if isinstance(t, torch.Tensor) and t.is_floating_point()]
    found = [t for t in tensors if t.dim() and len(t) == count and (t.dim() == 1 or t.shape[1] == 1)]
    if len(found) == 1:
        return found[0]
    shapes = ", ".join(str(tuple(t.shape)) for t in tensors)
    raise CannotPenalise(f"of what it returns for {count} images ({shapes}), which is one score an image is not known")

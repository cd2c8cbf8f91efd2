"""Leave no trace in anyone's random numbers: run a block and put every reachable generator back as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from gandoctor.backends.random_generators import KINDS, generators_of, put_back, python_and_numpy_put_back

ALL_KINDS: tuple[type, ...] = (*KINDS, torch.Generator)


@contextmanager
def preserved_random_state(*functions: Callable[..., Any]) -> Iterator[None]:
    """Restore global and reachable generators on leaving.

    Covers Python's `random`, NumPy's legacy state, PyTorch's default generators of the CPU and of every CUDA device in
    use, and every generator that the given functions hold in a closure, a default argument, a module-level name they
    use, or the object they are bound to.

    Args:
        functions: User functions called inside the block.
    """
    torch_state = torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() and torch.cuda.is_initialized() else None
    try:
        with python_and_numpy_put_back(), put_back(g for f in functions for g in generators_of(f, ALL_KINDS)):
            yield
    finally:
        torch.set_rng_state(torch_state)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)

"""Whether several processes train together, and which of them records."""

from __future__ import annotations

import keras


def are_several() -> bool:
    """Tell whether several processes train together."""
    return _place()[1] > 1


def is_first() -> bool:
    """Tell whether this is the process that records: the only one, or that of rank 0."""
    return _place()[0] == 0


def _place() -> tuple[int, int]:
    """Return the number of this process, and how many there are."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.process_index(), jax.process_count()
    import torch.distributed as distributed

    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1

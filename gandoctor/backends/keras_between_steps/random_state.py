"""Leave no trace in anyone's random numbers: run a block and put every reachable generator back as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR

from gandoctor.backends.keras_between_steps.state import ModelState
from gandoctor.backends.random_generators import generators_of, put_back, python_and_numpy_put_back


@contextmanager
def preserved_random_state(state: ModelState, *functions: Callable[..., Any]) -> Iterator[None]:
    """Restore global and reachable generators on leaving.

    Those of Keras keep their state in variables, none of which changes inside the block. Covered besides are Python's
    `random`, NumPy's legacy state, PyTorch's generators where Keras runs on it, and the generators that the given
    functions hold.

    Args:
        state: Knows the values of the model's variables.
        functions: User functions called inside the block.
    """
    has_generator = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR) is not None
    with ExitStack() as stack:
        if keras.backend.backend() == "torch":
            from gandoctor.backends.torch.random_state import preserved_random_state as torch_preserved

            stack.enter_context(torch_preserved(*functions))
        else:
            stack.enter_context(python_and_numpy_put_back())
            stack.enter_context(put_back(g for f in functions for g in generators_of(f)))
        stack.enter_context(state.scope())
        try:
            yield
        finally:
            if not has_generator:  # made inside the block, from a number that Python will draw again
                global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, None)

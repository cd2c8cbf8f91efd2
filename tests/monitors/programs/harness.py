"""Trains every program without and with GANMonitor and says what differs and what was recorded.

    python tests/monitors/programs/harness.py [CASE ...] > outcomes.json

Op determinism is for a whole process, so the tests run this as one. Messages go to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parent))

STEPS = 6
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "dcgan": ("dcgan", {}),
    "dcgan, sigmoid output": ("dcgan", {"logits": False}),
    "wgan-gp": ("wgan_gp", {}),
    "conditional": ("conditional", {}),
    "conditional, latents told": ("conditional", {"tell_latents": True}),
    "conditional, label beside": ("label_beside", {}),
    "adaptive augmentation": ("adaptive_augmentation", {}),
    "train_on_batch": ("train_on_batch", {}),
    "keras-gan, frozen": ("keras_gan", {}),
    "tape loop, two optimizers": ("tape_loop", {}),
    "tape loop, one optimizer": ("tape_loop", {"one_optimizer": True}),
    "steps_per_execution": ("dcgan", {"options": {"steps_per_execution": 3}}),
    "run_eagerly": ("dcgan", {"options": {"run_eagerly": True}}),
    "mixed precision": ("dcgan", {"policy": "mixed_float16", "initial_scale": 2.0**22}),
    "gradient accumulation": ("dcgan", {"accumulate": 2}),
    "several fits": ("dcgan", {"fits": 2}),
    "resumed": ("dcgan", {}),
    "own names": ("own_names", {}),
    "own names, tf.function": ("own_names", {"nested": True}),
    "own names, loss told": ("own_names", {"told": True}),
    "trained before": ("conditional", {"fits_before": 1, "tell_latents": True}),
    "trained before, stateful random ops": ("dcgan", {"fits_before": 1}),
    "train_on_batch, trained before": ("train_on_batch", {"steps_before": 2}),
}
"""Name -> program and its arguments. None is for XLA: with op determinism on, Keras's step is not compiled by it."""


def outcome(case: str) -> dict[str, Any]:
    """Train one case both ways; where that makes a difference, also bare with TensorFlow's constant folding off."""
    import keras
    import tensorflow as tf

    from gandoctor import load_run
    from gandoctor.monitors import GANMonitor

    program, arguments = CASES[case]
    module = importlib.import_module(program)
    begun = time.monotonic()

    def trained(attach: Any, folding: bool = True) -> tuple[dict[str, Any], dict[str, str]]:
        tf.config.optimizer.set_experimental_options({"constant_folding": folding})
        keras.backend.clear_session()
        keras.utils.set_random_seed(7)
        tf.random.set_global_generator(tf.random.Generator.from_seed(7))
        for _ in range(2 if case == "resumed" else 1):
            state = module.train(attach, STEPS, **arguments)
        return state, random_states()

    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run_dir = Path(directory) / "run"

        def monitor(**options: Any) -> Any:
            return GANMonitor(run_dir, resume=run_dir.exists(), **options)

        plain, plain_random = trained(None)
        watched, watched_random = trained(monitor)
        run = load_run(run_dir)
        differing = _differing(plain, watched)
        unfolded = trained(None, folding=False)[0] if differing else plain
        manifest = run.manifest
        return {
            "variables": len(plain),
            "same_variables": list(plain) == list(watched),
            "differing": differing,
            "largest_difference": weight_difference(plain, watched),
            "differing_from_unfolded": _differing(unfolded, watched),
            "random_states_equal": {k: plain_random[k] == watched_random[k] for k in plain_random},
            "signals": {name: series(run[name]) for name in run.signals.columns},
            "players": manifest.players,
            "loss": [manifest.loss_family, manifest.loss_family_source],
            "real_is_high": [manifest.real_is_high, manifest.real_is_high_source],
            "latent": manifest.latent.model_dump(mode="json") if manifest.latent else None,
            "missing": {name: str(absence) for name, absence in manifest.missing.items()},
            "optimizers": [
                c.optimizer.get("type") if c else None for c in (manifest.generator, manifest.discriminator)
            ],
            "warnings": [str(w.message) for w in caught if w.category.__name__ == "MonitorWarning"],
            "monitor_errors": [e.model_extra for e in run.events if e.kind == "monitor_error"],
            "events": [e.kind for e in run.events],
            "seconds": round(time.monotonic() - begun, 1),
        }


def series(recorded: Any) -> dict[str, list[float]]:
    """Steps and values of a recorded signal."""
    return {"steps": recorded.index.tolist(), "values": recorded.tolist()}


def random_states() -> dict[str, str]:
    """Python's, NumPy's, TensorFlow's and Keras's global random states, as text."""
    import keras
    import numpy as np
    import tensorflow as tf

    return {
        "python": str(random.getstate()),
        "numpy": str(np.random.get_state()),
        "tensorflow": str(tf.random.normal((3,)).numpy()),
        "tensorflow generator": str(tf.random.get_global_generator().state.numpy()),
        "keras": str(keras.random.normal((3,)).numpy()),
    }


def _differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names of the variables that are not the same bits."""
    import numpy as np

    return [name for name in one if not np.array_equal(one[name], other.get(name), equal_nan=True)]


def weight_difference(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Largest difference of a weight of either player, in units of the largest weight."""
    import numpy as np

    names = [name for name in one if name.endswith(("kernel", "bias", "gamma", "beta"))]
    a, b = (np.concatenate([np.ravel(state[name]).astype(np.float64) for name in names]) for state in (one, other))
    return float(np.abs(a - b).max() / np.abs(a).max())


def main() -> None:
    """Run the cases named on the command line, or all."""
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    outcomes = {}
    for case in sys.argv[1:] or CASES:
        outcomes[case] = outcome(case)
        print(case, outcomes[case]["seconds"], file=sys.stderr, flush=True)
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main()

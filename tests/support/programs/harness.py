"""Trains every program without and with GANMonitor and says what differs and what was recorded.

    PYTHONPATH=tests python -m support.programs.harness FRAMEWORK [CASE ...] > outcomes.json

Op determinism is for a whole process, so the tests run this as one. Messages go to standard error.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from support.programs.cases import CASES, STEPS


def outcome(framework: str, case: str) -> dict[str, Any]:
    """Train one case both ways."""
    from gandoctor import load_run
    from gandoctor.monitors import GANMonitor

    program, arguments = CASES[framework][case]
    runtime = importlib.import_module(f"support.programs.{framework}_runtime")
    module = importlib.import_module(f"support.programs.{program}")
    begun = time.monotonic()

    def trained(attach: Any) -> tuple[dict[str, Any], dict[str, str]]:
        runtime.reset()
        for _ in range(2 if case == "resumed" else 1):
            state = module.train(attach, STEPS, **arguments)
        import numpy as np

        own = {"python": str(random.getstate()), "numpy": str(np.random.get_state())}
        return state, own | runtime.random_states()

    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run_dir = Path(directory) / "run"

        def monitor(**options: Any) -> Any:
            return GANMonitor(run_dir, resume=run_dir.exists(), **options)

        plain, plain_random = trained(None)
        watched, watched_random = trained(monitor)
        run = load_run(run_dir)
        differing = _differing(plain, watched)
        manifest = run.manifest
        return {
            "variables": len(plain),
            "same_variables": list(plain) == list(watched),
            "differing": differing,
            "largest_difference": weight_difference(plain, watched),
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
    """Run the framework's cases that are named on the command line, or all."""
    framework, *wanted = sys.argv[1:]
    importlib.import_module(f"support.programs.{framework}_runtime").prepare()
    outcomes = {}
    for case in wanted or CASES[framework]:
        outcomes[case] = outcome(framework, case)
        print(case, outcomes[case]["seconds"], file=sys.stderr, flush=True)
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main()

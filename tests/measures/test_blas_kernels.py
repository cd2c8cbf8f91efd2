"""Distances are the same to the last bit with the matrix products of another processor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

DIGITS = Path(__file__).parents[2] / "reference_models" / "data" / "mnist_5k.npz"

MEASURE = f"""
import json
import numpy as np
from gandoctor.measures import Reference
from gandoctor.measures.null import RealSplits

with np.load({str(DIGITS)!r}) as archive:
    digits = archive["images"][:512, :, :, None].astype(np.float32) / 255
rng = np.random.default_rng(0)
for reals in (digits, digits[rng.integers(0, 10, 300)], rng.random((300, 32, 32, 3)).astype(np.float32)):
    monitor = Reference(reals[:200], holdout=reals[200:]).statistics(0.9 * reals[:64])
    split = RealSplits(reals, count=64, pool_count=128).statistics(rng.permutation(len(reals)))
    print(json.dumps([monitor, split]))
"""


def measured(**environment: str) -> list[list[dict[str, float]]]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True, env=os.environ | environment
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_another_processor_measures_the_same() -> None:
    """Features are float32 and only nearly the same: nothing is counted in them."""
    here, there = measured(), measured(OPENBLAS_CORETYPE="Prescott")  # every x86 processor can run its kernels
    of_features = {"sample_kid", "sample_class_kid", "sample_class_perplexity"}
    for ours, theirs in zip(here, there, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert set(one) == set(other) > {"sample_duplicate_pairs", "sample_coverage", "sample_nn_distance"}
            for name in one:
                if name in of_features:
                    assert abs(one[name] - other[name]) < 1e-5 * max(1, abs(one[name])), name
                else:
                    assert one[name] == other[name], name

"""The table of programs: what every backend is tested with, by the same assertions (`test_programs.py`)."""

from __future__ import annotations

from typing import Any

STEPS = 6
CASES: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "tensorflow": {
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
    },
}
"""Framework -> name -> program and its arguments.

A framework has a module beside this one, `<framework>_runtime.py`, that makes its runs repeatable. Of TensorFlow none
is for XLA: with op determinism on, Keras's step is not compiled by it.
"""
SLOW = frozenset(
    {
        "dcgan, sigmoid output",
        "tape loop, two optimizers",
        "steps_per_execution",
        "run_eagerly",
        "several fits",
        "own names, loss told",
        "own names, tf.function",
        "conditional, latents told",
        "conditional, label beside",
        "gradient accumulation",
        "trained before",
        "trained before, stateful random ops",
        "train_on_batch, trained before",
    }
)
"""Cases that another case or another test file covers in part."""

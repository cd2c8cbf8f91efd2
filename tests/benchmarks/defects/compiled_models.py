"""Two compiled models and `train_on_batch`, sound or with one fault.

python tests/benchmarks/defects/compiled_models.py RUN_DIR STEPS SEED [FAULT]
"""

from __future__ import annotations

import sys

import keras
import numpy as np
from pieces import pieces

from gandoctor import GANMonitor


def main(run_dir: str, steps: int, seed: int, fault: str | None = None) -> None:
    p = pieces(fault, steps, seed)
    faults, generator, discriminator = p.settings.faults, p.generator, p.discriminator

    DM = keras.Sequential([discriminator])
    DM.compile(loss=p.loss, optimizer=p.d_optimizer, jit_compile=False)
    AM = keras.Sequential([generator, discriminator])
    AM.compile(loss=p.loss, optimizer=p.g_optimizer, jit_compile=False)

    count = p.settings.training.batch_size
    labels = np.repeat([[p.real_label], [p.fake_label]], count, axis=0).astype(np.float32)
    wanted = np.full((count, 1), p.wanted_label, np.float32)

    def set_flags(phase: str) -> None:
        """Freeze the player whose turn it is not, as Keras 3 wants it: before every call."""
        if faults.generator_frozen:
            generator.trainable = False
        if faults.discriminator_frozen:
            discriminator.trainable = False  # once and for all, as Keras 2 programs do
        elif faults.generator_step_moves_discriminator.start is None:
            discriminator.trainable = phase == "d"

    def train_discriminator(real: np.ndarray) -> float:
        set_flags("d")
        fake = generator.predict_on_batch(p.latents(count))
        DM.reset_metrics()
        return float(DM.train_on_batch(np.concatenate([real, fake]), labels))

    def train_generator() -> float:
        set_flags("g")
        AM.reset_metrics()
        return float(AM.train_on_batch(p.latents(count), wanted))

    for _ in range(p.pretrain_steps):
        train_discriminator(next(p.reals))
    with GANMonitor(
        run_dir,
        generator=generator,
        discriminator=discriminator,
        d_optimizer=DM.optimizer,
        g_optimizer=AM.optimizer,
        latent_sampler=p.sampler,
        probe_data=p.probe,
        loss="non_saturating",
    ) as monitor:
        for step in range(1, steps + 1):
            real = next(p.reals)
            if p.nan_from is not None and step >= p.nan_from:
                real = real * np.float32("nan")
            monitor.step(d_loss=train_discriminator(real), g_loss=train_generator())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])

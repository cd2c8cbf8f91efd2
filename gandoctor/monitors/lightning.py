"""GANCallback: a GANMonitor as a callback of Lightning, for modules with manual optimization."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from gandoctor.message import Message
from gandoctor.monitors.gan_monitor import GANMonitor
from gandoctor.recording.warning import warn

# The same library under two names, whose classes are not each other's: the one in use is taken.
if "pytorch_lightning" in sys.modules and "lightning" not in sys.modules:
    from pytorch_lightning import Callback
else:
    from lightning.pytorch import Callback

_GENERATORS = ("generator", "netG", "G", "gen")
_DISCRIMINATORS = ("discriminator", "critic", "netD", "D", "disc")
"""Attributes of a module that are looked for where a player is not passed."""


class GANCallback(Callback):
    """Records the GAN that a LightningModule trains; a batch is a step.

    ::

        trainer = lightning.Trainer(callbacks=[GANCallback("runs/mine")])

    Losses, gradients and optimizers are found as they are used; nothing has to be logged. Where several processes
    train, that of rank 0 records. What is trained with the trainer is bit for bit the same.

    Args:
        run_dir: Directory to record into.
        generator: The generator. Defaults to the module's attribute of a usual name.
        discriminator: The discriminator, likewise.
        options: Further arguments of `GANMonitor`.
    """

    def __init__(
        self, run_dir: str | Path, *, generator: Any = None, discriminator: Any = None, **options: Any
    ) -> None:
        super().__init__()
        self._run_dir, self._options = run_dir, options
        self._generator, self._discriminator = generator, discriminator
        self.monitor: GANMonitor | None = None

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to record."""
        if getattr(pl_module, "automatic_optimization", False):
            warn(
                Message(
                    "gandoctor records nothing: {module} has automatic optimization, which trains one loss with one "
                    "optimizer. A GAN needs automatic_optimization = False.",
                    module=type(pl_module).__name__,
                )
            )
            return
        self.monitor = GANMonitor(
            self._run_dir,
            generator=self._generator or _attribute(pl_module, _GENERATORS),
            discriminator=self._discriminator or _attribute(pl_module, _DISCRIMINATORS),
            **self._options,
        )
        self.monitor.__enter__()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Count a step."""
        if self.monitor is not None:
            self.monitor.step()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End the recording of a training that was broken off."""
        if self.monitor is not None:
            self.monitor.__exit__(type(exception), exception, None)
            self.monitor = None

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """End the recording."""
        if self.monitor is not None:
            self.monitor.__exit__(None, None, None)
            self.monitor = None


def _attribute(module: Any, names: tuple[str, ...]) -> Any:
    return next((found for name in names if (found := getattr(module, name, None)) is not None), None)

"""The loop of PyTorch's DCGAN tutorial, with the faults that are mistakes in a loop."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from reference_models.settings import DiscriminatorSettings, GeneratorSettings, LearningRateFault, Settings, Switch
from reference_models.sizes import Shape
from reference_models.torch_dcgan.faulty_modules import Begun
from reference_models.torch_dcgan.networks import build_discriminator, build_generator

Player = GeneratorSettings | DiscriminatorSettings


class DCGAN:
    """Two networks, their optimizers, and the step that trains them.

    Attributes:
        generator: z -> images.
        discriminator: Images -> probability of being real.
        d_optimizer: Updates the discriminator in its own step.
        g_optimizer: Updates the generator in its step, and the discriminator too unless
            `training.freeze_discriminator` is set.
        step: The number of the current or last step; 0 before the first.

    Args:
        settings: All settings.
        shape: Height, width and channels of an image.
        seed: Seed of the faults' own random numbers. Weights, latents and dropout use PyTorch's global generator.
    """

    def __init__(self, settings: Settings, shape: Shape, seed: int) -> None:
        self.settings, self.faults, self._seed = settings, settings.faults, seed
        self.step = 0
        self.generator = build_generator(settings, shape, self.begun, seed)
        self.discriminator = build_discriminator(settings, shape)
        self.criterion = nn.BCELoss() if settings.training.loss_input == "probabilities" else nn.BCEWithLogitsLoss()
        d_parameters = list(self.discriminator.parameters())
        g_parameters = list(self.generator.parameters())
        leaks = self.faults.generator_step_moves_discriminator.start is not None
        if not settings.training.freeze_discriminator or leaks:
            g_parameters += d_parameters
        if self.faults.discriminator_step_moves_generator.start is not None:
            d_parameters += list(self.generator.parameters())
        if self.faults.discriminator_frozen:
            d_parameters = list(copy.deepcopy(self.discriminator).parameters())
        if self.faults.generator_frozen:
            self.generator.requires_grad_(False)
        self.d_optimizer = rmsprop(settings.discriminator, d_parameters)
        self.g_optimizer = rmsprop(settings.generator, g_parameters)
        self._updates = {"d": 0, "g": 0}

    def begun(self, switch: Switch) -> Begun:
        """Return what tells whether a fault acts in the step under way."""
        return lambda: switch.start is not None and self.step >= switch.start

    def train(self, batches: Iterator[torch.Tensor], step_done: Callable[..., None]) -> None:
        """Train for `settings.training.steps` steps."""
        for _ in range(self.settings.training.steps):
            self.step += 1
            real = next(batches)
            d_loss, fake = self.train_discriminator(real)
            g_loss = self.train_generator(fake)
            step_done(d_loss=d_loss, g_loss=g_loss)

    def pretrain(self, batches: Iterator[torch.Tensor]) -> None:
        """Train only the discriminator, for `training.pretrain_steps` steps."""
        for _ in range(self.settings.training.pretrain_steps):
            self.train_discriminator(next(batches))

    def train_discriminator(self, real: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Update D on a batch of reals, (n, channels, height, width), and as many fakes; return its loss and these."""
        labels = self.settings.training
        real = self._faulty_reals(real)
        on_real, on_fake = labels.real_label, labels.fake_label
        if self._acts(self.faults.swapped_labels):
            on_real, on_fake = on_fake, on_real
        self._forget_gradients()
        loss_real = self._faulty_d_loss(self.cross_entropy(self.discriminator(real), on_real))
        loss_real.backward()
        fake = self.generator(self.latents(len(real)))
        leaks = self._acts(self.faults.discriminator_step_moves_generator)
        scores = self.discriminator(fake if leaks else fake.detach())
        loss_fake = self._faulty_d_loss(self.cross_entropy(scores, on_fake))
        loss_fake.backward()
        self._move("d")
        # The graph of what the leak has differentiated is gone.
        return (loss_real + loss_fake).detach(), self.generator(self.latents(len(real))) if leaks else fake

    def train_generator(self, fake: torch.Tensor) -> torch.Tensor:
        """Update G (and D, unless it is frozen) so that D calls the fakes real; return the loss."""
        labels = self.settings.training
        wanted = labels.fake_label if self._acts(self.faults.generator_wants_fake) else labels.generator_label
        self._forget_gradients()
        loss = self._scaled(self.cross_entropy(self.discriminator(fake), wanted))
        loss.backward()
        leak = self.faults.generator_step_moves_discriminator
        if leak.start is not None and not self._acts(leak):
            self.discriminator.zero_grad()  # RMSprop leaves alone what has no gradient
        self._move("g")
        return loss.detach()

    def cross_entropy(self, scores: torch.Tensor, label: float) -> Any:
        """Return the mean cross-entropy of D's scores (n, 1) with one label for all."""
        return self.criterion(scores, torch.full_like(scores, label))

    def latents(self, count: int) -> torch.Tensor:
        """Draw z, (count, latent.dimension)."""
        latent = self.settings.latent
        z = torch.empty(count, latent.dimension).uniform_(latent.low, latent.high)
        return torch.from_numpy(self.faulty_latents(z.numpy()))

    def faulty_latents(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the latents that training gets instead of z, (n, dimension)."""
        latent, faults = self.settings.latent, self.faults
        if self._acts(faults.repeated_latent):
            again = np.random.default_rng([self._seed, 2])  # the seed reset before every draw
            z = again.uniform(latent.low, latent.high, z.shape).astype(np.float32)
        if self._acts(faults.small_latent):
            z = z * np.float32(faults.small_latent.factor)
        return np.zeros_like(z) if self._acts(faults.constant_latent) else z

    def _acts(self, switch: Switch) -> bool:
        return self.begun(switch)()

    def _faulty_reals(self, real: torch.Tensor) -> torch.Tensor:
        # training.py rescales the data set for a fault that acts from the start. Here it changes mid-run.
        if self.faults.symmetric_data.start and self._acts(self.faults.symmetric_data):
            real = real * 2 - 1
        if self.faults.byte_data.start and self._acts(self.faults.byte_data):
            real = real * 255
        return real

    def _faulty_d_loss(self, loss: Any) -> Any:
        return self._scaled(loss * float("nan") if self._acts(self.faults.nan) else loss)

    def _scaled(self, loss: Any) -> Any:
        scale = self.faults.loss_scale
        return loss * scale.factor if self._acts(scale) else loss

    def _forget_gradients(self) -> None:
        self.discriminator.zero_grad()
        self.generator.zero_grad()

    def _move(self, player: str) -> None:
        """Clip the gradients and apply them, at the learning rate of this update."""
        own: Player
        if player == "d":
            own, fault, optimizer = (
                self.settings.discriminator,
                self.faults.discriminator_learning_rate,
                self.d_optimizer,
            )
        else:
            own, fault, optimizer = self.settings.generator, self.faults.generator_learning_rate, self.g_optimizer
        for group in optimizer.param_groups:
            moving = [p for p in group["params"] if p.grad is not None]
            if own.clip_value is not None and moving:  # PyTorch raises an error where there is nothing to clip
                nn.utils.clip_grad_value_(moving, own.clip_value)
            group["lr"] = learning_rate(own, fault, self._updates[player])
        optimizer.step()
        self._updates[player] += 1


def rmsprop(player: Player, parameters: list[Any]) -> torch.optim.Optimizer:
    """Return the article's optimizer for these parameters, with the constants of Keras."""
    return torch.optim.RMSprop(parameters, lr=player.learning_rate, alpha=0.9, eps=1e-7)


def learning_rate(player: Player, fault: LearningRateFault, updates: int) -> float:
    """Return the learning rate of the update after so many: rate / (1 + decay * updates), or the fault's."""
    healthy = player.learning_rate / (1 + player.decay * updates)
    if fault.start is None or updates + 1 < fault.start:
        return healthy
    return healthy * fault.factor if fault.value is None else fault.value

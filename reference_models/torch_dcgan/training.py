"""What `gandoctor run --framework torch` trains: PyTorch's DCGAN, its data and its faults, ready to train."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gandoctor.experiments.training import LoopTraining
from reference_models.chosen import choose, range_from_the_start
from reference_models.datasets import in_range
from reference_models.settings import Settings, Switch
from reference_models.torch_dcgan.faults import check_faults

if TYPE_CHECKING:
    import torch

    from reference_models.torch_dcgan.loop import DCGAN

BATCH = 250


def build(
    preset: str = "quick",
    settings: Iterable[str] = (),
    faults: Iterable[str] = (),
    steps: int | None = None,
    seed: int = 0,
    data: str | None = None,
) -> LoopTraining:
    """Build the model and its data. This sets the global seed of PyTorch.

    All arguments are checked before PyTorch is loaded, because loading takes seconds.

    Args:
        preset: "quick" or "reference".
        settings: "KEY=VALUE" changes to the preset.
        faults: "NAME[@STEP]"; see `faults.PRESENT`.
        steps: Training steps. Defaults to the preset's.
        seed: Seed of the weights, the latents, the dropout, the split and the order of the data.
        data: See `datasets.load_images`.

    Raises:
        GandoctorError: An argument is unknown or out of bounds, or a fault does not exist in PyTorch.
    """
    faults = list(faults)
    check_faults(faults)
    chosen = choose(preset, settings, faults, steps, seed, data)

    import torch

    from reference_models.torch_dcgan.loop import DCGAN

    torch.manual_seed(seed)
    height, width, depth = chosen.images.training.shape[1:]
    gan = DCGAN(chosen.settings, (height, width, depth), seed)
    pixel_range = range_from_the_start(chosen.settings)
    reals = torch.from_numpy(in_range(chosen.images.training, pixel_range)).permute(0, 3, 1, 2).contiguous()
    endless = batches(reals, chosen.settings, gan.begun, seed)
    gan.pretrain(endless)
    sampler = latent_sampler(gan, seed)
    return LoopTraining(
        generator=gan.generator,
        discriminator=gan.discriminator,
        train=lambda step_done: gan.train(endless, step_done),
        steps=chosen.settings.training.steps,
        probe_data=in_range(chosen.images.probe, pixel_range),
        holdout_data=in_range(chosen.images.holdout, pixel_range),
        draw=lambda count: draw(gan, sampler(count)),
        config=chosen.config,
        monitor={
            "g_optimizer": gan.g_optimizer,
            "d_optimizer": gan.d_optimizer,
            "latent_sampler": sampler,
            "loss": "non_saturating",
            "real_is_high": True,
            "declared": chosen.declared,
        },
    )


def batches(
    reals: torch.Tensor, settings: Settings, begun: Callable[[Switch], Callable[[], bool]], seed: int
) -> Iterator[torch.Tensor]:
    """Yield batches without end, reshuffled every epoch; the same one again and again where that fault acts.

    Args:
        reals: Real images, (n, channels, height, width).
        settings: Batch size and faults.
        begun: Makes what tells whether a fault acts in the step under way.
        seed: Seed of the order.
    """
    import torch

    size, repeats = settings.training.batch_size, begun(settings.faults.repeated_batch)
    shuffle = torch.Generator().manual_seed(seed)
    order, repeated = torch.empty(0, dtype=torch.long), None
    while True:
        while len(order) < size:
            order = torch.cat([order, torch.randperm(len(reals), generator=shuffle)])
        batch, order = reals[order[:size]], order[size:]
        if repeats():
            repeated = batch if repeated is None else repeated
            batch = repeated
        yield batch


def latent_sampler(gan: DCGAN, seed: int) -> Callable[[int], NDArray[np.float32]]:
    """Return a sampler, count -> z (count, dimension), for the monitor. Its random state is not that of training."""
    rng = np.random.default_rng([seed, 1])
    latent = gan.settings.latent

    def sample(count: int) -> NDArray[np.float32]:
        z = rng.uniform(latent.low, latent.high, (count, latent.dimension)).astype(np.float32)
        return gan.faulty_latents(z)

    return sample


def draw(gan: DCGAN, latents: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the images, (n, height, width, channels), that G makes of latents in inference mode."""
    import torch

    gan.generator.eval()
    with torch.no_grad():
        parts = [gan.generator(torch.from_numpy(latents[i : i + BATCH])) for i in range(0, len(latents), BATCH)]
    gan.generator.train()
    return torch.cat(parts).permute(0, 2, 3, 1).numpy()  # type: ignore[no-any-return]

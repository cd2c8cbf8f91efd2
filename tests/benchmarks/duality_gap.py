"""Does the duality gap pay? Small GANs of eight Gaussians, well and ill: their gap at three looks, and what came of it.

    python tests/benchmarks/duality_gap.py > reports/duality-gap.md

No tests. Takes five minutes of one core. Every training is a PyTorch loop of two small networks, recorded by
`GANMonitor(..., duality_gap_at=LOOKS)`. What came of it is measured on samples that nothing else has seen: how many of
the eight modes are covered, and the energy distance of the samples to the data.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import nn

from gandoctor import GANMonitor, load_run
from gandoctor.measures.energy import EnergyDistance
from gandoctor.recording.instruments.duality_gap import STEPS as COPY_STEPS

LOOKS = (300, 750, 1500)
SEEDS = (0, 1, 2)
LATENT, BATCH, WIDTH, RATE = 4, 64, 64, 1e-3
MARGINAL = "sample_marginal_worst"
JUDGED, SPREAD, NEAR, LEAST_SHARE = 2000, 0.05, 0.2, 0.02
"""Samples that are judged; the modes' standard deviation; how near a mode a sample counts; share that covers it."""


@dataclass(frozen=True)
class Kind:
    """How a training is made.

    Attributes:
        name: In the table.
        is_ill: Whether it was made to fail.
        latent_scale: Of the latents, in training and at probes alike.
        g_label: What the generator wants to be taken for, 1 being real.
        d_rate, g_rate: Learning rates.
    """

    name: str
    is_ill: bool = True
    latent_scale: float = 1.0
    g_label: float = 1.0
    d_rate: float = RATE
    g_rate: float = RATE


KINDS = (
    Kind("healthy", is_ill=False),
    Kind("collapsed: constant latents", latent_scale=0.0),
    Kind("swapped labels of the generator", g_label=0.0),
    Kind("discriminator frozen", d_rate=0.0),
    Kind("generator frozen", g_rate=0.0),
    Kind("discriminator 30 times as fast", d_rate=30 * RATE),
)


@dataclass(frozen=True)
class Outcome:
    """What came of one training.

    Attributes:
        kind: How it was made.
        seed: Its seed.
        gaps: Look -> the gap there.
        marginals: Look -> what is compared of such data without it, the distance of the worst column, there.
        modes: Modes that are covered, of eight.
        distance: Energy distance to the data, 0 for samples like them.
        cost: Seconds of one measurement over those of one training step.
    """

    kind: Kind
    seed: int
    gaps: dict[int, float]
    marginals: dict[int, float]
    modes: int
    distance: float
    cost: float


def centres() -> np.ndarray:
    """Return the means of the eight Gaussians, (8, 2), on a circle of radius 2."""
    angle = np.arange(8) * np.pi / 4
    return 2.0 * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def data(count: int, seed: int) -> np.ndarray:
    """Return so many points, float32 (count, 2)."""
    rng = np.random.default_rng(seed)
    points = centres()[rng.integers(0, 8, count)] + SPREAD * rng.standard_normal((count, 2))
    return points.astype(np.float32)


def network(inputs: int, outputs: int) -> nn.Sequential:
    """Return three dense layers."""
    return nn.Sequential(
        *(nn.Linear(inputs, WIDTH), nn.LeakyReLU(0.2), nn.Linear(WIDTH, WIDTH), nn.LeakyReLU(0.2)),
        nn.Linear(WIDTH, outputs),
    )


def trained(kind: Kind, seed: int, run_dir: Path) -> Outcome:
    """Train once and measure what came of it."""
    torch.manual_seed(seed)
    rng, points = np.random.default_rng(seed), data(8192, 100 + seed)
    g, d = network(LATENT, 2), network(2, 1)
    g_optimizer = torch.optim.Adam(g.parameters(), kind.g_rate, betas=(0.5, 0.999))
    d_optimizer = torch.optim.Adam(d.parameters(), kind.d_rate, betas=(0.5, 0.999))
    bce, wanted = nn.BCEWithLogitsLoss(), torch.full((BATCH, 1), kind.g_label)
    real_label, fake_label = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)

    def latents(count: int) -> torch.Tensor:
        return kind.latent_scale * torch.randn(count, LATENT)

    given: dict[str, Any] = {"generator": g, "discriminator": d, "g_optimizer": g_optimizer, "d_optimizer": d_optimizer}
    given |= {"latent_sampler": latents, "probe_data": points[:512], "loss": "non_saturating", "real_is_high": True}
    seconds: dict[bool, list[float]] = {True: [], False: []}
    with GANMonitor(run_dir, **given, duality_gap_at=LOOKS, strict=True) as monitor:
        for step in range(1, LOOKS[-1] + 1):
            begun = time.process_time()
            real = torch.from_numpy(points[rng.integers(0, len(points), BATCH)])
            fake = g(latents(BATCH))
            d_optimizer.zero_grad()
            d_loss = bce(d(real), real_label) + bce(d(fake.detach()), fake_label)
            d_loss.backward()
            d_optimizer.step()
            g_optimizer.zero_grad()
            g_loss = bce(d(fake), wanted)
            g_loss.backward()
            g_optimizer.step()
            stepped = time.process_time()
            monitor.step(d_loss=d_loss, g_loss=g_loss)
            seconds[False].append(stepped - begun)
            if step in LOOKS:
                seconds[True].append(time.process_time() - stepped)
    run = load_run(run_dir)
    if "duality_gap" not in run:
        raise SystemExit(f"{kind.name}: {run.manifest.missing['duality_gap']}")
    gaps, marginals = run["duality_gap"].dropna(), run[MARGINAL].dropna()
    with torch.no_grad():
        samples = g(latents(JUDGED)).numpy()
    near = np.linalg.norm(samples[:, None] - centres()[None], axis=2) < NEAR
    return Outcome(
        kind,
        seed,
        {look: float(gaps.loc[look]) for look in LOOKS},
        {look: float(marginals.loc[:look].iloc[-1]) for look in LOOKS},
        int((near.mean(axis=0) > LEAST_SHARE).sum()),
        EnergyDistance(data(JUDGED, 7))(samples),
        float(np.median(seconds[True]) / np.median(seconds[False])),
    )


def separation(ill: Sequence[float], well: Sequence[float]) -> float:
    """Return how often an ill training has more than a well one, 0..1, ties by half."""
    pairs = [(one > other) + 0.5 * (one == other) for one in ill for other in well]
    return float(np.mean(pairs))


def report(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "| training | seed | " + " | ".join(f"gap at {look}" for look in LOOKS) + " | modes of 8 | distance |"
    yield "|---|---|" + "---|" * (len(LOOKS) + 2)
    for one in outcomes:
        gaps = " | ".join(f"{one.gaps[look]:.3g}" for look in LOOKS)
        yield f"| {one.kind.name} | {one.seed} | {gaps} | {one.modes} | {one.distance:.3f} |"
    yield ""
    yield "Pairs of an ill training and a healthy one of which the ill one has more: of the gap, and of the distance of"
    yield f"the worst column (`{MARGINAL}`), which such data have without it."
    yield ""
    of_both = [f"{what} at {look}" for look in LOOKS for what in ("gap", "column")]
    yield f"| ill training | {' | '.join(of_both)} |"
    yield "|---|" + "---|" * len(of_both)
    well = [one for one in outcomes if not one.kind.is_ill]
    for kind in (*(kind for kind in KINDS if kind.is_ill), None):
        ill = [one for one in outcomes if one.kind == kind or (kind is None and one.kind.is_ill)]
        shares = []
        for look in LOOKS:
            shares.append(separation([o.gaps[look] for o in ill], [o.gaps[look] for o in well]))
            shares.append(separation([o.marginals[look] for o in ill], [o.marginals[look] for o in well]))
        yield f"| {'all' if kind is None else kind.name} | {' | '.join(f'{share:.0%}' for share in shares)} |"
    yield ""
    for look in LOOKS:
        both = [
            spearmanr([getattr(o, of)[look] for o in outcomes], [o.distance for o in outcomes]).statistic
            for of in ("gaps", "marginals")
        ]
        yield f"- Rank correlation with the final distance at {look}: gap {both[0]:.2f}, worst column {both[1]:.2f}."
    yield ""
    cost = np.median([one.cost for one in outcomes])
    yield (
        f"One measurement, {COPY_STEPS} steps of a copy of each player, took as long as {cost:.0f} training steps "
        "without a monitor (median)."
    )


def main() -> None:
    """Train all and print the page."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        outcomes = [
            trained(kind, seed, Path(folder) / f"{number}-{seed}")
            for number, kind in enumerate(KINDS)
            for seed in SEEDS
        ]
    print(HEAD)
    print("\n".join(report(outcomes)))


HEAD = """# The duality gap at the looks of a training

Made by `python tests/benchmarks/duality_gap.py`: small GANs of eight Gaussians (points of two numbers, two networks of
three dense layers, Adam, 1,500 steps), three of them well and fifteen made ill in five ways. "Distance" is the energy
distance of 2,000 new samples to the data at the end, in mean distances among the data.

Does it pay? It tells ill from well: at each of three looks every ill training has a larger gap than every healthy one.
But the distance of the worst column, which is recorded of such data anyway and costs no extra step, tells them apart
just as well, and ranks them more like the final distance does. Within the ill ones, the size of the gap says little
of how bad the samples are. So it is shown beside the outcome and decides nothing. Where it may pay is where that
distance is blind, because nothing in the columns differs; that was not measured. Three healthy trainings of one data
set set no limit.
"""

if __name__ == "__main__":
    main()

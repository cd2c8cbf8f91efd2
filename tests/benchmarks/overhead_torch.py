"""What a monitor costs a PyTorch training: pairs of trainings with and without it; holds no tests.

    python tests/benchmarks/overhead_torch.py toy --pairs 7
    python tests/benchmarks/overhead_torch.py quick --pairs 7

`toy` is a dense GAN of a few milliseconds a step, 2,000 steps; `quick` the reference model in PyTorch, 1,000 steps. A
pair trains one seed bare and once with GANMonitor, each in a process of its own, as the monitor's hooks are set on
PyTorch itself and would be called by the bare one too. The two take turns of 20 steps, since a machine's speed drifts
by more than a monitor costs; a third, bare as well, shows how far two that are the same differ. The ratios are of wall
time: over the whole training, monitor's beginning and end included, and over all steps but the first 20. Results go to
`reports/overhead-torch-<subject>.json` and `reports/overhead-torch.md`. It needs an idle machine: 2 minutes a pair.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

REPORTS = Path(__file__).resolve().parents[2] / "reports"
STEPS_A_TURN = 20
KINDS = ("bare", "GANMonitor", "bare, again")
STEPS = {"toy": 2000, "quick": 1000}


def toy(seed: int, steps: int) -> Any:
    """Build a dense GAN of a few milliseconds a step."""
    import torch
    from torch import nn

    from gandoctor.experiments import LoopTraining
    from reference_models.datasets import in_range, load_images, split

    torch.manual_seed(seed)
    images = torch.from_numpy(in_range(split(load_images(), seed).training, "symmetric")).permute(0, 3, 1, 2)
    g = nn.Sequential(
        nn.Linear(32, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28))
    )
    d = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(256, 1))
    g_optimizer, d_optimizer = (torch.optim.Adam(n.parameters(), 2e-4, betas=(0.5, 0.999)) for n in (g, d))
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(64, 1), torch.zeros(64, 1)

    def train(step_done: Callable[..., None]) -> None:
        for _ in range(steps):
            real = images[torch.randint(0, len(images), (64,))]
            d_optimizer.zero_grad()
            fake = g(torch.randn(64, 32))
            (bce(d(real), one) + bce(d(fake.detach()), zero)).backward()
            d_optimizer.step()
            g_optimizer.zero_grad()
            bce(d(fake), one).backward()
            g_optimizer.step()
            step_done()

    sampler = lambda n: torch.randn(n, 32)  # noqa: E731
    return LoopTraining(g, d, train, steps, probe_data=images[:512], monitor={"latent_sampler": sampler})


def quick(seed: int, steps: int) -> Any:
    """Build the quick preset of PyTorch's reference model."""
    from reference_models.torch_dcgan import build

    return build(seed=seed, steps=steps)


class Turns:
    """The clock of a training that waits for its turns: it stands still in between."""

    def __init__(self) -> None:
        self._steps, self._before, self._since = 0, 0.0, 0.0
        self.start_s = 0.0

    def seconds(self) -> float:
        """Return how long this training has had."""
        return self._before + time.perf_counter() - self._since

    def take(self) -> None:
        """Wait for a turn."""
        sys.stdin.readline()
        self._since = time.perf_counter()

    def count_step(self) -> None:
        """Hand on the turn every few steps."""
        self._steps += 1
        if self._steps == STEPS_A_TURN:
            self.start_s = self.seconds()
        if self._steps % STEPS_A_TURN == 0:
            self._before = self.seconds()
            print("turn", flush=True)
            self.take()


def train(subject: str, kind: str, seed: int, steps: int) -> None:
    """Be one of the trainings: build, take turns, and print what it took."""
    from gandoctor import GANMonitor
    from gandoctor.recording.session import stopwatch

    training = {"toy": toy, "quick": quick}[subject](seed, steps)
    turns = Turns()
    # The monitor's clock must stand still while others train: it would take its probes to be cheap.
    clock = SimpleNamespace(monotonic=turns.seconds)
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(stopwatch, "time", clock):
        turns.take()
        cpu = time.process_time()
        watched = kind == "GANMonitor"
        monitor = GANMonitor(f"{folder}/run", strict=True, **training.monitor_arguments()) if watched else nullcontext()
        with monitor as recording:

            def step_done(**scalars: Any) -> None:
                if recording is not None:
                    recording.step(**scalars)
                turns.count_step()

            training.train(step_done)
        whole = turns.seconds()
        took = {"whole_s": whole, "later_s": whole - turns.start_s, "cpu_s": time.process_time() - cpu}
        print(json.dumps(took), flush=True)


def pair(subject: str, seed: int, steps: int) -> dict[str, dict[str, float]]:
    """Train each kind, by turns; which begins changes from pair to pair."""
    turned = KINDS[seed % len(KINDS) :] + KINDS[: seed % len(KINDS)]
    command = [sys.executable, __file__, subject, "--steps", str(steps), "--seed", str(seed), "--be"]
    running = {
        kind: subprocess.Popen([*command, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for kind in turned
    }
    took: dict[str, dict[str, float]] = {}
    while running:
        for kind, process in list(running.items()):
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("go\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if line != "turn\n":
                took[kind] = json.loads(line)
                process.communicate()
                del running[kind]
    return took


def main() -> None:
    """Measure one subject and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subject", choices=STEPS)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--be", choices=KINDS, help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, default=REPORTS)
    given = parser.parse_args()
    steps = given.steps or STEPS[given.subject]
    if given.be:
        train(given.subject, given.be, given.seed, steps)
        return
    results: dict[str, Any] = {"steps": steps, "pairs": []}
    for seed in range(given.pairs):
        took = pair(given.subject, seed, steps)
        bare = took.pop("bare")
        ratios = {
            kind: {key.removesuffix("_s"): round(one[key] / bare[key], 4) for key in bare} for kind, one in took.items()
        }
        results["pairs"].append({"ms_a_step": round(bare["later_s"] / (steps - STEPS_A_TURN) * 1e3, 2), **ratios})
        print(seed, results["pairs"][-1], flush=True)
        (given.into / f"overhead-torch-{given.subject}.json").write_text(json.dumps(results, indent=1) + "\n")
        write_table(given.into)


def write_table(folder: Path) -> None:
    """Rebuild the table from the JSON files there are."""
    lines = [
        "# What monitoring costs a PyTorch training",
        "",
        "Time with over time without, the median and every pair, lowest first. The trainings of a pair take turns of",
        "20 steps, each in its own process. Made by `python tests/benchmarks/overhead_torch.py toy` and `... quick`.",
        "",
        "| subject | steps | ms a step, bare | beside a bare one | whole training | after 20 steps | CPU | pairs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for subject in STEPS:
        path = folder / f"overhead-torch-{subject}.json"
        if not path.exists():
            continue
        results = json.loads(path.read_text())
        pairs = results["pairs"]
        ms = statistics.median(one["ms_a_step"] for one in pairs)
        for kind in KINDS[1:]:
            cells = " | ".join(spread([one[kind][key] for one in pairs]) for key in ("whole", "later", "cpu"))
            lines.append(f"| {subject} | {results['steps']} | {ms:.1f} | {kind} | {cells} | {len(pairs)} |")
    (folder / "overhead-torch.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def spread(ratios: list[float]) -> str:
    """Write the median and all of them."""
    return f"{statistics.median(ratios):.3f} ({', '.join(f'{ratio:.2f}' for ratio in sorted(ratios))})"


if __name__ == "__main__":
    main()

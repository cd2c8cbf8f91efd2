"""PyTorch programs that compile their networks: recorded, they are compiled as often, and to the same code."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.child_environment import child_environment

pytest.importorskip("torch")

pytestmark = pytest.mark.training
CHILD = Path(__file__).parents[1] / "support" / "recorded_script.py"

# Networks of different shapes: compiled once more, their code leaves shapes open and rounds differently.
SCRIPT = """
import sys
from contextlib import nullcontext
import torch
from torch import nn
from torch._dynamo.utils import counters
torch.manual_seed(0)
real = torch.tanh(torch.randn(64, 1, 8, 8))
G = nn.Sequential(nn.Linear(16, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 64), nn.Unflatten(1, (1, 8, 8)))
D = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(64, 1))
backend, *own = sys.argv[1:]
g, d = (torch.compile(network, backend=backend) for network in (G, D))
a, b = torch.optim.Adam(G.parameters(), 2e-4), torch.optim.Adam(D.parameters(), 2e-4)
bce = nn.BCEWithLogitsLoss()
if own:
    from gandoctor import GANMonitor
    monitor = GANMonitor("own", generator=g, discriminator=d, latent_sampler=lambda n: torch.randn(n, 16))
with monitor if own else nullcontext():
    for i in range(12):
        fake, one, zero = g(torch.randn(32, 16)), torch.ones(32, 1), torch.zeros(32, 1)
        b.zero_grad(); (bce(d(real[:32]), one) + bce(d(fake.detach()), zero)).backward(); b.step()
        a.zero_grad(); bce(d(fake), one).backward(); a.step()
        if own:
            monitor.step()
print("compiled", counters["frames"]["total"])
print("weights", sum(p.detach().double().abs().sum().item() for n in (G, D) for p in n.parameters()).hex())
print("random state", torch.get_rng_state().sum().item())
"""


def printed(folder, *words):
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        env=child_environment(TORCHINDUCTOR_CACHE_DIR=str(folder / "cache")),
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(("compiled", "weights", "random"))]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_a_compiled_gan_is_compiled_once_and_stays_what_it_is(tmp_path, backend):
    if backend == "inductor" and shutil.which(os.environ.get("CXX", "g++")) is None:
        pytest.skip("inductor needs a C++ compiler")
    script = tmp_path / "train.py"
    script.write_text(SCRIPT, encoding="utf-8")
    plain = printed(tmp_path, script, backend)
    assert plain[0] == "compiled 3"
    assert printed(tmp_path, CHILD, "run", script, backend) == plain
    assert (tmp_path / "run" / "run.json").exists()
    assert printed(tmp_path, script, backend, "own") == plain
    assert (tmp_path / "own" / "run.json").exists()

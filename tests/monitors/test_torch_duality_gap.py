"""The duality gap of PyTorch loops: 0 at an equilibrium, more away from it, and no bit of the training is another."""

from __future__ import annotations

import functools
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed

from gandoctor import GandoctorError, GANMonitor, load_run  # noqa: E402
from gandoctor.store import Run  # noqa: E402
from support import torch_programs as programs  # noqa: E402

pytestmark = pytest.mark.training
STEPS, LOOKS = 8, (6, 8)

PROGRAMS: dict[str, tuple[Any, Any]] = {
    "sigmoid, batch norm": (programs.convolutional, programs.both_at_once),
    "dropout in every mode": (
        lambda: (programs.FunctionalGenerator(), programs.AlwaysDropout()),
        programs.generator_first,
    ),
    "hinge, spectral norm": (functools.partial(programs.spectral, True), programs.hinge),
    "hinge, older spectral norm": (functools.partial(programs.spectral, False), programs.hinge),
    "least squares": (
        functools.partial(programs.convolutional, sigmoid=False),
        programs.least_squares_clipped_gradients,
    ),
}


@pytest.fixture(autouse=True)
def repeatable():
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    yield
    torch.use_deterministic_algorithms(False)


def trained(name: str, run_dir: Path | None, looks: tuple[int, ...] = LOOKS) -> dict[str, Any]:
    """Train a program; return every state at the end, what the generators draw next among it."""
    make, step = PROGRAMS[name]
    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)
    players = make()
    shape = (programs.LATENT,) if isinstance(players[0], programs.FunctionalGenerator) else (programs.LATENT, 1, 1)
    options: dict[str, Any] = {} if run_dir is None else {"latent_sampler": lambda n: torch.randn(n, *shape)}
    attach = None
    if run_dir is not None:
        attach = functools.partial(GANMonitor, run_dir, strict=True, probe_data=programs.images(), duality_gap_at=looks)
    made = programs.train(players, step, attach, STEPS, **options)
    state: dict[str, Any] = {}
    for name in ("g", "d"):
        network = getattr(made, name)
        state |= {f"{name}.{key}": value.clone() for key, value in network.state_dict().items()}
        state |= {f"{name} gradient of {key}": p.grad.clone() for key, p in network.named_parameters()}
        state[f"{name} modes"] = torch.tensor([module.training for module in network.modules()])
        for i, slots in getattr(made, f"{name}_optimizer").state_dict()["state"].items():
            state |= {f"{name} slot {i} {key}": torch.as_tensor(value).clone() for key, value in slots.items()}
    drawn = (torch.rand(3), torch.from_numpy(np.random.rand(3)), torch.tensor(random.random()))
    return state | {f"random {i}": value for i, value in enumerate(drawn)}


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_bit_of_the_training_is_another_one(name: str, tmp_path: Path) -> None:
    bare, measured = trained(name, None), trained(name, tmp_path / "run")
    run = load_run(tmp_path / "run")
    if name != "least squares":
        assert run["duality_gap"].index.tolist() == list(LOOKS), run.manifest.missing.get("duality_gap")
        assert run["duality_gap"].ge(0).all()
    assert bare.keys() == measured.keys()
    assert [key for key, value in bare.items() if not torch.equal(value, measured[key])] == []


class Shifted(nn.Module):
    """z -> mean + z: the data's own law where the mean is 0."""

    def __init__(self, mean: float, spread: float = 1.0) -> None:
        super().__init__()
        self.mean, self.spread, self.z_dim = nn.Parameter(torch.tensor([mean])), nn.Parameter(torch.tensor([spread])), 1

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.mean + self.spread * z


class Curved(nn.Module):
    """A logit of a x^2 + b x + c, the form of the best discriminator between two Gaussians."""

    def __init__(self, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor([a, b, c]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weights[0] * x * x + self.weights[1] * x + self.weights[2]


def recorded(
    path: Path, g: nn.Module, d: nn.Module, loss: str = "bce", rate: float = 1e-9, count: int = 512, **options: Any
) -> Run:
    """Record players of one Gaussian number that training moves by next to nothing."""
    torch.manual_seed(1)
    data = np.random.default_rng(0).standard_normal((count, 1)).astype(np.float32)
    g_optimizer, d_optimizer = (torch.optim.SGD(n.parameters(), rate) for n in (g, d))
    bce = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(16, 1), torch.zeros(16, 1)
    given = {"probe_data": data, "latent_sampler": lambda n: torch.randn(n, 1), "strict": True, **options}
    if loss == "bce":  # said, because the losses of a discriminator that says the same of everything tell nothing
        given |= {"loss": "non_saturating", "real_is_high": True}
    players = {"generator": g, "discriminator": d, "g_optimizer": g_optimizer, "d_optimizer": d_optimizer}
    with GANMonitor(path, **players, duality_gap_at=(45,), **given) as monitor:
        for _ in range(46):
            real, fake = torch.from_numpy(data[torch.randint(0, count, (16,)).numpy()]), g(torch.randn(16, 1))
            d_optimizer.zero_grad()
            if loss == "critic":
                (d(fake.detach()).mean() - d(real).mean()).backward()
            else:
                (bce(d(real), ones) + bce(d(fake.detach()), zeros)).backward()
            d_optimizer.step()
            g_optimizer.zero_grad()
            (-d(fake).mean() if loss == "critic" else bce(d(fake), ones)).backward()
            g_optimizer.step()
            monitor.step()
    return load_run(path)


def gap(path: Path, g: nn.Module, d: nn.Module, **options: Any) -> float:
    run = recorded(path, g, d, **options)
    assert "duality_gap" in run, run.manifest.missing["duality_gap"]
    (value,) = run["duality_gap"]
    return float(value)


def test_it_is_0_at_the_equilibrium_and_grows_away_from_it(tmp_path: Path) -> None:
    """Of one Gaussian: no discriminator tells like from like, and the best one tells the more the further apart."""
    at, near, far = (gap(tmp_path / str(mean), Shifted(mean), Curved(b=-1e-3)) for mean in (0.0, 0.5, 3.0))
    assert at < 0.01
    assert near > 3 * at
    assert far > 3 * near


def test_either_player_alone_can_be_far_from_its_best(tmp_path: Path) -> None:
    good = gap(tmp_path / "good", Shifted(0.0), Curved(b=-1e-3))
    wrong_d = gap(tmp_path / "d", Shifted(0.0), Curved(b=-2.0))
    collapsed_g = gap(tmp_path / "g", Shifted(2.0, spread=0.0), Curved(b=-1e-3))
    assert wrong_d > 10 * good, "a discriminator that is sure where nothing can be told is easily beaten"
    assert collapsed_g > 10 * good


def test_it_does_not_vanish_where_the_discriminator_is_sure(tmp_path: Path) -> None:
    """Its own loss is 0 there and the value's slope with it; the generator still finds a way that is within reach."""
    steep = Curved(b=-2500.0, c=2500.0 * 12.0 - 110.0)  # a logit of -110 at 12.00, of 15 at 11.95
    assert gap(tmp_path / "within", Shifted(12.0, spread=0.0), steep) > 1
    out_of_reach = gap(tmp_path / "out of it", Shifted(12.0, spread=0.0), Curved(b=-5.0, c=30.0))
    assert out_of_reach < 1e-3, "a known limit, which the documentation tells of"


@pytest.mark.parametrize(
    ("players", "options", "words"),
    [
        ((Shifted(1.0), Curved(b=-0.1)), {"loss": "critic"}, "penalty or clipping"),
        ((Shifted(1.0), Curved(b=-0.1)), {"count": 20}, "20 latents and real examples"),
    ],
)
def test_what_cannot_be_had_is_absent_with_its_reason(
    players: tuple[nn.Module, nn.Module], options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    run = recorded(tmp_path / "run", *players, **options)
    assert "duality_gap" not in run
    assert words in str(run.manifest.missing["duality_gap"].message)


def test_players_that_cannot_be_differentiated_are_named(tmp_path: Path) -> None:
    class Detached(Shifted):
        """Trained in training mode only: its inference is no function of its weights that PyTorch knows."""

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            with torch.set_grad_enabled(self.training):
                return super().forward(z)

    run = recorded(tmp_path / "run", Detached(1.0), Curved(b=-0.1))
    assert "cannot be differentiated" in str(run.manifest.missing["duality_gap"].message)


def test_it_is_not_measured_where_nobody_asks(tmp_path: Path) -> None:
    trained("sigmoid, batch norm", tmp_path / "run", looks=())
    missing = load_run(tmp_path / "run").manifest.missing["duality_gap"]
    assert missing.code == "not_applicable"
    with pytest.raises(GandoctorError, match="no list of steps"):
        GANMonitor(tmp_path / "other", duality_gap_at=(0,))

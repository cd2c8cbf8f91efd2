"""`gandoctor run train.py` on PyTorch programs: attached with no line added, and not a bit of them changed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gandoctor import load_run
from support.child_environment import child_environment
from support.command_line_runs import command_here
from support.rarely import rarely

pytest.importorskip("torch")

pytestmark = pytest.mark.training
SCRIPT = Path(__file__).parent / "torch_scripts" / "styles.py"
CHILD = Path(__file__).parents[1] / "support" / "recorded_script.py"
STEPS = 12

STYLES = {
    "plain": "non_saturating",
    "generator first": "non_saturating",
    "critic": "wasserstein",
    "penalty": None,  # while outputs are small, hinge with a penalty fits as well
    "clipped": "wasserstein",
    "frozen in turn": "non_saturating",
    "mixed batch": "non_saturating",
    "accumulated": "non_saturating",
    "bfloat16": "non_saturating",
    "mapping": "non_saturating",
    "wrapped": "non_saturating",
    "shared graph": "non_saturating",
    "conditional": "non_saturating",
    "average": "non_saturating",
    "schedule": "non_saturating",
    "data parallel": "non_saturating",
    "compiled": "non_saturating",
    "direct": "non_saturating",
    "one optimizer": "non_saturating",
}
RARER = {"generator first", "clipped", "frozen in turn", "accumulated", "mapping", "schedule", "shared graph"}
RARER |= {
    "one optimizer",
    "mixed batch",
    "compiled",
    "average",
    "wrapped",
    "bfloat16",
    "data parallel",
    "penalty",
    "critic",
    "conditional",
    "direct",
}


def weights(text):
    return next(line for line in text.splitlines() if line.startswith("weights "))


def bare(folder, *arguments):
    done = subprocess.run([sys.executable, SCRIPT, *arguments], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def recorded(folder, *arguments, script=SCRIPT, run="run"):
    """Run a script as the child of `gandoctor run` does; return what it printed and the run."""
    done = subprocess.run(
        [sys.executable, CHILD, "run", script, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env=child_environment(),
    )
    assert done.returncode == 0, done.stderr
    return done, load_run(folder / run)


@pytest.mark.parametrize("style", [rarely(style) if style in RARER else style for style in STYLES])
def test_every_style_is_recorded_whole_and_stays_what_it_is(tmp_path, style):
    plain = bare(tmp_path, style)
    done, run = recorded(tmp_path, style)
    assert weights(done.stdout) == weights(plain)
    assert "Warning" not in done.stderr
    assert run.last_step == STEPS
    assert [e for e in run.events if e.kind.startswith("monitor")] == []
    # That both networks are one player shows when both are trained, and that `forward` is called when it has been.
    half = style in ("mapping", "direct", "one optimizer")
    for signal in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm"):
        assert len(run[signal]) >= STEPS - half, f"{signal}: the first step is recorded as well"
        assert np.isfinite(run[signal]).all()
    for signal in ("d_update_in_d_step", "g_update_in_g_step", "sample_kid", "d_real_logit"):
        assert signal in run
    manifest = run.manifest
    names = ("Generator", "Discriminator")
    names = ("Sequential_and_Generator", names[1]) if style == "mapping" else names
    names = ("Direct", "Direct") if style == "direct" else names
    assert manifest.players["generator"].startswith(f"found by data flow: {names[0]},")
    assert manifest.players["discriminator"] == f"found by data flow: {names[1]}"
    assert manifest.players["probe_data"].startswith("kept")
    assert manifest.players["latent_sampler"].startswith("kept")
    assert manifest.loss_family == STYLES[style]
    if style in ("plain", "critic", "mixed batch", "penalty", "conditional"):
        assert_that_what_is_kept_as_real_is_real(run)


def assert_that_what_is_kept_as_real_is_real(run):
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    data = torch.tanh(torch.randn(256, 1, 8, 8)).numpy().reshape(256, 64)
    card = run.manifest.data
    unit = (data - card.minimum) / (card.maximum - card.minimum)
    reals = run.reals.reshape(-1, 64)
    distance = np.abs(reals[:, None, :] / 255 - unit[None]).max(axis=2).min(axis=1)
    assert (distance < 0.01).all()


@pytest.mark.slow
@pytest.mark.parametrize("style", ["plain", rarely("mixed batch"), rarely("conditional")])
def test_a_penalty_is_added_to_the_gradients_of_a_script(tmp_path, style):
    plain = bare(tmp_path, style)
    changed = "--change=discriminator.r1=10"
    done = command_here("run", changed, "--run-dir", "run", SCRIPT, "--", style, cwd=tmp_path)
    assert weights(done.stdout) != weights(plain)
    run = load_run(tmp_path / "run")
    (event,) = [event.model_extra for event in run.events if event.kind == "changed"]
    assert (event["what"], event["before"], event["after"]) == ("discriminator.r1", 0.0, 10.0)
    assert run.last_step == STEPS
    assert run.state == "completed"


@pytest.mark.slow
def test_a_penalty_that_cannot_be_had_ends_a_script_with_a_sentence(tmp_path):
    (tmp_path / "train.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "g, d = nn.Sequential(nn.Linear(4, 6)), nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(), nn.Linear(8, 1))\n"
        "a, b = torch.optim.Adam(d.parameters()), torch.optim.Adam(g.parameters())\n"
        "for i in range(40):\n"
        "    a.zero_grad()\n"
        "    fake = g(torch.randn(8, 4))\n"
        "    (d(fake.detach() + 0.1 * torch.randn(8, 6)).mean() - d(torch.rand(8, 6)).mean()).backward()\n"
        "    a.step()\n"
        "    b.zero_grad()\n"
        "    (-d(fake).mean()).backward()\n"
        "    b.step()\n"
    )
    done = command_here("run", "--change=discriminator.r1=10", "--run-dir", "run", "train.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "r1 of the discriminator cannot be set: " in done.stderr
    assert "write the penalty into the script's own loss instead." in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert load_run(tmp_path / "run").state == "crashed"


@pytest.mark.slow
def test_players_are_told_apart_where_both_optimizers_hold_both(tmp_path):
    (tmp_path / "train.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "class Maker(nn.Sequential): pass\n"
        "class Judge(nn.Sequential): pass\n"
        "g, d = Maker(nn.Linear(4, 6)), Judge(nn.Linear(6, 8), nn.LeakyReLU(), nn.Linear(8, 1))\n"
        "both = [*g.parameters(), *d.parameters()]\n"
        "a, b = torch.optim.Adam(both), torch.optim.Adam(both)\n"
        "for i in range(40):\n"
        "    a.zero_grad()\n"
        "    (d(g(torch.randn(8, 4))).mean() - d(torch.rand(8, 6)).mean()).backward()\n"
        "    a.step()\n"
        "    b.zero_grad()\n"
        "    (-d(g(torch.randn(8, 4))).mean()).backward()\n"
        "    b.step()\n"
    )
    command_here("run", "--run-dir", "run", "train.py", cwd=tmp_path)
    run = load_run(tmp_path / "run")
    assert run.last_step == 40
    assert (run.manifest.generator.name, run.manifest.discriminator.name) == ("Maker", "Judge")
    assert (run["d_update_in_g_step"] > 0).all()


SHARED = """
import torch
from torch import nn
class Maker(nn.Sequential): pass
class Judge(nn.Sequential): pass
g, d = Maker(nn.Linear(4, 6)), Judge(nn.Linear(6, 8), nn.LeakyReLU(), nn.Linear(8, 1))
opt = torch.optim.Adam([*g.parameters(), *d.parameters()])
for i in range(40):
    opt.zero_grad()
    fake = g(torch.randn(8, 4))
"""
UNDETACHED = """
    (d(fake).mean() - d(torch.rand(8, 6)).mean()).backward()
    opt.step()
    opt.zero_grad()
    (-d(g(torch.randn(8, 4))).mean()).backward()
    opt.step()
"""
IN_TURN = """
    (d(fake.detach()).mean() - d(torch.rand(8, 6)).mean()).backward()
    opt.step()
    opt.zero_grad()
    d.requires_grad_(False)
    (-d(fake).mean()).backward()
    opt.step()
    d.requires_grad_(True)
"""
AT_ONCE = """
    (d(fake.detach()).mean() - d(torch.rand(8, 6)).mean()).backward()
    d.requires_grad_(False)
    (-d(fake).mean()).backward()
    d.requires_grad_(True)
    opt.step()
"""


@pytest.mark.parametrize(("steps", "moves_both"), [(UNDETACHED, True), rarely(IN_TURN, False)])
def test_the_steps_of_one_optimizer_for_both_are_told_apart(tmp_path, steps, moves_both):
    (tmp_path / "train.py").write_text(SHARED + steps)
    command_here("run", "--run-dir", "run", "--fail-on", "never", "train.py", cwd=tmp_path)
    run = load_run(tmp_path / "run")
    assert run.last_step == 40
    assert (run.manifest.generator.name, run.manifest.discriminator.name) == ("Maker", "Judge")
    for own, other in (("d_update_in_d_step", "g_update_in_d_step"), ("g_update_in_g_step", "d_update_in_g_step")):
        assert (run[own] > 0).all()
        assert (run[other] > 0).all() == moves_both


@pytest.mark.slow
def test_whose_a_step_is_that_moves_both_at_once_is_not_guessed(tmp_path):
    (tmp_path / "train.py").write_text(SHARED + AT_ONCE)
    done = command_here("run", "--run-dir", "run", "train.py", cwd=tmp_path)
    assert done.returncode == 3
    assert "records nothing so far" in done.stdout + done.stderr


@pytest.mark.slow
def test_a_network_is_found_whose_optimizer_is_not_given_what_needs_no_gradient(tmp_path):
    (tmp_path / "train.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "class Normed(nn.Module):\n"
        "    def __init__(self, a, b):\n"
        "        super().__init__()\n"
        "        self.inner = nn.Linear(a, b)\n"
        "        self.inner.weight_u = nn.Parameter(torch.randn(b), requires_grad=False)\n"
        "    def forward(self, x):\n"
        "        return self.inner(x) / self.inner.weight_u.norm()\n"
        "class Maker(nn.Sequential): pass\n"
        "class Judge(nn.Sequential): pass\n"
        "g = Maker(nn.Sequential(Normed(4, 8), nn.ReLU()), nn.Sequential(nn.Linear(8, 6)))\n"
        "d = Judge(nn.Sequential(Normed(6, 8), nn.LeakyReLU()), nn.Sequential(nn.Linear(8, 1)))\n"
        "a, b = (torch.optim.Adam(filter(lambda p: p.requires_grad, n.parameters())) for n in (d, g))\n"
        "for i in range(20):\n"
        "    fake = g(torch.randn(8, 4))\n"
        "    a.zero_grad(); (d(fake.detach()).mean() - d(torch.rand(8, 6)).mean()).backward(); a.step()\n"
        "    b.zero_grad(); (-d(fake).mean()).backward(); b.step()\n"
    )
    command_here("run", "--run-dir", "run", "train.py", cwd=tmp_path)
    run = load_run(tmp_path / "run")
    assert run.last_step == 20
    assert (run.manifest.generator.name, run.manifest.discriminator.name) == ("Maker", "Judge")


@pytest.mark.slow
def test_latents_that_are_drawn_into_one_tensor_are_each_their_own(tmp_path):
    (tmp_path / "train.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "g, d = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6)), nn.Sequential(nn.Linear(6, 1))\n"
        "a, b = torch.optim.Adam(d.parameters()), torch.optim.Adam(g.parameters())\n"
        "noise = torch.empty(64, 4)\n"
        "for i in range(30):\n"
        "    fake = g(noise.normal_(0, 1)).detach()\n"
        "    a.zero_grad(); (d(fake).mean() - d(torch.rand(64, 6)).mean()).backward(); a.step()\n"
        "    b.zero_grad(); (-d(g(noise.normal_(0, 1))).mean()).backward(); b.step()\n"
    )
    command_here("run", "--run-dir", "run", "--fail-on", "never", "train.py", cwd=tmp_path)
    one, other = load_run(tmp_path / "run").manifest.latent_laws
    assert one.mean != other.mean


def test_several_games_are_recorded_each_by_its_own_name(tmp_path):
    plain = bare(tmp_path, "games")
    done, run = recorded(tmp_path, "games")
    assert weights(done.stdout) == weights(plain)
    assert len(run.games) == 2
    assert {name.partition("+")[2] for name in run.games} == {"d_a", "d_b"}
    for game in run.games.values():
        assert game.last_step >= STEPS - 1
        assert "sample_kid" in game


@pytest.mark.slow
def test_a_gan_is_found_after_another_training(tmp_path):
    plain = bare(tmp_path, "pretrained")
    done, run = recorded(tmp_path, "pretrained")
    assert weights(done.stdout) == weights(plain)
    assert run.manifest.players["generator"].startswith("found by data flow: Generator,")
    assert STEPS - 2 <= run.last_step <= STEPS
    assert "sample_kid" in run


@pytest.mark.slow
def test_two_networks_that_play_no_game_are_not_recorded(tmp_path):
    done = command_here("run", "--run-dir", "run", SCRIPT, "--", "no gan", cwd=tmp_path)
    assert done.returncode == 3
    assert not (tmp_path / "run").exists()
    assert "records nothing so far" in done.stdout + done.stderr
    assert weights(done.stdout) == weights(bare(tmp_path, "no gan"))


@pytest.mark.slow
def test_layers_that_methods_of_a_network_call_are_taken_for_no_networks(tmp_path):
    (tmp_path / "train.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "class Layers(nn.Module):\n"
        "    def __init__(self, a, b):\n"
        "        super().__init__()\n"
        "        self.one, self.two = nn.Linear(a, 8), nn.Linear(8, b)\n"
        "    def computed(self, x):\n"
        "        return self.two(torch.relu(self.one(x)))\n"
        "g, d = Layers(4, 6), Layers(6, 1)\n"
        "a, b = torch.optim.Adam(d.parameters()), torch.optim.Adam(g.parameters())\n"
        "for i in range(10):\n"
        "    fake = g.computed(torch.randn(8, 4))\n"
        "    a.zero_grad(); (d.computed(fake.detach()) - d.computed(torch.rand(8, 6))).mean().backward(); a.step()\n"
        "    b.zero_grad(); (-d.computed(fake)).mean().backward(); b.step()\n"
    )
    done = command_here("run", "--run-dir", "run", "train.py", cwd=tmp_path)
    assert done.returncode == 3
    assert "no network was called, but parts of one at most" in done.stdout + done.stderr


def test_a_script_that_trains_nothing_is_told_so(tmp_path):
    done = command_here("run", "--run-dir", "run", SCRIPT, "--", "no torch step", cwd=tmp_path)
    assert done.returncode == 3
    assert "never trained two networks against each other" in done.stdout + done.stderr


def test_neither_framework_is_imported_for_the_other(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        f"import sys\nsys.argv = ['x', 'plain', '4']\ntry:\n    exec(open({str(SCRIPT)!r}).read())\n"
        "finally:\n    print('imported', sorted({'keras', 'tensorflow', 'torch'} & set(sys.modules)))\n"
    )
    done = command_here("run", "--run-dir", "run", script, cwd=tmp_path)
    assert "imported ['torch']" in done.stdout
    assert load_run(tmp_path / "run").last_step == 4


def test_a_script_is_checked_in_its_first_two_steps(tmp_path):
    done = command_here("check", SCRIPT, "--", "plain", "100000", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "a dry run of 2 steps" in done.stdout


@pytest.mark.slow
def test_the_model_card_of_a_script_is_checked_before_its_first_update(tmp_path):
    done = command_here("check", "--dry-run-steps", "0", SCRIPT, "--", "plain", "100000", cwd=tmp_path)
    assert "Checked the model card" in done.stdout
    assert done.returncode in (0, 2)


def test_a_script_with_a_monitor_of_its_own_is_left_to_it(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import torch\nfrom torch import nn\nfrom gandoctor import GANMonitor\n"
        "g, d = nn.Sequential(nn.Linear(4, 8), nn.Tanh()), nn.Sequential(nn.Linear(8, 1))\n"
        "a, b = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())\n"
        "with GANMonitor('own', generator=g, discriminator=d, latent_sampler=lambda n: torch.randn(n, 4)) as m:\n"
        "    for i in range(5):\n"
        "        f = g(torch.randn(16, 4))\n"
        "        b.zero_grad(); (d(f.detach()).mean() - d(torch.randn(16, 8)).mean()).backward(); b.step()\n"
        "        a.zero_grad(); (-d(f).mean()).backward(); a.step()\n"
        "        m.step()\n"
    )
    done, run = recorded(tmp_path, script=script, run="own")
    assert run.last_step == 5
    assert "recording own" in done.stdout
    assert not (tmp_path / "run").exists()


LOOP = """
import torch
from torch import nn
from gandoctor.experiments import LoopTraining

def build(steps=6, seed=0):
    torch.manual_seed(seed)
    x = torch.rand(64, 1, 8, 8) * 2 - 1
    g = nn.Sequential(nn.Linear(4, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)))
    d = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    def train(step_done):
        a, b = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
        for i in range(steps):
            f = g(torch.randn(16, 4))
            b.zero_grad(); (d(f.detach()).mean() - d(x[:16]).mean()).backward(); b.step()
            a.zero_grad(); (-d(f).mean()).backward(); a.step()
            step_done()
    return LoopTraining(g, d, train, steps, probe_data=x, monitor={"latent_sampler": lambda n: torch.randn(n, 4)})
"""


def test_a_factory_that_returns_a_loop_is_run_and_checked(tmp_path):
    (tmp_path / "mine.py").write_text(LOOP)
    done = command_here("run", "--run-dir", "run", "--steps", "8", "mine:build", cwd=tmp_path)
    run = load_run(tmp_path / "run")
    assert (run.last_step, run.state, run.manifest.planned_steps) == (8, "completed", 8)
    assert "GD006" in done.stdout, "a sigmoid cannot reach -1"
    checked = command_here("check", "mine:build", cwd=tmp_path)
    assert checked.returncode == 1
    assert "Output range mismatch" in checked.stdout
    assert "GD006, in the model" in checked.stdout
    assert "Not readable" not in checked.stdout, "what is removed after the check is not lost"
    card = command_here("check", "--dry-run-steps", "0", "mine:build", cwd=tmp_path)
    assert "Output range mismatch" in card.stdout


@pytest.mark.slow
def test_a_script_that_records_elsewhere_leaves_no_empty_run_directory(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import torch\nfrom torch import nn\nfrom gandoctor import GANMonitor\n"
        "g, d = nn.Sequential(nn.Linear(4, 8), nn.Tanh()), nn.Sequential(nn.Linear(8, 1))\n"
        "with GANMonitor('own', generator=g, discriminator=d, latent_sampler=lambda n: torch.randn(n, 4)) as m:\n"
        "    m.step()\n"
    )
    command_here("run", "--run-dir", "run", script, cwd=tmp_path)
    assert load_run(tmp_path / "own").last_step == 1
    assert not (tmp_path / "run").exists()


KERAS_ON_TORCH = """
import os
os.environ["KERAS_BACKEND"] = "torch"
import sys
import keras
import torch
from gandoctor import GANMonitor
keras.utils.set_random_seed(3)
g = keras.Sequential([keras.Input((4,)), keras.layers.Dense(64), keras.layers.BatchNormalization()])
d = keras.Sequential([keras.Input((64,)), keras.layers.Dense(1)])
a, b = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
def train(step_done):
    for i in range(14):
        f = g(torch.randn(16, 4), training=True)
        b.zero_grad(); (d(f.detach()).mean() - d(torch.randn(16, 64)).mean()).backward(); b.step()
        a.zero_grad(); (-d(f).mean()).backward(); a.step()
        step_done()
if sys.argv[1:] == ["own"]:
    with GANMonitor("own", generator=g, discriminator=d) as monitor:
        train(monitor.step)
else:
    train(lambda: None)
print("weights", sum(float(p.detach().double().abs().sum()) for n in (g, d) for p in n.parameters()).hex())
"""


@pytest.mark.slow
def test_keras_on_pytorch_is_left_alone_and_that_is_said(tmp_path):
    pytest.importorskip("keras")
    script = tmp_path / "train.py"
    script.write_text(KERAS_ON_TORCH)
    plain, own = (
        subprocess.run([sys.executable, script, *words], cwd=tmp_path, capture_output=True, text=True, timeout=300)
        for words in ([], ["own"])
    )
    assert weights(own.stdout) == weights(plain.stdout)
    assert "layers of Keras on its PyTorch backend. gandoctor records Keras on PyTorch in fit only" in own.stderr
    assert not (tmp_path / "own").exists()
    done = command_here("run", "--run-dir", "run", script, cwd=tmp_path)
    assert done.returncode == 3
    assert "Keras runs on PyTorch there.\ngandoctor records Keras on PyTorch in fit only" in done.stdout + done.stderr
    assert weights(done.stdout) == weights(plain.stdout)


JOINED_AND_CUT = """
import torch
from torch import nn

torch.manual_seed(3)
torch.set_num_threads(1)
g = nn.Sequential(nn.Flatten(), nn.Linear(32, 32), nn.Tanh(), nn.Unflatten(1, (1, 4, 8)))
d = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
g_optimizer, d_optimizer = torch.optim.Adam(g.parameters(), 2e-3), torch.optim.Adam(d.parameters(), 2e-3)
for step in range(12):
    real = torch.tanh(torch.randn(8, 1, 8, 8))
    lower = g(real[:, :, :4])
    whole = torch.cat([real[:, :, :4], lower], 2)
    d_loss = (1 - d(real)).relu().mean() + (1 + d(whole.detach())).relu().mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_loss = -whole.mean() + (lower - real[:, :, 4:]).square().mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
print("weights", [float(p.double().sum()).hex() for p in (*g.parameters(), *d.parameters())])
"""


def test_fakes_that_are_joined_with_data_and_cut_off_their_graph_are_followed(tmp_path):
    """The generator's loss never meets the discriminator, so that only the cut tells who judges whom."""
    script = tmp_path / "frames.py"
    script.write_text(JOINED_AND_CUT)
    plain = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert plain.returncode == 0, plain.stderr
    done, run = recorded(tmp_path, script=script)
    assert weights(done.stdout) == weights(plain.stdout)
    assert run.manifest.players["generator"].startswith("found by data flow")
    assert not run.manifest.generator.asked.is_asked


def test_what_is_followed_is_put_back():
    import torch

    from gandoctor.backends.torch.discovery.hooks import Hooks

    before = torch.Tensor.detach
    hooks = Hooks(lambda *_: None, lambda _: None, lambda _: None)
    hooks.install()
    assert torch.Tensor.detach is not before
    hooks.remove()
    assert torch.Tensor.detach is before

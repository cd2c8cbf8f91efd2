"""What is to be changed in an optimizer that has not been called yet, where the discriminator trains first."""

import pytest

from gandoctor import load_run
from gandoctor.recording.players import Players
from support.command_line_runs import command_here

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.training

SCRIPT = """
import torch
from torch import nn
g, d = nn.Sequential(nn.Linear(4, 8), nn.Tanh()), nn.Linear(8, 1)
g_opt, d_opt = torch.optim.Adam(g.parameters(), 0.5), torch.optim.Adam(d.parameters(), 1e-3)
for _ in range(6):
    fake = g(torch.randn(16, 4))
    d_opt.zero_grad(); (d(fake.detach()).mean() - d(torch.rand(16, 8)).mean()).backward(); d_opt.step()
    g_opt.zero_grad(); (-d(fake).mean()).backward(); g_opt.step()
"""


def test_the_learning_rate_of_a_script_is_changed_before_the_generators_first_step(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT, encoding="utf-8")
    done = command_here(
        "run", "--change", "g_optimizer.learning_rate=1e-4", "--run-dir", "run", "train.py", cwd=tmp_path
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    run = load_run(tmp_path / "run")
    assert run.last_step == 6
    assert run["g_learning_rate"].iloc[0] == 1e-4
    assert run["g_update_ratio"].max() < 0.01, "0.5 would have moved the weights by more than they are"


def players():
    from gandoctor.backends.torch.made_optimizers import take_made_optimizers

    found = Players(torch.nn.Linear(4, 8), torch.nn.Linear(8, 1), None, None)
    return found, take_made_optimizers


def test_an_optimizer_is_taken_for_whom_it_holds_weights_of():
    found, take = players()
    g_opt, d_opt = (torch.optim.SGD(n.parameters(), 0.1) for n in (found.generator, found.discriminator))
    take(found)
    assert found.g_optimizer is g_opt
    assert found.d_optimizer is d_opt


def test_one_that_holds_both_is_nobodys_and_of_two_none_is_taken():
    found, take = players()
    both = torch.optim.SGD([*found.generator.parameters(), *found.discriminator.parameters()], 0.1)
    two = [torch.optim.SGD(found.generator.parameters(), 0.1) for _ in range(2)]
    take(found)
    assert (found.g_optimizer, found.d_optimizer) == (None, None)
    assert len({id(one) for one in (both, *two)}) == 3

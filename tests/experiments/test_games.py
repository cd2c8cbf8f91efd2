"""`gandoctor run train.py` on programs in which several pairs of players train: each pair is a game of the run."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gandoctor import GANMonitor, diagnose
from gandoctor.experiments.child.games import named_games
from gandoctor.store import load_run
from support.command_line_runs import command_here
from support.rarely import rarely

pytestmark = pytest.mark.training
GAMES = Path(__file__).parent / "scripts" / "games.py"


@pytest.mark.parametrize("layout", [rarely("cycle"), rarely("cycle eager"), rarely("fit")])
def test_the_domain_that_is_not_normalised_is_told_of_the_right_game(tmp_path, layout):
    bare = subprocess.run([sys.executable, GAMES, layout], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    recorded = command_here("run", "--run-dir", "run", GAMES, "--", layout, cwd=tmp_path)
    assert bare.stdout.split()[-1] in recorded.stdout, "not a bit of the weights is changed"
    run = load_run(tmp_path / "run")
    assert set(run.games) == {"gen_G+disc_Y", "gen_F+disc_X"}
    diagnosis = diagnose(run)
    found = {name: {f.rule.id for f in game.detected} for name, game in diagnosis.games.items()}
    assert "GD006" in found["gen_G+disc_Y"]
    assert "GD006" not in found["gen_F+disc_X"]
    for game in run.games.values():
        assert game.last_step >= 29
        for signal in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm", "d_real_logit", "sample_kid"):
            assert np.isfinite(game[signal].to_numpy()).any(), signal
        assert game.manifest.players["latent_sampler"].startswith("kept"), "images of the other domain"


@pytest.mark.slow
def test_two_judges_of_one_generator_are_two_games(tmp_path):
    bare = subprocess.run([sys.executable, GAMES, "judges"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    recorded = command_here("run", "--run-dir", "run", GAMES, "--", "judges", cwd=tmp_path)
    assert bare.stdout.split()[-1] in recorded.stdout
    run = load_run(tmp_path / "run")
    assert set(run.games) == {"maker+small", "maker+large"}
    one, other = (game["g_grad_norm"].to_numpy() for game in run.games.values())
    np.testing.assert_array_equal(one, other)  # the generator's gradient belongs to both
    assert (run.games["maker+small"]["d_loss"] != run.games["maker+large"]["d_loss"]).all()


def test_a_name_that_is_no_directory_is_refused(tmp_path):
    with pytest.raises(Exception, match="cannot name a directory"):
        GANMonitor(tmp_path / "run", game="../elsewhere")


@pytest.mark.slow
def test_a_check_of_a_fit_that_turns_out_to_be_games_takes_all_its_steps(tmp_path):
    checked = command_here("check", "--dry-run-steps", "5", GAMES, "--", "fit", cwd=tmp_path)
    assert "a dry run of 5 steps" in checked.stdout
    assert "No GAN" not in checked.stdout + checked.stderr
    assert "GD006" in checked.stdout
    assert not list(tmp_path.iterdir()), "a check leaves nothing behind"


@pytest.mark.slow
def test_a_finding_in_one_game_stops_the_training_of_all(tmp_path):
    recorded = command_here(
        "run", "--run-dir", "run", "--stop-on", "critical", GAMES, "--", "fit", "long", cwd=tmp_path
    )
    assert "Stopping on critical: gen_G+disc_Y: GD006" in recorded.stdout
    steps = [game.last_step for game in load_run(tmp_path / "run").games.values()]
    assert max(steps) < 3000
    assert max(steps) - min(steps) <= 1


def test_pairs_beyond_those_that_a_run_holds_are_counted(capsys):
    networks = [(SimpleNamespace(name=f"maker_{i}"), SimpleNamespace(name=f"judge_{i}")) for i in range(18)]
    named = named_games(SimpleNamespace(generator=g, discriminator=d) for g, d in networks)
    assert len(named) == 16
    assert "gandoctor records 16 of the 18 pairs of players" in capsys.readouterr().err

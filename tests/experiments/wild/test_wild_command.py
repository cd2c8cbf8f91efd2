"""`gandoctor benchmark --corpus wild`: on runs recorded beforehand, and once on programs that really run."""

import json
from typing import get_args

import pytest
from click.testing import CliRunner

from gandoctor.cli.benchmark import command
from gandoctor.cli.group import gandoctor
from gandoctor.experiments.wild.catalogue import HALVES, Catalogue, Later
from gandoctor.experiments.wild.conduct import files_of
from gandoctor.store import Manifest, RunWriter

CASE = """
[{name}]
kind = "{kind}"
data = "points"
game = "gan"
style = "function"
source = "https://example.org/{name}"
saw = "NaN"
cause = "The logarithm of zero."
seen = "NaN"
{answers}
"""
RIGHT = 'right = ["GD001"]'


def test_every_part_of_the_corpus_can_be_chosen():
    (half,) = (option for option in command.params if option.name == "halves")
    assert tuple(half.type.choices) == HALVES


def benchmark(*words):
    return CliRunner().invoke(gandoctor, ["benchmark", "--corpus", "wild", *words], catch_exceptions=False)


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """A catalogue of three programs, all of the half `building`, and a function that writes a program."""
    cases = [("one_10", "loss", RIGHT), ("one_11", "loss", RIGHT), ("fine_1", "fine", "")]
    names = [CASE.format(name=name, kind=kind, answers=answers) for name, kind, answers in cases]
    (tmp_path / "catalogue.toml").write_text("".join(names).replace(RIGHT, f"{RIGHT}\nknown = true"), encoding="utf-8")
    for name, kind, _ in cases:
        (tmp_path / kind).mkdir(exist_ok=True)
        (tmp_path / kind / f"{name}.py").write_text("pass\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Catalogue(tmp_path / "catalogue.toml")


OPTIONS = ("--plan", "catalogue.toml", "--runs-dir", "runs", "--reports-dir", "reports")


def recorded(catalogue, name, nan_from=None):
    case = next(case for case in catalogue.cases if case.name == name)
    files = files_of(catalogue, catalogue.folder / "runs", case)
    writer = RunWriter(files.run_dir, Manifest(planned_steps=60, loss_family="non_saturating"))
    for step in range(1, 61):
        bad = nan_from is not None and step >= nan_from
        writer.record(step, {"d_loss": float("nan") if bad else 0.6, "g_loss": 0.7})
    writer.close("completed")
    files.finish("completed", 1.0)


def test_recorded_programs_are_judged_and_reported(corpus):
    recorded(corpus, "one_10", nan_from=30)
    recorded(corpus, "fine_1")
    done = benchmark("--judge-only", *OPTIONS)
    assert done.exit_code == 0, done.output
    assert "Judged 2 of 3" in done.output
    numbers = json.loads((corpus.folder / "reports" / "wild.json").read_text(encoding="utf-8"))
    half = {one["half"]: one for one in numbers["halves"]}["building"]
    assert (half["all"]["first"]["hits"], half["all"]["first"]["of"]) == (1, 1)
    page = (corpus.folder / "reports" / "wild.md").read_text(encoding="utf-8")
    assert "| loss/one_10 |" in page
    assert "Command: `gandoctor benchmark --corpus wild --judge-only`, on" in page, "without a folder of this machine"
    assert "cause first |" in page


@pytest.mark.parametrize("later", get_args(Later))
def test_a_later_set_is_chosen_judged_and_reported_apart(corpus, later):
    path = corpus.folder / "catalogue.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("known = true", f'later = "{later}"', 1), encoding="utf-8")
    catalogue = Catalogue(path)
    for name in ("one_10", "one_11"):
        recorded(catalogue, name, nan_from=30)
    done = benchmark("--judge-only", "--half", later, *OPTIONS)
    assert done.exit_code == 0, done.output
    assert "Judged 1 of 1" in done.output
    benchmark("--judge-only", "--half", "building", *OPTIONS)
    page = (corpus.folder / "reports" / "wild.md").read_text(encoding="utf-8")
    apart, building = page.split(f"## Judged once, {later} set")[1].split("## For building")
    assert "loss/one_10" in apart
    assert "loss/one_11" not in apart
    assert "loss/one_11" in building


def test_a_program_of_which_nothing_was_recorded_is_listed_without_a_folder_of_this_machine(corpus):
    case = corpus.cases[0]
    files = files_of(corpus, corpus.folder / "runs", case)
    files.folder.mkdir(parents=True)
    files.finish("failed", 1.0, f"{corpus.program(case)} raised OSError: no disk")
    assert benchmark("--judge-only", *OPTIONS).exit_code == 0
    page = (corpus.folder / "reports" / "wild.md").read_text(encoding="utf-8")
    assert "not recorded: loss/one_10.py raised OSError: no disk |" in page
    assert str(corpus.folder) not in page


def test_scoring_again_needs_no_runs(corpus):
    recorded(corpus, "one_10", nan_from=30)
    assert benchmark("--judge-only", *OPTIONS).exit_code == 0
    before = (corpus.folder / "reports" / "wild.json").read_text(encoding="utf-8")
    for path in (corpus.folder / "runs").rglob("*.arrows"):
        path.unlink()
    assert benchmark("--score-only", *OPTIONS).exit_code == 0
    assert (corpus.folder / "reports" / "wild.json").read_text(encoding="utf-8") == before


def test_a_half_that_was_judged_before_says_so_by_its_versions(corpus):
    recorded(corpus, "one_10", nan_from=30)
    benchmark("--judge-only", *OPTIONS)
    record = json.loads((corpus.folder / "reports" / "wild" / "judged.json").read_text(encoding="utf-8"))
    assert [(one["split"], one["runs"], one["plan"]) for one in record] == [("building", 1, corpus.digest)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--corpus", "wild", "--only", "nothing", *OPTIONS], "No program"),
        (["--corpus", "wild", "--split", "test", *OPTIONS], "belong to --corpus faults"),
        (["--half", "judged"], "belongs to --corpus wild"),
    ],
)
def test_options_that_do_not_fit_are_refused(corpus, words, told):
    done = CliRunner().invoke(gandoctor, ["benchmark", *words])
    assert done.exit_code == 2
    assert told in done.output


LOOP = """
import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(0)
generator = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.Dense(2)])
discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(8, "relu"), layers.Dense(1)])
g_optimizer, d_optimizer = keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3)
x = np.random.default_rng(0).normal(size=(640, 2)).astype("float32")


@tf.function
def train_step(real):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(tf.random.normal((16, 4)), training=True)
        on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)
        d_loss = tf.reduce_mean(tf.math.log(-tf.abs(on_real)) + tf.math.log(1 - on_fake))
        g_loss = tf.reduce_mean(on_fake)
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, generator.weights), generator.weights))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, discriminator.weights), discriminator.weights))


for i in range(40):
    train_step(x[i * 16 : i * 16 + 16])
"""


@pytest.mark.training
def test_programs_are_run_unchanged_and_one_that_breaks_stops_no_other(corpus):
    (corpus.folder / "loss" / "one_10.py").write_text("raise OSError('no disk')\n", encoding="utf-8")
    (corpus.folder / "loss" / "one_11.py").write_text(LOOP, encoding="utf-8")
    done = benchmark("--only", "one_1", *OPTIONS)
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.output.splitlines() if "loss/" in line]
    assert [(words[2], words[5].rstrip(":")) for words in lines] == [
        ("loss/one_10", "failed"),
        ("loss/one_11", "completed"),
    ]
    assert "no disk" in done.output
    half = json.loads((corpus.folder / "reports" / "wild.json").read_text(encoding="utf-8"))["halves"][0]
    first = {case["name"]: case["first"] for case in half["cases"]}
    assert first == {"one_10": False, "one_11": True}
    again = benchmark("--only", "one_1", *OPTIONS)
    assert "loss/" not in again.output, "finished programs are not run again"

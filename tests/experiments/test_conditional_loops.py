"""Conditional GANs in every layout, recorded with no line changed: what each player is really fed is probed with."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gandoctor.store import load_run
from support.command_line_runs import command_here
from support.rarely import rarely

pytestmark = pytest.mark.training
PROGRAM = Path(__file__).parent / "scripts" / "conditional.py"
CODINGS = {
    "concat": ("one-hot rows", True, "none"),
    "embedded": ("class numbers", False, "class numbers"),
    "beside": ("one-hot rows", False, "one-hot rows"),
    "planes": ("one-hot rows", True, "one-hot planes"),
}


def weights(text):
    return next(line for line in text.splitlines() if line.startswith("weights "))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layout", "style"),
    [
        rarely("concat", "fit"),
        ("beside", "fit"),
        rarely("planes", "tape"),
        rarely("embedded", "batch"),
        rarely("planes", "fit"),
        rarely("embedded", "tape"),
        rarely("planes", "batch"),
    ],
)
def test_labels_are_recognised_and_scores_recorded(tmp_path, layout, style):
    arguments = (layout, style)
    bare = subprocess.run([sys.executable, PROGRAM, *arguments], cwd=tmp_path, capture_output=True, text=True)
    recorded = command_here("run", "--run-dir", "run", PROGRAM, "--", *arguments, cwd=tmp_path)
    assert weights(recorded.stdout) == weights(bare.stdout), recorded.stderr[-3000:]
    run = load_run(tmp_path / "run")
    assert run.last_step == 24
    labels = run.manifest.labels
    coding, beside, of_d = CODINGS[layout]
    assert (labels.generator, labels.generator_beside, labels.discriminator, labels.source) == (
        coding,
        beside,
        of_d,
        "inferred",
    )
    assert labels.classes == 3
    for signal in ("d_real_score", "d_fake_score", "d_auc", "sample_label_share", "sample_label_effect"):
        assert np.isfinite(run[signal].values).all()
    if layout == "concat":
        assert run.manifest.missing["d_label_effect"].code == "not_applicable"
    else:
        assert run["d_label_effect"].between(0, 1).all()
        assert (labels.agreement, labels.real_visibility) == (1, 1)


@pytest.mark.slow
def test_images_that_predict_makes_in_two_calls_are_not_taken_for_real(tmp_path):
    command_here("run", "--run-dir", "run", PROGRAM, "--", "embedded", "batch", cwd=tmp_path)
    run = load_run(tmp_path / "run")
    data, card = np.load(tmp_path / "data.npy"), run.manifest.data
    unit = (data - card.minimum) / (card.maximum - card.minimum)
    known = {np.round(image * 255).astype(np.uint8).tobytes() for image in unit}
    assert sum(image.tobytes() in known for image in run.reals) >= 0.97 * len(run.reals)

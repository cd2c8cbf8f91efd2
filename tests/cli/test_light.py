"""Commands that read never import TensorFlow or Keras, and nothing ends in a traceback."""

import subprocess
import sys

import pytest

from support.command_line_runs import WITHOUT_TENSORFLOW, command, record


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    return record(tmp_path_factory.mktemp("runs") / "sick", nan_from=30)


COMMANDS = [
    (["--version"], 0),
    (["run", "--help"], 0),
    (["check", "--help"], 0),
    (["rules"], 0),
    (["rules", "GD403"], 0),
    (["faults"], 0),
    (["diagnose", "RUN"], 1),
    (["diagnose", "--json", "RUN"], 1),
    (["watch", "RUN"], 0),
    (["report", "RUN"], 0),
]


def test_reading_loads_neither_tensorflow_nor_keras(run_dir):
    commands = [[str(run_dir) if word == "RUN" else word for word in words] for words, _ in COMMANDS]
    code = WITHOUT_TENSORFLOW.replace("main()", "") + (
        f"for words in {commands!r}:\n"
        "    try:\n        main(words)\n"
        "    except SystemExit as end:\n        print('STATUS', end.code)\n"
    )
    done = command(code)
    assert (done.returncode, done.stderr) == (0, "")
    statuses = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("STATUS ")]
    assert statuses == [status for _, status in COMMANDS]


def test_the_block_on_tensorflow_blocks():
    done = command(WITHOUT_TENSORFLOW.replace("main()", "import keras"))
    assert "ModuleNotFoundError" in done.stderr


def test_help_loads_nothing_heavy():
    code = "import sys\nfrom gandoctor.cli import main\ntry:\n    main(['--help'])\nfinally:\n    print(*sys.modules)"
    loaded = set(command(code).stdout.split())
    assert "click" in loaded
    assert not loaded & {"numpy", "pandas", "pyarrow", "scipy", "plotly", "rich", "pydantic", "tensorflow", "keras"}


def test_python_m_gandoctor():
    done = subprocess.run([sys.executable, "-m", "gandoctor", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("gandoctor, version ")


def test_a_reader_that_goes_away_leaves_no_traceback(run_dir):
    code = (
        "import os, sys\nfrom gandoctor.cli import main\n"
        "r, w = os.pipe(); os.close(r); os.dup2(w, 1)\n"
        f"main(['diagnose', '--json', {str(run_dir)!r}])"
    )
    done = command(code)
    assert done.stderr == ""
    assert done.returncode == 1

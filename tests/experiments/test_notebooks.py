"""`gandoctor run notebook.ipynb`: the cells run as a script would, and what only IPython understands is left out."""

import json

import pytest

from gandoctor.errors import UnusableTarget
from gandoctor.experiments import cells as cells_module
from gandoctor.experiments.cells import read_cells
from support.command_line_runs import command_here
from support.notebooks import write_notebook


def run_here(cwd, *arguments):
    return command_here("run", "--run-dir", "run", *arguments, cwd=cwd)


def test_cells_share_one_namespace_and_run_in_order(tmp_path):
    notebook = write_notebook(tmp_path / "train.ipynb", "x = 1", "# Text", "", "x += 1\nprint('x is', x, __name__)")
    done = run_here(tmp_path, notebook)
    assert done.returncode == 3
    assert "x is 2 __main__\n" in done.stdout
    assert "train.ipynb never trained two networks against each other" in done.stderr


def test_the_arguments_and_the_folder_are_those_of_a_script(tmp_path):
    (tmp_path / "neighbour.py").write_text("name = 'found'")
    notebook = write_notebook(
        tmp_path / "train.ipynb",
        "import os, sys, neighbour",
        "print(sys.argv[1:], neighbour.name, os.environ['MPLBACKEND'])",
    )
    assert "['--epochs', '3'] found Agg\n" in run_here(tmp_path, notebook, "--", "--epochs", "3").stdout


def test_magics_and_shell_lines_are_skipped_and_named(tmp_path):
    notebook = write_notebook(
        tmp_path / "train.ipynb",
        "%load_ext gandoctor\nx = 1\n!pip install it's",
        "%%bash\nexit 3",
        "%%time\nif x:\n    !ls \\\n      -l\n    files = !ls\nx?\ntext = '''\n%kept\n!kept\n'''"
        "\nprint('text', text.split())",
    )
    done = run_here(tmp_path, notebook)
    assert done.returncode == 3
    assert "text ['%kept', '!kept']\n" in done.stdout
    named = [line.partition("train.ipynb: ")[2] for line in done.stdout.splitlines() if "is skipped" in line]
    assert named == [
        "cell 1, line 1 is skipped: %load_ext gandoctor",
        "cell 1, line 3 is skipped: !pip install it's",
        "cell 2, line 1 is skipped: %%bash",
        "cell 3, line 1 is skipped: %%time",
        "cell 3, line 3 is skipped: !ls \\",
        "cell 3, line 5 is skipped: files = !ls",
        "cell 3, line 6 is skipped: x?",
    ]


def test_display_shows_and_there_is_no_shell(tmp_path):
    notebook = write_notebook(tmp_path / "train.ipynb", "display({'shown': 1})", "print('shell:', get_ipython())")
    assert "{'shown': 1}\nshell: None\n" in run_here(tmp_path, notebook).stdout


def test_a_traceback_names_the_cells_and_shows_their_lines(tmp_path):
    notebook = write_notebook(
        tmp_path / "train.ipynb", "def f():\n    raise KeyError('mine')", "%matplotlib inline\nf()"
    )
    done = run_here(tmp_path, notebook)
    assert done.returncode == 1
    lines = [line.strip() for line in done.stdout.splitlines()]
    frames = [line.partition("train.ipynb, ")[2] for line in lines if line.startswith("File ")]
    assert frames == ['cell 2", line 2, in <module>', 'cell 1", line 2, in f']
    assert {"f()", "raise KeyError('mine')"} <= set(lines)
    assert "train.ipynb raised KeyError: 'mine' (cell 1, line 2)" in done.stderr


def test_a_mistake_in_the_last_cell_is_told_before_the_first_runs(tmp_path):
    done = run_here(tmp_path, write_notebook(tmp_path / "train.ipynb", "print('ran')", "x = ("))
    assert done.returncode == 1
    assert "ran" not in done.stdout.split()
    assert 'train.ipynb, cell 2", line 1' in done.stdout
    assert "script.py" not in done.stdout
    assert done.stderr.count("cell 2, line 1") == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        ("[]", "no list of cells"),
        ('{"cells": 3}', "no list of cells"),
        ('{"cells": [{"cell_type": "code", "source": 3}]}', "source is not text"),
        (
            '{"cells": [{"cell_type": "markdown", "source": "x"}, null, {"cell_type": "code", "source": " "}]}',
            "no code",
        ),
        ('{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}', "not in Python"),
    ],
)
def test_a_file_that_is_no_notebook_is_one_clear_error(tmp_path, content, why):
    path = tmp_path / "train.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = run_here(tmp_path, path)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_notebook_that_is_not_there_is_one_clear_error(tmp_path):
    done = run_here(tmp_path, "train.ipynb")
    assert (done.returncode, done.stderr) == (2, "Error: There is no notebook train.ipynb.\n")


def test_a_huge_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(cells_module, "MAX_BYTES", 2**20)
    path = write_notebook(tmp_path / "train.ipynb", "x = 1" + " " * 2**20)
    with pytest.raises(UnusableTarget, match="larger than 1 MiB"):
        read_cells(str(path))


def test_the_older_format_is_read(tmp_path):
    path = tmp_path / "old.ipynb"
    cell = {"cell_type": "code", "input": ["x = 1\n", "x"], "language": "python"}
    path.write_text(json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [cell]}]}))
    assert [cell.source for cell in read_cells(str(path))] == ["x = 1\nx"]

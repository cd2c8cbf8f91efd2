"""Without a framework: what needs one says so in one line, what fails for another reason is not blamed on it."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from gandoctor import frameworks
from gandoctor.errors import GandoctorError
from gandoctor.frameworks import MissingFramework, framework_needed
from support.rarely import rarely

HERE = Path(__file__).parent
FACTORY = "from keras import layers\n\ndef build():\n    pass\n"


def python(folder, *arguments):
    path = os.pathsep.join(map(str, (HERE / "without_frameworks", HERE.parent)))
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    ("command", "needing"),
    [
        (["check"], "reference_models.training:build"),
        rarely(["check", "--dry-run-steps", "0"], "reference_models.training:build"),
        rarely(["check", "mine:build"], "mine:build"),
        (["check", "train.py"], "train.py"),
        rarely(["check", "a.keras", "b.keras"], "a.keras"),
        (["run"], "reference_models.training:build"),
        (["run", "--watch", "mine:build"], "mine:build"),
        rarely(["run", "train.py"], "train.py"),
        (["benchmark", "--only", "hinge", "--workers", "1"], "reference_models.benchmark.oracle:measure"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_names_the_command_that_installs_it(tmp_path, command, needing):
    (tmp_path / "mine.py").write_text(FACTORY, encoding="utf-8")
    (tmp_path / "train.py").write_text("print('hello')\nimport tensorflow as tf\n", encoding="utf-8")
    for name in ("a.keras", "b.keras"):
        (tmp_path / name).touch()
    done = python(tmp_path, "-m", "gandoctor", *command)
    assert done.returncode == 2
    assert done.stderr == (
        f"Error: {needing} needs TensorFlow, which is not installed. "
        "To install it: pip install 'gandoctor[tensorflow]'\n"
    )
    assert done.stdout == ("hello\n" if command == ["run", "train.py"] else "")
    assert not list(tmp_path.glob("runs/2*"))


def test_in_python_it_is_an_error_of_gandoctor(tmp_path):
    code = (
        "import gandoctor\n"
        "try:\n    gandoctor.check('reference_models.training:build')\n"
        "except gandoctor.GandoctorError as error:\n    print(error)\n"
    )
    done = python(tmp_path, "-c", code)
    assert done.stderr == ""
    assert done.stdout.startswith(
        "reference_models.training:build needs TensorFlow, which is not installed. To install"
    )


def test_monitors_are_imported_without_a_framework(tmp_path):
    done = python(tmp_path, "-c", "from gandoctor.monitors import GANMonitor, LossMonitor; print(GANMonitor.__name__)")
    assert (done.stdout, done.stderr) == ("GANMonitor\n", "")


@pytest.mark.parametrize("module", ["tensorflow_datasets", "no_such_module"])
def test_another_module_that_is_not_there_is_the_scripts_own_affair(tmp_path, module):
    (tmp_path / "train.py").write_text(f"import {module}\n", encoding="utf-8")
    done = python(tmp_path, "-m", "gandoctor", "run", "train.py")
    assert done.returncode == 1
    assert f"train.py raised ModuleNotFoundError: No module named '{module}'" in done.stderr
    assert "gandoctor[" not in done.stderr


def test_the_frameworks_are_hidden_as_if_they_were_not_installed(tmp_path):
    done = python(tmp_path, "-c", "from importlib.util import find_spec; print(find_spec('keras'), find_spec('numpy'))")
    assert done.stdout.startswith("None ModuleSpec")
    done = python(tmp_path, "-c", "import tensorflow.data")
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'tensorflow'\n")


# In this process, with a framework that nobody has. ------------------------------------------------------------------


@pytest.fixture
def absent(monkeypatch):
    monkeypatch.setattr(frameworks, "FRAMEWORKS", {"mindspring": {"mindspring": "MindSpring", "springboard": "Spring"}})


@pytest.mark.usefixtures("absent")
def test_the_outermost_caller_is_named():
    with pytest.raises(MissingFramework) as raised, framework_needed(by="outer"), framework_needed(by="inner"):
        import springboard.coil  # noqa: F401
    assert str(raised.value) == (
        "outer needs MindSpring, which is not installed. To install it: pip install 'gandoctor[mindspring]'"
    )
    assert raised.value.name == "springboard"


@pytest.mark.usefixtures("absent")
def test_a_module_that_an_installed_framework_does_not_have_is_not_a_missing_framework(monkeypatch):
    monkeypatch.setitem(sys.modules, "mindspring", ModuleType("mindspring"))
    with pytest.raises(ModuleNotFoundError) as raised, framework_needed(by="a script"):
        import mindspring.removed  # noqa: F401
    assert type(raised.value) is ModuleNotFoundError
    with pytest.raises(MissingFramework, match="needs Spring, which"), framework_needed(by="a script"):
        import springboard  # noqa: F401


@pytest.mark.usefixtures("absent")
@pytest.mark.parametrize("error", [ImportError("cannot load", name="mindspring"), ModuleNotFoundError("nameless")])
def test_other_errors_pass_unchanged(error):
    with pytest.raises(ImportError) as raised, framework_needed(by="a script"):
        raise error
    assert raised.value is error


def test_it_comes_back_from_a_worker_process():
    error = pickle.loads(pickle.dumps(MissingFramework("x needs y", name="y")))
    assert (type(error), str(error), error.name) == (MissingFramework, "x needs y", "y")
    assert isinstance(error, GandoctorError)

"""Acting on a module after somebody else's import of it."""

import subprocess
import sys


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_call_comes_after_the_import_and_once():
    code = """
import sys
from gandoctor.experiments.child.imports import when_imported
finders = list(sys.meta_path)
when_imported("calendar", lambda module: print("called", hasattr(module, "month_name")))
import datetime
print("before", "calendar" in sys.modules)
import calendar
import calendar
import importlib; importlib.reload(calendar)
print(sys.meta_path == finders, type(calendar.__loader__).__name__, vars(calendar.__loader__).get("exec_module"))
"""
    assert run(code) == ["before", "False", "called", "True", "True", "SourceFileLoader", "None"]


def test_a_module_already_there_is_acted_on_at_once():
    code = """
import calendar
from gandoctor.experiments.child.imports import when_imported
when_imported("calendar", lambda module: print(module is calendar))
"""
    assert run(code) == ["True"]


def test_a_module_that_does_not_exist_stays_an_import_error():
    code = """
from gandoctor.experiments.child.imports import when_imported
when_imported("no_such_module", print)
try:
    import no_such_module
except ModuleNotFoundError as error:
    print(error.name)
"""
    assert run(code) == ["no_such_module"]

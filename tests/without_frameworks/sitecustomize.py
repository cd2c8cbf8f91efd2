"""Hides the frameworks from a Python process, and from those it starts, that has this folder in its PYTHONPATH.

HIDDEN_FRAMEWORKS names them, with commas in between; without it, all are hidden.
"""

import os
import sys
from importlib.machinery import PathFinder

HIDDEN = os.environ.get("HIDDEN_FRAMEWORKS", "tensorflow,keras,torch").split(",")


class FindsNoFramework(PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        return None if fullname.partition(".")[0] in HIDDEN else super().find_spec(fullname, path, target)


sys.meta_path = [FindsNoFramework if finder is PathFinder else finder for finder in sys.meta_path]

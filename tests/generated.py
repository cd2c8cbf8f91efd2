"""What in the README and the docs is generated from the rules and problems themselves; holds no tests.

`python tests/generated.py` writes it anew.
"""

from __future__ import annotations

from pathlib import Path

from gandoctor.cli.markdown import ABOUT_PROBLEMS, problem_pages, rules_table
from gandoctor.problems import PROBLEMS

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- rules: written by tests/generated.py -->", "<!-- end of rules -->"


def readme() -> str:
    """Return the README with its table of failure modes as the rules have it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{rules_table()}\n{END}{after}"


def problems_page() -> str:
    """Return docs/problems.md."""
    return f"{ABOUT_PROBLEMS}\n\n{problem_pages(PROBLEMS)}\n"


FILES = {ROOT / "README.md": readme, ROOT / "docs" / "problems.md": problems_page}
"""Path -> what it should hold."""


if __name__ == "__main__":
    for path, content in FILES.items():
        path.write_text(content(), encoding="utf-8")

"""The code on the documentation pages runs as it stands, and their commands are ones that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.command_lines import parsed, shell_commands

DOCS = Path(__file__).parents[1] / "docs"


def blocks_of(page: str) -> list[tuple[int, str]]:
    """Return line number and text of every Python block."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [(text[: m.start()].count("\n") + 1, m.group(1)) for m in found]


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_the_commands_on_a_page_would_be_accepted(page: Path) -> None:
    for line in shell_commands(page.read_text(encoding="utf-8")):
        parsed(line)


def test_the_page_on_checks_shows_every_kind_of_target() -> None:
    targets = {
        str(parsed(line)["target"]).rpartition(".")[2]
        for line in shell_commands((DOCS / "check.md").read_text(encoding="utf-8"))
    }
    assert targets == {"None", "my_gan:build", "py", "ipynb", "keras"}


@pytest.mark.slow
@pytest.mark.training
def test_every_block_of_the_page_on_checks_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "check"}
    blocks = blocks_of("check.md")
    assert len(blocks) == 2
    for line, block in blocks:
        exec(compile("\n" * line + block, str(DOCS / "check.md"), "exec"), names)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.training
@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")  # what fit says of any tf.data pipeline
def test_every_block_of_the_attaching_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow")
    blocks = blocks_of("attaching.md")
    assert len(blocks) == 1 + (DOCS / "attaching.md").read_text(encoding="utf-8").count("\n## ")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "attaching"}
    for line, block in blocks:
        code = compile("\n" * line + block, str(DOCS / "attaching.md"), "exec")
        if "runs/conditional" in block:
            with pytest.warns(UserWarning, match="on images alone"):
                exec(code, names)
        else:
            exec(code, names)

"""The code on the documentation pages runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.training
pytest.importorskip("tensorflow")

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")  # what fit says of any tf.data pipeline
def test_every_block_of_the_attaching_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (DOCS / "attaching.md").read_text(encoding="utf-8")
    blocks = [(m.start(), m.group(1)) for m in re.finditer(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)]
    assert len(blocks) == 1 + page.count("\n## ")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "attaching"}
    for start, block in blocks:
        line = page[:start].count("\n") + 1
        code = compile("\n" * line + block, str(DOCS / "attaching.md"), "exec")
        if "runs/conditional" in block:
            with pytest.warns(UserWarning, match="on images alone"):
                exec(code, names)
        else:
            exec(code, names)

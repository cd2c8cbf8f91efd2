"""Atomic writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gandoctor.store.atomic import replacing, write_whole


def test_the_file_is_whole_and_readable_by_all(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, "é")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.weights.h5"
    write_whole(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:  # noqa: PT012 - the block is what fails
        assert temporary.name.endswith(".weights.h5")
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.weights.h5"]

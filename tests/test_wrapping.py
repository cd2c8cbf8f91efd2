"""Text is measured and wrapped by the cells that a terminal gives it."""

import pytest
from rich.cells import cell_len

from gandoctor.wrapping import cells, wrapped

CHINESE = "生成器的学习率为 1e-07，低于通常最低的 1e-06，所以它几乎不动。"
ENGLISH = "The generator's learning rate is 1e-07, below 1e-06, the lowest usual one."


@pytest.mark.parametrize("text", ["", "abc", "é", "e\u0301", "漢字", CHINESE, "｡ｱ", "👍", "▀╌▸"])
def test_cells_are_those_of_rich(text):
    assert cells(text) == cell_len(text)


@pytest.mark.parametrize("width", [2, 7, 8, 20, 33, 80])
@pytest.mark.parametrize("text", [CHINESE, ENGLISH, "x" * 50, CHINESE + ENGLISH])
def test_no_line_is_wider_and_nothing_is_lost(text, width):
    lines = wrapped(text, width)
    assert max(cells(line) for line in lines) <= width
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_english_ends_at_spaces():
    assert wrapped("one two three", 8) == ["one two", "three"]


def test_chinese_fills_its_lines_and_begins_none_with_a_mark():
    lines = wrapped(CHINESE, 21)
    assert all(cells(line) > 12 for line in lines[:-1])
    assert not any(line[0] in "，。" for line in lines)
    assert wrapped("降到零（GD301）、更新幅度（GD203）", 11) == ["降到零", "（GD301）、", "更新幅度", "（GD203）"]


def test_newlines_and_indentation_stay():
    assert wrapped("  a b\n\nc", 4) == ["  a", "b", "", "c"]

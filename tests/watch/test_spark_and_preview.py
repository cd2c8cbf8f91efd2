"""Curves, images and columns drawn with characters."""

import numpy as np
import pytest

from gandoctor.diagnosis.reference import Columns
from gandoctor.measures.columns import summary
from gandoctor.watch.columns import draw_columns
from gandoctor.watch.preview import draw_images
from gandoctor.watch.spark import BLOCKS, Axis, Scale, bars, over_steps, spark


def test_a_rising_curve_rises():
    assert spark(np.arange(8.0), 8) == "▁▂▃▄▅▆▇█"


def test_a_long_series_is_averaged_into_the_width():
    assert spark(np.repeat([0.0, 1.0], 500), 2) == "▁█"


def test_a_constant_curve_lies_in_the_middle():
    assert spark(np.full(3, 7.0), 10) == "▄▄▄"


def test_a_single_nan_among_thousands_stays_visible():
    values = np.ones(10_000)
    values[5_000] = np.nan
    assert spark(values, 10).count("!") == 1
    assert spark(np.full(5, np.inf), 5) == "!!!!!"


def test_given_limits_fix_the_scale():
    assert spark(np.array([0.5]), 1, low=0.0, high=1.0) == "▅"
    assert spark(np.array([-3.0, 9.0]), 2, low=0.0, high=1.0) == "▁█"


def by_column(steps, values, axis):
    """Return the mean of each column's values, one column after another."""
    level, levels = -np.inf, []
    for column in range(axis.width):
        inside = [v for s, v in zip(steps, values, strict=True) if axis.column(int(s)) == column]
        level = np.mean(inside) if inside else level
        levels.append(level if np.isfinite(level) or level == -np.inf else np.nan)
    return levels


@pytest.mark.parametrize("width", [1, 7, 40, 200])
@pytest.mark.parametrize("first", [0, 1, 40])
def test_over_steps_each_column_has_the_mean_of_its_steps(width, first):
    random = np.random.default_rng(width + first)
    steps = np.sort(random.choice(np.arange(40, 140), 30, replace=False))
    values = random.normal(size=30)
    values[random.integers(30)] = np.nan
    axis = Axis(first, 150, width)
    np.testing.assert_allclose(over_steps(steps, values, axis), by_column(steps, values, axis))


def test_before_the_first_value_there_is_nothing():
    assert over_steps(np.array([]), np.array([]), Axis(0, 9, 3)).tolist() == [-np.inf] * 3
    levels = over_steps(np.array([5]), np.array([2.0]), Axis(0, 9, 10))
    assert levels.tolist() == [-np.inf] * 5 + [2.0] * 5


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_bars_are_as_high_as_their_levels(rows):
    lines = bars(np.array([0.0, 0.5, 1.0, np.nan, -np.inf]), Scale(0.0, 1.0), rows, None, ascii_only=False)
    columns = ["".join(column) for column in zip(*lines, strict=True)]
    assert columns[2] == ("▇" if rows > 1 else "█") + "█" * (rows - 1), "a gap to the row above"
    assert columns[3] == "!" * rows
    assert columns[4] == " " * rows
    assert columns[0] == " " * (rows - 1) + "▁"
    filled = sum((BLOCKS.find(sign) + 1) / 8 for sign in columns[1])
    assert abs(filled - rows / 2) <= 1 / 8


def test_a_target_is_a_line_where_no_bar_covers_it():
    upper, lower = bars(np.array([0.0, 1.0]), Scale(0.0, 1.0), 2, 0.75, ascii_only=False)
    assert (upper, lower) == ("╌▇", "▁█")
    assert bars(np.array([0.0]), Scale(0.0, 1.0), 2, 0.75, ascii_only=True)[0] == "-"


def test_ascii_only():
    assert spark(np.arange(8.0), 8, ascii_only=True).isascii()


def test_nothing_to_draw():
    assert spark(np.array([]), 5) == ""
    assert spark(np.ones(5), 0) == ""


def gray(level, n=1, side=28):
    return np.full((n, side, side, 1), level, np.uint8)


@pytest.mark.parametrize(("columns", "rows"), [(30, 14), (30, 10), (58, 29), (5, 3), (1, 1)])
@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("n", [1, 3, 16])
def test_images_keep_to_their_space(columns, rows, colour, n):
    lines = draw_images(gray(200, n), columns, rows, colour).split("\n")
    assert 1 <= len(lines) <= rows
    assert all(1 <= line.cell_len <= columns for line in lines)


def test_four_digits_fit_beside_the_signals():
    lines = draw_images(gray(200, 16), 30, 14, colour=True).split("\n")
    assert (len(lines), lines[0].cell_len) == (14, 28), "2 x 2 images of 14 x 14 pixels"


def test_half_blocks_carry_the_upper_and_the_lower_pixel():
    image = np.array([[[[10, 20, 30]], [[200, 100, 0]]]], np.uint8)
    (span,) = draw_images(image, 4, 4, colour=True).spans
    assert (span.style.color.name, span.style.bgcolor.name) == ("#0a141e", "#c86400")


def test_without_colour_brightness_becomes_letters():
    assert draw_images(gray(0, side=4), 4, 2, colour=False).plain == "    \n    "
    assert draw_images(gray(255, side=4), 4, 2, colour=False).plain == "@@@@\n@@@@"


def test_shrinking_averages():
    checkerboard = (np.indices((28, 28)).sum(0) % 2 * 255).astype(np.uint8)[None, ..., None]
    small = draw_images(checkerboard, 14, 7, colour=True)
    assert {str(span.style.color.name) for span in small.spans} == {"#808080"}


def test_images_of_odd_height_and_other_shapes():
    assert draw_images(np.zeros((2, 7, 3, 1), np.uint8), 10, 10, colour=True).plain
    assert draw_images(np.zeros((0, 7, 3, 1), np.uint8), 10, 10, colour=True).plain == ""


def rows_beside_real_ones(reals, fakes):
    return Columns(10, reals, fakes, summary(reals), summary(fakes))


def test_columns_of_a_table_are_numbers():
    reals = np.array([[0.0, 10.0], [2.0, 30.0]], np.float32)
    drawn = draw_columns(rows_beside_real_ones(reals, reals * 3), 40, 9, ascii_only=True).plain
    assert [" ".join(line.split()) for line in drawn.split("\n")] == [
        "1 real 1.000 +- 1.000",
        "fake 3.000 +- 3.000",
        "2 real 20.00 +- 10.00",
        "fake 60.00 +- 30.00",
    ]


def test_series_are_lines_on_one_scale():
    reals = np.tile(np.linspace(0, 7, 8, dtype=np.float32)[None, :, None], (3, 1, 1))
    drawn = draw_columns(rows_beside_real_ones(reals, np.zeros_like(reals)), 18, 9, ascii_only=False).plain
    assert drawn.split("\n") == ["  1 real  ▁▂▃▄▅▆▇█", "    fake  ▁▁▁▁▁▁▁▁"]


def test_columns_that_do_not_fit_are_counted():
    reals = np.zeros((2, 9), np.float32)
    lines = draw_columns(rows_beside_real_ones(reals, reals), 30, 6, ascii_only=True).plain.split("\n")
    assert (len(lines), lines[-1]) == (5, "and 7 more")
    assert draw_columns(rows_beside_real_ones(reals, reals), 0, 6, ascii_only=True).plain == ""

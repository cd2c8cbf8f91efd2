"""Text made fit to show."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gandoctor.report.languages.language import language
from gandoctor.report.text import clean, duration, flat, inline, linked, number, plot_text, prose, script_json

EN = language("en")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.693147, "0.6931"),
        (12345.6, "12,346"),
        (0.0, "0"),
        (1.0, "1"),
        (-0.5, "−0.5"),
        (1.2e-7, "1.2e-7"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (1e300, "1e300"),
    ],
)
def test_number(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(1.24, "1.2 s"), (45, "45 s"), (725, "12 min 5 s"), (12_000, "3 h 20 min"), (-1, "unknown")]
)
def test_duration(seconds: float, shown: str) -> None:
    assert duration(seconds, EN) == shown


def test_clean_removes_what_cannot_or_should_not_be_shown() -> None:
    assert clean("a\x00b\x1bc\ud800d\u202ee") == "a\ufffdb\ufffdc\ufffdd\ufffde"
    assert len(clean("x" * 10_000_000)) == 400


@settings(max_examples=50)
@given(st.recursive(st.text() | st.floats(allow_nan=False, allow_infinity=False), st.lists, max_leaves=5))
@example(["</script><!-- & \u2028"])
def test_script_json_cannot_end_its_script_and_reads_back(content: object) -> None:
    text = str(script_json(content))
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == content


def test_flat_names_nested_settings_and_stops() -> None:
    assert flat({"g": {"lr": 0.1, "bn": True}, "n": [1, 2]}, EN) == [("g.lr", "0.1"), ("g.bn", "true"), ("n", "[1, 2]")]
    assert flat({str(i): i for i in range(1000)}, EN, limit=3)[-1] == ("…", "at least 997 more, not shown")
    deep: dict[str, object] = {}
    for _ in range(5_000):
        deep = {"k": deep}
    assert flat(deep, EN)


def test_links_are_only_http_and_everything_is_escaped() -> None:
    html = str(linked('see https://a.org/x"y <script> javascript:alert(1)'))
    assert '<a href="https://a.org/x" rel="noopener noreferrer">' in html
    assert "<script>" not in html
    assert html.count("<a ") == 1


def test_inline_and_prose_escape() -> None:
    assert str(inline("`<b>` <i>")) == "<code>&lt;b&gt;</code> &lt;i&gt;"
    assert str(prose("one\n\ntwo <b>")) == "<p>one</p>\n<p>two &lt;b&gt;</p>"
    assert str(prose("What it is\n    One `x`\n    two.")) == "<p><b>What it is</b><br>One <code>x</code> two.</p>"
    assert str(prose("one\ntwo")) == "<p>one two</p>"
    assert str(prose("- a\n- b")) == '<p class="lines">- a\n- b</p>'


def test_plot_text_disarms_plotlys_own_markup() -> None:
    assert plot_text('<a href="https://evil">x</a>') == '&lt;a href="https://evil"&gt;x&lt;/a&gt;'

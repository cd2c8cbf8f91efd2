"""The plotly.js that travels in every page."""

from __future__ import annotations

import base64
import gzip

from plotly.offline import get_plotlyjs_version

from gandoctor.diagnosis import Diagnosis
from gandoctor.report import plotly_js, render_html


def test_it_is_the_version_that_the_installed_plotly_is_made_for() -> None:
    """When this fails, plotly.py was updated: gandoctor/report/plotly_js/README.md says what to do."""
    assert f"* plotly.js (cartesian - minified) v{get_plotlyjs_version()}\n" in plotly_js.source()[:200]
    assert "Licensed under the MIT license" in plotly_js.source()[:200]


def test_it_has_every_trace_that_a_chart_of_ours_could_be() -> None:
    for trace in ("scatter", "bar", "heatmap", "image"):
        assert f'moduleType:"trace",name:"{trace}"' in plotly_js.source()


def test_packed_it_is_the_same_script() -> None:
    assert gzip.decompress(base64.b64decode(plotly_js.packed())).decode() == plotly_js.source()


def test_a_page_is_small_enough_to_be_sent(failing: Diagnosis) -> None:
    assert len(render_html(failing).encode()) < 2_000_000

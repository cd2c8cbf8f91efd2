"""The page in a real browser: Chromium, where the machine has one; in CI a missing browser is a failure."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor.diagnosis import Diagnosis
from gandoctor.report import render_markdown, write_report
from gandoctor.store import Run, RunWriter, load_run
from support.live_training import Training, free_page, serving
from support.rarely import rarely
from support.report_runs import make_diagnosis, make_manifest

pytestmark = pytest.mark.browser

IN_CI = bool(os.environ.get("CI"))
playwright = (import_module if IN_CI else pytest.importorskip)("playwright.sync_api")
_HAS_FC_LIST = shutil.which("fc-list") is not None
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        message = f"No browser was found ({', '.join(NAMES)}); install Debian's chromium to run these tests."
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def report(failing_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(make_diagnosis(failing_run), tmp_path_factory.mktemp("page") / "report.html")


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, report: Path, tmp_path: Path) -> Open:
    """Open a report; anything on the console, any error, dialog or request to a network fails the test."""

    @contextmanager
    def opened(
        diagnosis: Diagnosis | None = None, width: int = 1280, scheme: str = "light", **options: Any
    ) -> Iterator[Any]:
        path = report if diagnosis is None else write_report(diagnosis, tmp_path / "report.html")
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce", **options
        )
        trouble: list[str] = []
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:", "blob:")) or trouble.append(request.url),
        )
        page.goto(path.as_uri())
        yield page
        context.close()
        assert trouble == []

    return opened


def wait_until(page: Any, condition: str) -> None:
    """Wait within the page: `wait_for_function` polls by eval, which the page's policy rightly refuses."""
    page.evaluate(f"async () => {{ while (!({condition})) await new Promise(requestAnimationFrame); }}")


def draw_all(page: Any) -> None:
    """Open every tab and finding, bring every chart into view as a reader does, and wait until all are drawn."""
    page.evaluate(
        """async () => {
          for (const tab of document.querySelectorAll("[role=tab]")) {
            tab.click();
            const panel = document.getElementById(tab.getAttribute("aria-controls"));
            panel.querySelectorAll("details").forEach((details) => { details.open = true; });
            for (const plot of panel.querySelectorAll(".plot")) {
              plot.scrollIntoView({ behavior: "instant" });
              while (!plot.querySelector(".main-svg")) await new Promise(requestAnimationFrame);
            }
          }
        }"""
    )


@pytest.fixture(scope="session")
def chinese_font() -> None:
    """A font with Chinese characters: without one a browser draws the same empty box for each."""
    listed = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False) if _HAS_FC_LIST else None
    if listed is None or not listed.stdout.strip():
        message = "No font with Chinese characters was found; install Debian's fonts-wqy-microhei."
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)


def test_chinese_characters_are_drawn_as_themselves(
    browser: Any, chinese_font: None, failing_run: Run, tmp_path: Path
) -> None:
    path = write_report(make_diagnosis(failing_run), tmp_path / "zh.html", "zh")
    page = browser.new_page()
    page.goto(path.as_uri())
    signs = sorted({sign for sign in page.inner_text("body") if "\u4e00" <= sign <= "\u9fff"})
    drawn = page.evaluate(
        """(signs) => signs.map((sign) => {
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = 40;
          const brush = canvas.getContext("2d");
          brush.font = `32px ${getComputedStyle(document.body).fontFamily}`;
          brush.fillText(sign, 2, 34);
          return Array.from(brush.getImageData(0, 0, 40, 40).data).filter((_, i) => i % 4 === 3).join(",");
        })""",
        signs,
    )
    page.close()
    assert len(signs) > 100
    assert len(set(drawn)) == len(signs), "two characters look the same"


def test_the_chart_of_the_evidence_leaves_its_legend_room(open_page: Open) -> None:
    for width in (360, 1200):
        with open_page(width=width) as page:
            chart, legend = (page.locator(f".proof {name}").first.bounding_box() for name in ("svg", ".proof-key"))
            assert chart["height"] > 40
            assert chart["y"] + chart["height"] <= legend["y"], width


def tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def unfold(page: Any, address: str) -> None:
    page.evaluate(f"location.hash = '{address}'")
    page.locator(address).wait_for()


def test_charts_are_drawn_when_seen_without_error_or_request(open_page: Open) -> None:
    with open_page() as page:
        unfold(page, "#chart-GD301-0")
        page.locator("#chart-GD301-0 .main-svg").first.wait_for()
        assert page.locator("#chart-other-0 .main-svg").count() == 0
        draw_all(page)
        assert page.locator(".plot .main-svg").count() >= page.locator(".plot").count() > 8
        legend = page.locator("#chart-losses .legendtext").all_text_contents()
        assert legend == ["discriminator loss", "generator loss", "equilibrium 0.6931", "warm-up"]
        assert page.locator("#chart-g-layer-gradients .heatmaplayer image").count() == 2  # with that of what is NaN
        assert page.locator("#chart-logit-spread .fills path").count() == 4
        assert page.locator("#chart-GD301-0").get_by_text("limit of GD301: below 0.05").count() == 1


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_first_screen_answers(open_page: Open, width: int, height: int) -> None:
    with open_page(width=width) as page:
        page.set_viewport_size({"width": width, "height": height})
        assert "Failing" in page.locator("h1").inner_text()
        assert "Discriminator loss at zero since step 540" in page.locator("h1").inner_text()
        assert "1 more warning" in page.locator(".chips").inner_text()
        said = [".chips", ".sheets", "#copy-issue"]
        said += [".answer dl", ".timeline", ".change-title", ".tab-list"] if width > 1000 else []
        for selector in said:
            box = page.locator(selector).first.bounding_box()
            assert 0 <= box["y"] < box["y"] + box["height"] <= height, selector
        assert page.locator(".sheet").count() == 3
        for sheet in page.locator(".sheet").all():
            assert sheet.bounding_box()["width"] / 4 > 64 + 2


def test_the_page_is_short_and_prints_on_few_pages(open_page: Open) -> None:
    with open_page(width=1440) as page:
        page.set_viewport_size({"width": 1440, "height": 900})
        assert page.evaluate("document.documentElement.scrollHeight") <= 4 * 900
        printed = page.pdf(format="A4")
        assert 1 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= 10


def test_tabs_answer_mouse_and_keyboard_one_open_at_a_time(open_page: Open) -> None:
    with open_page() as page:
        names = page.get_by_role("tab").all_inner_texts()
        assert names == ["Findings", "Samples", "Curves", "Networks", "All checks", "Run"]
        tab(page, "Samples")
        page.keyboard.press("ArrowRight")
        assert page.locator("[role=tab][aria-selected=true]").all_inner_texts() == ["Curves"]
        assert page.evaluate("document.activeElement.textContent") == "Curves"
        assert page.locator(".tab[open]").evaluate_all("all => all.map((one) => one.id)") == ["tab-curves"]
        page.keyboard.press("Home")
        assert page.locator("#findings").is_visible()
        assert page.locator("#curves").is_hidden()


def test_the_cursor_moves_sheets_charts_and_the_film(open_page: Open) -> None:
    with open_page() as page:
        now, cursor = page.locator("#last-sheet"), page.locator("#cursor")
        before = now.get_attribute("src")
        cursor.focus()
        page.keyboard.press("ArrowLeft")
        assert page.locator(".of-now figcaption").inner_text() == "At the cursor step 950"
        assert now.get_attribute("src") != before
        assert cursor.get_attribute("aria-valuetext") == page.locator("#film-step").text_content() == "step 950"
        unfold(page, "#chart-losses")
        page.locator("#chart-losses .main-svg").first.wait_for()
        line = "document.querySelector('#chart-losses .chart-cursor')"
        wait_until(page, f"!{line}.hidden && {line}.offsetHeight > 50")
        left = page.evaluate(f"{line}.getBoundingClientRect().left")
        page.keyboard.press("Home")
        page.evaluate("document.querySelector('#cursor').focus()")
        page.keyboard.press("Home")
        assert page.evaluate(f"{line}.getBoundingClientRect().left") < left - 100
        assert page.locator("#film-step").text_content() == "step 50"


def test_a_sheet_of_smaller_images_is_shown_whole(open_page: Open, tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", make_manifest(data_since=3))
    for step, side in ((1, 14), (2, 14), (3, 28), (4, 28)):
        images = np.full((64, side, side, 1), 40 * step, np.uint8)
        writer.samples(step, images, images)
        writer.record(step, {"d_loss": 0.7, "g_loss": 0.7})
    writer.close("completed")
    with open_page(make_diagnosis(load_run(tmp_path / "run"))) as page:
        box = page.locator(".of-now .sheet")
        assert "whole" not in box.get_attribute("class")
        page.locator("#cursor").focus()
        page.keyboard.press("Home")
        assert "whole" in box.get_attribute("class")
        page.keyboard.press("End")
        assert "whole" not in box.get_attribute("class")


@pytest.mark.slow
def test_zoom_in_one_chart_is_zoom_in_all(open_page: Open) -> None:
    span = "document.querySelector('[data-chart=\"{}\"]').layout.xaxis.range.map(Math.round)"
    with open_page() as page:
        unfold(page, "#chart-losses")
        page.locator("#chart-losses .main-svg").first.wait_for()
        page.evaluate("Plotly.relayout(document.querySelector('[data-chart=losses]'), {'xaxis.range': [200, 400]})")
        unfold(page, "#chart-gradient-norms")  # drawn after the zoom
        page.locator("#chart-gradient-norms .main-svg").first.wait_for()
        assert page.evaluate(span.format("gradient-norms")) == [200, 400]
        unfold(page, "#chart-GD301-0")
        page.locator("#chart-GD301-0 .main-svg").first.wait_for()
        assert page.evaluate(span.format("GD301-0")) == [200, 400]
        page.evaluate(
            "Plotly.relayout(document.querySelector('[data-chart=\"GD301-0\"]'), {'xaxis.range': [-10, 1010]})"
        )
        tab(page, "Curves")
        wait_until(page, span.format("losses") + "[1] === 1010")


@pytest.mark.slow
def test_a_sheet_opens_large_and_closes_by_keyboard(open_page: Open) -> None:
    with open_page() as page:
        page.get_by_role("button", name="Open large: Now step 1000").click()
        picture = page.locator("#large img")
        picture.wait_for()
        assert picture.bounding_box()["width"] > 500
        page.keyboard.press("Escape")
        assert page.locator("#large").is_hidden()


def test_the_report_can_be_copied_as_an_issue(open_page: Open, failing: Diagnosis) -> None:
    with open_page(permissions=["clipboard-read", "clipboard-write"]) as page:
        page.get_by_role("button", name="Copy as issue").click()
        page.get_by_text("Copied to the clipboard.").wait_for(state="attached")
        assert page.evaluate("navigator.clipboard.readText()").strip() == render_markdown(failing).strip()


def test_slider_works_by_keyboard(open_page: Open) -> None:
    with open_page() as page:
        tab(page, "Samples")
        slider, image = page.locator("#film-slider"), page.locator("#film-image")
        assert slider.get_attribute("aria-valuetext") == "step 1000"
        before = image.get_attribute("src")
        slider.focus()
        page.keyboard.press("ArrowLeft")
        assert page.locator("#film-step").inner_text() == "step 950"
        assert slider.get_attribute("aria-valuetext") == "step 950"
        assert image.get_attribute("src") != before
        page.keyboard.press("Home")
        assert page.locator("#film-step").inner_text() == "step 50"
        assert "step 50" in image.get_attribute("alt")


@pytest.mark.slow
def test_mark_of_a_finding_shows_its_samples(open_page: Open) -> None:
    with open_page() as page:
        tab(page, "Samples")
        page.get_by_role("button", name="Show the samples when GD301 began, step 540").click()
        assert page.locator("#film-step").inner_text() == "step 550"
        assert page.locator(".thumb[aria-current=true]").inner_text() == "step 550"


@pytest.mark.slow
def test_play_runs_through_the_samples_and_can_be_paused(open_page: Open) -> None:
    with open_page() as page:
        page.clock.install(time=0)
        page.reload()
        page.clock.pause_at(60)
        tab(page, "Samples")
        play = page.locator("#film-play")
        play.click()
        assert play.get_attribute("aria-pressed") == "true"
        third = page.locator("#film-strip .thumb span").nth(2).inner_text()
        page.clock.run_for(800)  # two pictures further
        assert page.locator("#film-step").inner_text() == third
        play.click()
        page.clock.run_for(5_000)
        assert page.locator("#film-step").inner_text() == third
        play.click()
        page.clock.run_for(60_000)
        assert page.locator("#film-step").inner_text() == "step 1000"
        assert play.get_attribute("aria-pressed") == "false"


def test_copy_button_copies_the_code(open_page: Open) -> None:
    with open_page(permissions=["clipboard-read", "clipboard-write"]) as page:
        unfold(page, "#finding-GD301")
        button = page.locator("#finding-GD301 .copy").first
        button.focus()
        page.keyboard.press("Enter")
        page.get_by_text("Copied to the clipboard.").wait_for(state="attached")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.locator("#finding-GD301 pre code").first.text_content()
        assert button.evaluate("element => element === document.activeElement")


def test_a_phone_never_scrolls_sideways(open_page: Open) -> None:
    with open_page(width=360) as page:
        draw_all(page)
        for details in page.locator("details").all():
            details.evaluate("element => { element.open = true; }")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def brightness(page: Any, script: str) -> float:
    red, green, blue = (float(v) for v in page.evaluate(script).strip("rgba()").split(",")[:3])
    return (red + green + blue) / 3


def test_dark_mode_reaches_page_and_charts_and_follows_a_change(open_page: Open) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    axis = "getComputedStyle(document.querySelector('#chart-GD301-0 .xtick text')).fill"
    with open_page(scheme="dark") as page:
        unfold(page, "#chart-GD301-0")
        page.locator("#chart-GD301-0 .xtick text").first.wait_for()
        assert brightness(page, background) < 60
        assert brightness(page, axis) > 150
        page.emulate_media(color_scheme="light")
        wait_until(page, f"{axis} === 'rgb(74, 83, 97)'")
        assert brightness(page, background) > 200


def test_print_opens_what_matters_and_draws_it_in_light(open_page: Open) -> None:
    with open_page(scheme="dark") as page:
        page.emulate_media(media="print")
        shown = "[...document.querySelectorAll('.plot')].filter((plot) => plot.clientWidth)"
        wait_until(page, f"{shown}.length && {shown}.every((plot) => plot.querySelector('.main-svg'))")
        assert page.locator("details.printed:not([open])").count() == 0
        assert page.locator("#plan").is_visible()
        assert page.locator("#curves").is_hidden()
        assert brightness(page, "getComputedStyle(document.body).backgroundColor") == 255
        assert brightness(page, "getComputedStyle(document.querySelector('#chart-GD301-0 .xtick text')).fill") < 110
        assert page.locator(".film-controls").is_hidden()


@pytest.mark.parametrize(("scheme", "width"), [rarely("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_serious(browser: Any, report: Path, scheme: str, width: int) -> None:
    """All charts drawn, everything folded open; the page's policy is set aside, as axe is a script of another's."""
    axe = (import_module if IN_CI else pytest.importorskip)("axe_playwright_python.sync_playwright").Axe()
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    page = context.new_page()
    page.goto(report.as_uri())
    draw_all(page)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    results = axe.run(page).response
    context.close()
    assert len(results["passes"]) > 20
    assert [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in results["violations"]] == []


def test_link_to_a_failure_mode_opens_its_page(open_page: Open) -> None:
    with open_page() as page:
        unfold(page, "#finding-GD301")
        page.get_by_role("link", name="GD301 discriminator-loss-collapse").click()
        page.locator("#rule-GD301[open]").wait_for()


def test_without_scripts_the_words_are_there(open_page: Open) -> None:
    with open_page(java_script_enabled=False) as page:
        assert "Failing" in page.locator("h1").inner_text()
        assert page.locator("[role=tab]").first.is_hidden()
        page.locator("#tab-curves > summary").click()
        assert page.locator("#curves noscript p").is_visible()
        assert page.locator(".spark-line").count() > 0
        assert page.locator("#last-sheet").is_visible()


def test_a_browser_that_cannot_unpack_the_charts_is_told(browser: Any, report: Path) -> None:
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(report.as_uri())
    wait_until(page, "document.querySelector('.plot').textContent")
    told = page.locator(".plot").all_text_contents()
    assert all(text.startswith("This browser cannot unpack the charts") for text in told)
    assert page.locator("#film-step").inner_text() == "step 1000"
    page.close()


def test_hostile_run_directory_runs_nothing(open_page: Open, hostile: Diagnosis) -> None:
    with open_page(hostile, width=360) as page:
        draw_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.locator("svg a, svg img").count() == 0


def test_injected_script_is_refused_by_the_page_itself(browser: Any, report: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(report.read_text(encoding="utf-8") + "<script>window.broken = true</script>", encoding="utf-8")
    tab = browser.new_page()
    tab.goto(path.as_uri())
    assert tab.evaluate("window.broken === undefined")
    tab.close()


@contextmanager
def live_page(browser: Any, folder: Path) -> Iterator[tuple[Any, Training]]:
    """Open the live page of a training in progress; errors and requests to anybody else fail the test."""
    training = Training(folder)
    with serving(free_page(training)) as server:
        trouble: list[str] = []
        page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda r: r.url.startswith((server.url, "data:", "blob:")) or trouble.append(r.url))
        page.goto(server.url)
        yield page, training
        page.close()
        assert trouble == []
    training.writer.close("completed")


def wait_for_step(page: Any, step: int) -> None:
    wait_until(page, f"document.getElementById('live').textContent.endsWith('step {step}')")


def test_live_page_follows_and_leaves_the_reader_where_they_were(browser: Any, tmp_path: Path) -> None:
    with live_page(browser, tmp_path / "run") as (page, training):
        wait_for_step(page, 30)
        tab(page, "Curves")
        page.locator("#cursor").focus()
        page.keyboard.press("Home")
        page.locator("#chart-losses").scroll_into_view_if_needed()
        page.locator("#chart-losses .main-svg").first.wait_for()
        page.locator("#chart-losses details").evaluate("element => { element.open = true; }")
        page.evaluate("window.drawn = document.querySelector('#chart-losses .main-svg')")
        top = page.locator("#chart-losses").bounding_box()["y"]
        training.train(170)
        wait_for_step(page, 200)
        assert page.locator("#film-step").text_content() == "step 10"
        assert page.locator("#film-slider").get_attribute("max") == "19"
        assert page.evaluate("document.activeElement.id") == "cursor"
        assert page.locator(".tab[open]").get_attribute("id") == "tab-curves"
        assert page.locator("#chart-losses details").evaluate("element => element.open")
        assert page.locator("#chart-losses").bounding_box()["y"] == pytest.approx(top, abs=2)
        assert page.evaluate("document.querySelector('#chart-losses .main-svg') === window.drawn")
        assert page.evaluate("document.querySelector('[data-chart=losses]').layout.xaxis.range[1]") == pytest.approx(
            202
        )
        assert page.locator("main").count() == page.locator("#chart-losses").count() == 1


@pytest.mark.slow
def test_live_page_at_the_last_sheet_goes_on_to_the_newest(browser: Any, tmp_path: Path) -> None:
    with live_page(browser, tmp_path / "run") as (page, training):
        wait_for_step(page, 30)
        assert page.locator("#film-step").text_content() == "step 30"
        training.train(20)
        wait_for_step(page, 50)
        assert page.locator("#film-step").text_content() == "step 50"


@pytest.mark.slow
def test_live_page_waits_for_a_reader_who_selects_text(browser: Any, tmp_path: Path) -> None:
    with live_page(browser, tmp_path / "run") as (page, training):
        wait_for_step(page, 30)
        page.evaluate("getSelection().selectAllChildren(document.querySelector('.run-facts'))")
        training.train(10)
        wait_for_step(page, 40)
        assert "steps 30" in page.locator(".run-facts").inner_text()
        page.evaluate("getSelection().removeAllRanges()")
        wait_until(page, "document.querySelector('.run-facts').textContent.includes('steps 40')")


def test_live_page_says_when_the_run_has_ended_and_when_the_server_has(browser: Any, tmp_path: Path) -> None:
    with live_page(browser, tmp_path / "run") as (page, training):
        wait_for_step(page, 30)
        training.writer.close("completed")
        wait_until(page, "document.getElementById('live').textContent === 'The run has ended · step 30'")
        assert page.locator("#live.completed").count() == 1
        page.route("**/version", lambda route: route.abort())  # as when the server's process has ended
        wait_until(page, "document.getElementById('live').textContent.startsWith('Connection lost')")


def test_chinese_page_fits_a_phone(failing_run: Run, browser: Any, tmp_path: Path) -> None:
    path = write_report(make_diagnosis(failing_run), tmp_path / "zh.html", "zh")
    page = browser.new_page(viewport={"width": 360, "height": 800}, reduced_motion="reduce")
    page.goto(path.as_uri())
    draw_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("#film-step").inner_text() == "第 1000 步"
    assert page.locator("#film-play").inner_text() == "▶ 播放"
    page.close()

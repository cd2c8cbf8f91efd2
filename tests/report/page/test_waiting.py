"""The live page may be started before its run."""

from __future__ import annotations

import http.client
from pathlib import Path

from gandoctor.cli.report import _is_to_come
from gandoctor.report.languages.language import language
from gandoctor.report.page.live import LiveServer
from gandoctor.report.page.waiting import WaitingPage
from support.live_training import EN, Training


def test_it_says_that_the_run_has_not_begun_and_loads_itself_again(tmp_path: Path) -> None:
    page = WaitingPage(tmp_path / "<run>", EN).page()
    assert "&lt;run&gt; has not begun." in page
    assert 'http-equiv="refresh"' in page
    assert page == WaitingPage(tmp_path / "<run>", EN).content()


def test_from_its_beginning_on_it_is_the_live_page(tmp_path: Path) -> None:
    page = WaitingPage(tmp_path / "run", EN)
    assert page.news()["version"] == ""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{")
    assert "has not begun" in page.page(), "half a manifest is no run"
    (tmp_path / "run" / "run.json").unlink()
    (tmp_path / "run").rmdir()
    training = Training(tmp_path / "run")
    assert page.news()["step"] == 30
    assert "has not begun" not in page.page()
    assert "has not begun" not in page.content()
    training.writer.close("completed")


def test_a_directory_that_holds_something_else_is_not_waited_for(tmp_path: Path) -> None:
    assert _is_to_come(tmp_path / "none")
    assert _is_to_come(tmp_path)
    (tmp_path / "training.log").touch()
    assert _is_to_come(tmp_path), "a script that has not trained yet"
    (tmp_path / "thesis.tex").touch()
    assert not _is_to_come(tmp_path)


def test_it_speaks_the_language_of_the_report(tmp_path: Path) -> None:
    page = WaitingPage(tmp_path / "run", language("zh")).page()
    assert 'lang="zh-CN"' in page
    assert "has not begun" not in page


def test_the_server_serves_it(tmp_path: Path) -> None:
    from threading import Thread

    with LiveServer(WaitingPage(tmp_path / "run", EN)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        connection.request("GET", "/")
        assert "has not begun" in connection.getresponse().read().decode()
        connection.close()
        server.shutdown()

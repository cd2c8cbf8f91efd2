"""The live page's server: reads, on this machine, three addresses; and renders only when there is something new."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from live_training import EN, Training, free_page, serving

import gandoctor.report.page.live as module
from gandoctor.errors import GandoctorError
from gandoctor.report.page.live import LivePage, LiveServer


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def training(tmp_path: Path) -> Iterator[Training]:
    running = Training(tmp_path / "run")
    yield running
    running.writer.close("completed")


def test_news_follow_the_run_and_nothing_is_rendered_without_any(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[object] = []
    real = module.content_of
    monkeypatch.setattr(module, "content_of", lambda *given: rendered.append(given) or real(*given))
    page = free_page(training)
    first = page.news()
    assert (first["state"], first["step"], first["trouble"]) == ("running", 30, None)
    assert page.news() == first
    page.content()
    assert len(rendered) == 1
    training.train(10)
    second = page.news()
    assert second["step"] == 40
    assert second["version"] != first["version"]
    assert f'data-version="{second["version"]}"' in page.content()
    training.writer.close("completed")
    assert page.news()["state"] == "completed"
    assert len(rendered) == 3


def test_rendering_takes_a_tenth_of_a_processor_at_most(training: Training) -> None:
    clock, cpu = Clock(), Clock()

    def spend() -> float:
        cpu.now += 1.0
        return cpu.now

    page = LivePage(training.path, EN, clock=clock, cpu=spend)
    training.train(10)
    clock.now = 9.9
    assert page.news()["step"] == 30
    clock.now = 10.0
    assert page.news()["step"] == 40


def test_a_training_that_dies_is_noticed_without_a_word_from_it(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = free_page(training)
    monkeypatch.setattr("gandoctor.store.run.is_alive", lambda *_: False)
    assert page.news()["state"] == "interrupted"


def test_a_run_that_can_no_longer_be_read_keeps_its_last_page(training: Training) -> None:
    page = free_page(training)
    away = training.path.rename(training.path.with_name("away"))
    news = page.news()
    away.rename(training.path)
    assert news["step"] == 30
    assert "run.json" in news["trouble"]
    assert page.news() == {**news, "trouble": None}


def test_no_run_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match="is not a directory"):
        LivePage(tmp_path / "nothing", EN)


def ask(server: LiveServer, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    running = Training(tmp_path_factory.mktemp("live") / "run")
    with serving(free_page(running)) as started:
        yield started
    running.writer.close("completed")


def test_it_listens_on_loopback_only_and_prints_where(server: LiveServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.server_port}/"
    assert server.server_port > 0


def test_the_page_its_content_and_the_news(server: LiveServer) -> None:
    status, headers, body = ask(server, "/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"connect-src &#39;self&#39;" in body
    assert b'id="plotly-js"' in body
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers
    status, _, content = ask(server, "/content")
    assert status == 200
    assert b'id="plotly-js"' not in content
    assert len(content) < 500_000
    assert json.loads(ask(server, "/version")[2])["step"] == 30
    assert ask(server, "/version", Host=f"localhost:{server.server_port}")[0] == 200


def test_head_is_get_without_the_body(server: LiveServer) -> None:
    status, headers, body = ask(server, "/version", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 50


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"])
def test_there_is_nothing_to_write_to(server: LiveServer, method: str) -> None:
    assert ask(server, "/", method)[0] == 501


@pytest.mark.parametrize(
    "path",
    ["/run.json", "/../run.json", "/%2e%2e/run.json", "//etc/passwd", "/..\\run.json", "/samples/000010.png", "/?",
     "/version/", "*", "file:///etc/passwd"],
)  # fmt: skip
def test_no_other_path_leads_anywhere(server: LiveServer, path: str) -> None:
    status, _, body = ask(server, path)
    assert (status, body) == (404, b"There is no such page.\n")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "", "localhost.evil.example"])
def test_a_foreign_name_for_this_machine_is_refused(server: LiveServer, host: str) -> None:
    status, _, body = ask(server, "/", Host=host)
    assert status == 421
    assert b"<html" not in body


def raw(server: LiveServer, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as connection:
        answer = b""
        with suppress(OSError):  # a server that has refused may have hung up before all of it was sent
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                answer += part
        return answer


@pytest.mark.parametrize(
    "request_",
    [b"GET / HTTP/1.1\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nHost: evil\r\n\r\n"],
)
def test_no_host_or_two_hosts_are_refused(server: LiveServer, request_: bytes) -> None:
    answer = raw(server, request_.replace(b"PORT", str(server.server_port).encode()))
    assert b"own address only" in answer
    assert b"<html" not in answer


@pytest.mark.parametrize("request_", [b"", b"\x00\xff\r\n\r\n", b"GET " + b"a" * 100_000, b"GET / HTTP/9.9\r\n\r\n"])
def test_nonsense_ends_its_own_connection_only(
    server: LiveServer, request_: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    raw(server, request_)
    assert ask(server, "/version")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_a_port_in_use_is_one_clear_error(server: LiveServer) -> None:
    with pytest.raises(GandoctorError, match=rf"Port {server.server_port} cannot be used: .*--port"):
        LiveServer(server.live_page, server.server_port)


def test_several_readers_see_the_same_version(server: LiveServer) -> None:
    answers: list[Any] = []
    readers = [Thread(target=lambda: answers.append(json.loads(ask(server, "/version")[2]))) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len({answer["version"] for answer in answers}) == 1

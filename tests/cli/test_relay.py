"""Passing on what a script prints."""

from gandoctor.cli.relay import READ_MAX_BYTES, Relay, last_traceback


def test_complete_lines_as_they_come(tmp_path):
    path, lines = tmp_path / "log", []
    relay = Relay(path, lines.append)
    relay.look()
    with path.open("ab", buffering=0) as log:
        log.write(b"one\ntw")
        relay.look()
        assert lines == ["one"]
        log.write("o é\n".encode()[:4])
        relay.look()
        log.write("o é\n".encode()[4:] + b"end")
        relay.look()
        assert lines == ["one", "two é"]
    relay.look(last=True)
    relay.look(last=True)
    assert lines == ["one", "two é", "end"]


def test_a_progress_bar_is_its_last_state(tmp_path):
    path, lines = tmp_path / "log", []
    path.write_bytes(b"1/3\r2/3\r3/3\r\nnext\r\n\xff\n")
    Relay(path, lines.append).look()
    assert lines == ["3/3", "next", "�"]


def test_a_flood_is_passed_on_in_portions_and_whole_at_the_end(tmp_path):
    path, lines = tmp_path / "log", []
    path.write_bytes(b"x" * 99 + b"\n" + b"y\n" * READ_MAX_BYTES)
    relay = Relay(path, lines.append)
    relay.look()
    assert 0 < len(lines) < READ_MAX_BYTES
    relay.look(last=True)
    assert len(lines) == READ_MAX_BYTES + 1


def test_the_last_traceback_of_a_log(tmp_path):
    path = tmp_path / "log"
    assert last_traceback(path) == []
    path.write_text("fine\n")
    assert last_traceback(path) == []
    trace = "Traceback (most recent call last):\n  File x\nKeyError: 1\n"
    path.write_text("y\n" * READ_MAX_BYTES + trace.replace("1", "0") + "handled\n" + trace)
    assert last_traceback(path) == trace.splitlines()

"""Damaged and hostile directories end in one clear error or a named gap, in every command, and never in a traceback."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from gandoctor.cli import main
from gandoctor.store import Manifest, RunWriter, load_run

Damage = Callable[[Path], object]
INT, FLOAT = pa.int64(), pa.float64()


def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (16, 8, 8, 1), dtype=np.uint8)


def make_run(path: Path, steps: int = 1500) -> Path:
    writer = RunWriter(path, Manifest(planned_steps=steps))
    for step in range(1, steps + 1):
        writer.record(step, {"d_loss": 1.0 / step, "g_loss": 1.0})
    writer.samples(steps, images())
    writer.reals(images())
    writer.close("completed")
    return path


def stream(fields: Sequence[tuple[str, Any]], columns: Sequence[Any]) -> bytes:
    schema, sink = pa.schema(list(fields)), io.BytesIO()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch([pa.array(c, t) for c, (_, t) in zip(columns, fields, strict=True)], schema))
    return sink.getvalue()


def second_segment(content: bytes) -> Damage:
    return lambda path: (path / "signals/0001.arrows").write_bytes(content)


def manifest_with(**fields: Any) -> Damage:
    def damage(path: Path) -> None:
        content = json.loads((path / "run.json").read_text())
        (path / "run.json").write_text(json.dumps({**content, **fields}))

    return damage


def flipped_arrays(path: Path) -> None:
    file = path / "samples/001500.npz"
    content = bytearray(file.read_bytes())
    content[80:200] = bytes(255 - byte for byte in content[80:200])
    file.write_bytes(content)


def junk_in_an_array_header(path: Path) -> None:
    with zipfile.ZipFile(path / "samples/001500.npz", "w") as archive:
        archive.writestr("fakes.npy", b"\x93NUMPY\x01\x00\x40\x00" + b"{'descr': '''" + b" " * 51)


def of_another_host(path: Path) -> None:
    (path / "events.jsonl").write_text(json.dumps({"kind": "started", "host": "elsewhere"}) + "\n")
    for file in path.rglob("*"):
        os.utime(file, (1.0, 1.0), follow_symlinks=False)


def dangling_link(path: Path) -> None:
    (path / "signals/0001.arrows").symlink_to("/nonexistent")
    of_another_host(path)


def event(text: str) -> Damage:
    def damage(path: Path) -> None:
        with (path / "events.jsonl").open("a") as file:
            file.write(text)

    return damage


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


TWO_SCHEMAS = stream([("step", INT), ("x", FLOAT)], [[1], [1.0]])[:-8] + stream(
    [("step", INT), ("y", FLOAT)], [[2], [1.0]]
)

NAMED: dict[str, Damage] = {
    "a flipped byte in the newest arrays": flipped_arrays,
    "junk in the header of an array": junk_in_an_array_header,
    "a flipped bit in a step": second_segment(stream([("step", INT), ("d_loss", FLOAT)], [[2**63 - 1], [1.0]])),
    "a negative step": second_segment(stream([("step", INT), ("d_loss", FLOAT)], [[-5], [1.0]])),
    "a column twice": second_segment(stream([("step", INT), ("x", FLOAT), ("x", FLOAT)], [[1], [1.0], [1.0]])),
    "two schemas in one stream": second_segment(TWO_SCHEMAS),
    "a signal without a name": second_segment(stream([("step", INT), ("", FLOAT)], [[1], [1.0]])),
    "a name that rings": second_segment(stream([("step", INT), ("\a", FLOAT)], [[1], [1.0]])),
    "a time of minus infinity": second_segment(stream([("step", INT), ("time", FLOAT)], [[2000], [-np.inf]])),
    "a time that is NaN": second_segment(stream([("step", INT), ("time", FLOAT)], [[2000], [np.nan]])),
    "a dangling link": dangling_link,
    "an event of a step without end": event('{"kind":"fault","step":1e99}\n'),
    "an event nested without end": event('{"kind":"fault","x":' + "[" * 100_000 + "\n"),
}
ERRORS: dict[str, Damage] = {
    "planned steps beyond any number": manifest_with(planned_steps=10**400),
    "planned steps beyond any training": manifest_with(planned_steps=10**18),
    "negative planned steps": manifest_with(planned_steps=-1),
    "a manifest nested without end": lambda path: (path / "run.json").write_text("[" * 100_000),
}
HARMLESS: dict[str, Damage] = {
    "settings nested deeply": manifest_with(
        config={"settings": {"x": nested(600)}},
        generator={"name": "g", "layers": [{"name": "a", "type": "Dense", "settings": {"x": nested(600)}}]},
    ),
    "an event nested deeply": event(json.dumps({"kind": "fault", "x": nested(200)}) + "\n"),
    "an event of odd fields": event(
        '{"kind":"fitted_briefly","models":3}\n{"kind":"ended","reason":[],"left_out":{"":[]},"lost_rows":"x"}\n'
    ),
    "a target of many characters": manifest_with(target="x" * 10_000),
    "a seed beyond any number": manifest_with(config={"seed": 10**400}),
}


def command(*arguments: str | Path) -> Result:
    import click

    @click.command(context_settings={"ignore_unknown_options": True})
    @click.argument("arguments", nargs=-1)
    def run(arguments: tuple[str, ...]) -> None:
        main(arguments)

    return CliRunner().invoke(run, ["--", *map(str, arguments)])


def every_command(path: Path) -> list[Result]:
    results = [command(*line) for line in (("diagnose", path), ("diagnose", path, "--json"), ("watch", path))]
    results += [command("report", path, "--output", path.parent / f"report.{k}", "--format", k) for k in ("html", "md")]
    for result in results:
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return results


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("damaged") / "intact")


@pytest.fixture
def run_dir(tmp_path: Path, intact: Path) -> Path:
    import shutil

    return Path(shutil.copytree(intact, tmp_path / "run"))


@pytest.mark.parametrize("damage", NAMED.values(), ids=NAMED)
def test_damage_is_a_named_gap(run_dir: Path, damage: Damage) -> None:
    damage(run_dir)
    assert load_run(run_dir).gaps
    assert {result.exit_code for result in every_command(run_dir)} <= {0, 1}


@pytest.mark.parametrize("damage", ERRORS.values(), ids=ERRORS)
def test_an_unusable_manifest_is_one_error(run_dir: Path, damage: Damage) -> None:
    damage(run_dir)
    for result in every_command(run_dir):
        assert result.exit_code == 2
        assert result.output.startswith("Error: ")


@pytest.mark.parametrize("damage", HARMLESS.values(), ids=HARMLESS)
def test_what_is_odd_and_harmless_is_shown(run_dir: Path, damage: Damage) -> None:
    damage(run_dir)
    assert {result.exit_code for result in every_command(run_dir)} <= {0, 1}


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 5000, "a" * 4000])
def test_a_path_that_no_file_system_takes_is_one_error(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in (("diagnose", name), ("watch", name), ("report", name), ("runs", name), ("run", "--run-dir", name)):
        result = command(*line)
        assert isinstance(result.exception, SystemExit), line
        assert result.exit_code == 2


@pytest.mark.parametrize("name", [b"\xff\xfe", b"bell\x07", b"esc\x1b[2J", "\u202egnp".encode()])
def test_the_name_of_a_directory_steers_no_terminal_and_breaks_no_report(run_dir: Path, name: bytes) -> None:
    path = run_dir.with_name(os.fsdecode(name))
    run_dir.rename(path)
    results = [command("report", path), command("report", path, "--format", "md"), *every_command(path)]
    results.append(command("runs", path.parent))
    for result in results:
        assert not {"\a", "\x1b", "\u202e", "\udcff"} & set(result.output)
        assert result.exit_code in (0, 1)
    missing = command("diagnose", path / "x")
    assert missing.exit_code == 2
    assert not {"\a", "\x1b", "\u202e"} & set(missing.output)

"""Fork: the record of a run up to a step, as the beginning of another run directory."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from gandoctor.errors import NotWritable
from gandoctor.store.events import append_event
from gandoctor.store.files import NotAFileOfTheRun, opened
from gandoctor.store.losses import SIGNALS, kept_of
from gandoctor.store.manifest import Manifest
from gandoctor.store.run import REALS, Run
from gandoctor.store.samples import FOLDER as SAMPLES
from gandoctor.store.segments import STEP, TIME, SegmentReader, SegmentWriter

_NOT_OF_THE_FORK = ("ended", "checkpoint")
"""Events of a run that say nothing of one that leaves it: a checkpoint's file stays behind."""
_PROCESS = ("host", "pid", "process_created")


def fork(run: Run, step: int, run_dir: Path) -> None:
    """Write what a run has recorded up to a step into another directory, for a writer that resumes it.

    Copied are signals, with their times, samples, real data and events. The run itself stays as it is.

    Args:
        run: The run.
        step: The last step that is copied.
        run_dir: A directory that holds no run.

    Raises:
        NotWritable: The directory cannot be written to.
    """
    manifest = Manifest(planned_steps=run.manifest.planned_steps, files={})
    try:
        for folder in (SIGNALS, SAMPLES):
            (run_dir / folder).mkdir(parents=True, exist_ok=True)
        _copy_signals(run, step, run_dir, manifest)
        _copy_samples(run, step, run_dir, manifest)
        for event in run.events:
            if event.step <= step and event.kind not in _NOT_OF_THE_FORK:
                more = {name: value for name, value in (event.model_extra or {}).items() if name not in _PROCESS}
                append_event(run_dir, event.kind, event.step, **{**more, "time": event.time})
        append_event(run_dir, "forked", step, run=str(run.path))
        manifest.save(run_dir)
    except OSError as error:
        raise NotWritable(f"Run directory {run_dir} cannot be written: {error}") from None


def _copy_signals(run: Run, step: int, run_dir: Path, manifest: Manifest) -> None:
    """Copy segment by segment, so that one that is missing stays missed."""
    for file in sorted((run.path / SIGNALS).glob("*.arrows")):
        writer: SegmentWriter | None = None
        for table in SegmentReader(run.path, file).read_new():
            rows = [row for row in table.to_pylist() if row[STEP] <= step]
            if rows and writer is None:
                names = [name for name in table.column_names if name not in (STEP, TIME)]
                writer = SegmentWriter(run_dir / SIGNALS / file.name, names)
            if rows and writer is not None:
                writer.write(rows)
        if writer is not None:
            writer.close()
            assert manifest.files is not None
            manifest.files[f"{SIGNALS}/{file.name}"] = writer.kept


def _copy_samples(run: Run, step: int, run_dir: Path, manifest: Manifest) -> None:
    stems = {path.stem for path in (run.path / SAMPLES).glob("*") if path.stem.isdecimal() and int(path.stem) <= step}
    names = [REALS, *(f"{SAMPLES}/{stem}{ending}" for stem in sorted(stems) for ending in (".npz", ".png"))]
    for name in names:
        with suppress(FileNotFoundError, NotAFileOfTheRun):
            with opened(run.path, run.path / name) as source, (run_dir / name).open("wb") as copy:
                shutil.copyfileobj(source, copy)
            assert manifest.files is not None
            manifest.files[name] = kept_of(run_dir, run_dir / name)

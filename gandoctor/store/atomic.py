"""Atomic writes: a reader or a kill meets the old file or the new one, never half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, with its suffixes; it takes its place when the block ends without an error.

    Raises:
        OSError: The folder cannot be written.
    """
    suffixes = "".join(path.suffixes)  # all of them: Keras saves weights to nothing but ".weights.h5"
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name.removesuffix(suffixes)}-", suffix=suffixes)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o644)  # mkstemp's files are for their owner only
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file in one piece; text is UTF-8.

    Raises:
        OSError: The folder cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)

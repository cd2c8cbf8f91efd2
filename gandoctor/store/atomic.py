"""Write files atomically. After a crash, and for every reader, a file is either the old or the new one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path with the same suffixes, which replaces `path` if the block ends without an error.

    Raises:
        OSError: The folder cannot be written to.
    """
    suffixes = "".join(path.suffixes)  # all of them: Keras saves weights to nothing but ".weights.h5"
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name.removesuffix(suffixes)}-", suffix=suffixes)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o644)  # only the owner can read mkstemp's files
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a whole file atomically. Text is encoded as UTF-8, what has no encoding (of a file name) as "?".

    Raises:
        OSError: The folder cannot be written to.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode("utf-8", "replace") if isinstance(content, str) else content)

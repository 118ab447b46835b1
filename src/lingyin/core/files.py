"""Writing one file so that a reader sees the whole of it or none."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from lingyin.core.errors import OutputError

REMEDY = "check the permissions and free space, or choose another folder"


def write_file(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Replaces one file in one step; missing folders are made. `durable`: it is on the disk before the old one goes.

    Raises:
        OutputError: no permission, disk full, or a file stands where a folder is needed; nothing half-written stays.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        if durable:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise OutputError(path, f"cannot be written ({error.strerror or error})", REMEDY) from error

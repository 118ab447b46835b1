"""Writing result files so that a reader sees the whole file or none."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from lingyin.core.errors import OutputError


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """Writes beside the target under a temporary name, then renames.

    Raises:
        OutputError: no permission, disk full, or a file stands where a folder is needed.
    """
    temporary = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise OutputError(
            path, f"cannot be written ({error.strerror})", "free space or choose another place"
        ) from error

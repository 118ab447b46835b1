"""Writing a report folder so that a reader sees the whole of it or none: built beside its place, then renamed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lingyin.core.errors import OutputError
from lingyin.core.files import REMEDY


@contextmanager
def whole_or_nothing(folder: Path) -> Iterator[Path]:
    """Yields an empty temporary folder beside `folder`; on success its files take their place under `folder`.

    Files that an earlier report left in `folder` are replaced; files of other people there are never touched.
    On any failure `folder` stays as it was and the temporary folder is removed.

    Raises:
        OutputError: for every `OSError` (no permission, disk full, a file in the way), naming `folder`.
    """
    folder = Path(folder).absolute()
    building = folder.with_name(f".{folder.name}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(20, "a file of that name is in the way")
        shutil.rmtree(building, ignore_errors=True)  # left by a run that was killed
        building.mkdir()
        yield building
        _settle(building, folder)
    except OSError as error:
        raise OutputError(folder, f"cannot be written ({error.strerror or error})", REMEDY) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _settle(building: Path, folder: Path) -> None:
    """Moves the finished files into place: a new folder in one step, into an old one file by file.

    Where a file cannot be moved, those before it are put back.
    """
    names = sorted(path.name for path in building.iterdir())
    if not folder.exists():
        building.replace(folder)
        return
    kept = building / ".before"
    kept.mkdir()
    placed: list[str] = []
    try:
        for name in names:
            placed.append(name)
            if (folder / name).exists():
                (folder / name).replace(kept / name)
            (building / name).replace(folder / name)
    except OSError:
        for name in placed:
            if (kept / name).exists():
                if (folder / name).is_dir():  # a folder does not replace one that holds anything
                    shutil.rmtree(folder / name)
                (kept / name).replace(folder / name)
        raise

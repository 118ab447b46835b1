"""The folder `.work` of a corpus: units that are done, what shards were made of, and a lock for one build at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lingyin.core.errors import OutputError
from lingyin.core.files import REMEDY
from lingyin.curate.recognise import Origin
from lingyin.curate.units import Unit


class Workplace:
    """Paths under `out/.work`. All of it may be deleted: the next build starts anew and ends in the same corpus."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.folder = out / ".work"
        self.units = self.folder / "units"
        self.shards = self.folder / "shards"
        self.counts = self.folder / "counts"
        self.state = self.folder / "state.json"

    def count_of(self, origin: Origin) -> Path:
        """The file that remembers how many items a source has."""
        return self.counts / f"{origin.name}.json"

    def keep_only(self, units: Sequence[Unit], shards: Sequence[str], origins: Sequence[Origin]) -> None:
        """Removes what earlier builds and killed ones left."""
        wanted = {path for unit in units for path in unit.files(self.units)}
        wanted |= {self.shards / f"{name}.json" for name in shards}
        wanted |= {self.count_of(origin) for origin in origins}
        present = [path for folder in (self.units, self.shards, self.counts) for path in folder.glob("*")]
        left = [path for folder in (self.out, self.folder, *_parts(self)) for path in folder.glob(".*.part")]
        for path in {*present, *left} - wanted:
            path.unlink(missing_ok=True)


def _parts(work: Workplace) -> tuple[Path, ...]:
    return work.units, work.shards, work.counts, work.out / "shards"


@contextmanager
def locked(work: Workplace) -> Iterator[None]:
    """Holds the corpus for one build; a killed build lets go of it.

    Raises OutputError if another build holds it, or the folder cannot be written.
    """
    try:
        for folder in (work.folder, *_parts(work)):
            folder.mkdir(parents=True, exist_ok=True)
        file = (work.folder / "lock").open("wb")
    except OSError as error:
        raise OutputError(work.out, f"cannot be written ({error.strerror or error})", REMEDY) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OutputError(
                work.out, "is being built by another run", "wait for it, or name another folder"
            ) from error
        yield

"""The dead-letter folder: what could not be read or delivered, each with its reason; nothing leaves it silently."""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path

from lingyin.core.files import write_file
from lingyin.serve.database import now
from lingyin.serve.node.settings import NodeSettings
from lingyin.serve.node.state import State

log = logging.getLogger(__name__)


class Letters:
    """Puts files into the folder, keeps folder and database alike, and lets go only where a person asked for it."""

    def __init__(self, settings: NodeSettings, state: State) -> None:
        self._settings, self._state = settings, state

    def add(self, file: str, reason: str) -> None:
        """Puts a file of the images or results here, `file` as the database names it; the original stays in its place.

        Raises:
            OSError, OutputError: the folder cannot be written.
        """
        letter = self.path(file)
        if not letter.exists():
            _link(self.original(file), letter)
        write_file(
            letter.with_suffix(".json"),
            json.dumps({"file": file, "reason": reason, "at": now()}, indent=1).encode(),
            durable=True,
        )
        self._state.note("dead-letter", file, reason)
        log.error("%s lies in %s: %s", letter.name, letter.parent, reason)

    def check(self) -> int:
        """Puts back what is given up but not here (removed, or the node was killed in between); returns how many."""
        restored = 0
        for pairs in self._state.dead().values():
            for file, reason in pairs:
                if not self.path(file).exists() or not self.path(file).with_suffix(".json").exists():
                    if self.original(file).exists():
                        self.add(file, reason)
                        restored += 1
                    else:
                        self._state.note("lost", file, reason)
                        log.error("%s was given up (%s), and its file is gone", file, reason)
        return restored

    def retry(self, due: float) -> list[str]:
        """Queues everything here again and empties the folder, each with a line in the book of events."""
        files = self._state.revive(due)
        for file in files:
            self._state.note("retry", file)
            for path in (self.path(file), self.path(file).with_suffix(".json")):
                path.unlink(missing_ok=True)
            log.warning("%s is tried again", file)
        return files

    def path(self, file: str) -> Path:
        """Where a file lies here."""
        return self._settings.dead_letters / file.replace("/", "-")

    def original(self, file: str) -> Path:
        """Where a file lies otherwise."""
        return (self._settings.results if "/" in file else self._settings.images) / file


def _link(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the file system has no such names."""
    try:
        os.link(source, target)
    except OSError:
        part = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, part)
        part.replace(target)

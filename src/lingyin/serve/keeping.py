"""What happens to data over time: deletion after a set time, with a line in the audit log; backup and restore."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lingyin.core.errors import InputError, OutputError, UsageError
from lingyin.serve.parts import Parts
from lingyin.serve.settings import Settings
from lingyin.serve.worker import drop_unused

log = logging.getLogger(__name__)
LOOK_EVERY_S = 3600
MANIFEST = "manifest.json"


def remove_study(parts: Parts, key: str, who: str, action: str = "delete") -> bool:
    """Removes a study, its report, its scan and all that is known of its patient; the audit log keeps its random id.

    False where there is no such study.
    """
    parts.index.forget(key)  # first: after it, the deletion of the study empties the database's log
    folder = parts.store.delete(key)
    if folder is None:
        return False
    shutil.rmtree(parts.settings.reports / key, ignore_errors=True)
    drop_unused(folder, parts.store, parts.settings)
    parts.reviews.forget(key)
    parts.access.note(who, action, key)
    return True


def expire(parts: Parts, now: datetime | None = None) -> int:
    """Removes the studies that ended longer ago than the server keeps them; how many."""
    if parts.settings.keep_days is None:
        return 0
    limit = (now or datetime.now(UTC)) - timedelta(days=parts.settings.keep_days)
    keys = parts.store.ended_before(limit.isoformat(timespec="seconds"))
    return sum(remove_study(parts, key, "server", "expire") for key in keys)


async def keep(parts: Parts) -> None:
    """Looks for expired studies once an hour until the server ends."""
    while True:
        try:
            removed = await asyncio.to_thread(expire, parts)
            if removed:
                log.info("%d studies were older than %s days and are removed", removed, parts.settings.keep_days)
        except (OSError, sqlite3.Error) as error:
            log.error("expired studies could not be removed: %s", type(error).__name__)
        await asyncio.sleep(LOOK_EVERY_S)


def backup(settings: Settings, target: Path) -> int:
    """Writes database, token hash, reports and kept scans into one tar file with the SHA-256 of each; how many files.

    A server may run meanwhile: the database is copied as of one moment first, so that every report in it is there.
    Scans that wait are not part of it.

    Raises:
        InputError: there is no data folder.
        OutputError: the file cannot be written; nothing half-written stays.
    """
    if not settings.database.is_file():
        raise InputError(settings.data, "holds no data of a server", "name its folder with --data")
    part = target.with_name(f".{target.name}.part")
    try:
        with tempfile.TemporaryDirectory() as made:
            copy = Path(made) / settings.database.name
            with closing(sqlite3.connect(settings.database)) as live, closing(sqlite3.connect(copy)) as kept:
                live.backup(kept)
            files = {settings.database.name: copy}
            if settings.token.is_file():
                files[settings.token.name] = settings.token
            for path in sorted([*settings.reports.rglob("*"), *settings.scans.rglob("*")]):
                if path.is_file() and not path.is_symlink():
                    files[path.relative_to(settings.data).as_posix()] = path
            _pack(files, part, Path(made) / MANIFEST)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(target, f"cannot be written ({error.strerror})", "choose another place") from error
    return len(files)


def _pack(files: dict[str, Path], target: Path, manifest: Path) -> None:
    marks: dict[str, str] = {}
    with tarfile.open(target, "w") as pack:
        for name, path in files.items():
            content = path.read_bytes()  # a report that is replaced meanwhile is packed whole, as it was or as it is
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            with tempfile.SpooledTemporaryFile(max_size=64 << 20) as held:
                held.write(content)
                held.seek(0)
                pack.addfile(entry, held)
            marks[name] = hashlib.sha256(content).hexdigest()
        manifest.write_text(json.dumps(marks, indent=1), encoding="utf-8")
        pack.add(manifest, MANIFEST)
    target.chmod(0o600)


def restore(settings: Settings, source: Path) -> int:
    """Unpacks a backup into a data folder that does not exist or is empty; how many files.

    Raises:
        UsageError: the folder holds something already.
        InputError: the file is no whole backup of ours; the folder stays as it was.
        OutputError: the folder cannot be written.
    """
    if settings.data.exists() and any(settings.data.iterdir()):
        raise UsageError(f"{settings.data} is not empty; restore into a new folder")
    building = settings.data.with_name(f".{settings.data.name}.part")
    shutil.rmtree(building, ignore_errors=True)
    try:
        building.mkdir(parents=True, mode=0o700)
        count = _unpack(source, building)
        if settings.data.exists():
            settings.data.rmdir()
        building.replace(settings.data)
        settings.make_folders()
    except (tarfile.TarError, ValueError, KeyError) as error:
        raise InputError(source, f"is no whole backup ({error})", "use another one") from error
    except OSError as error:
        raise OutputError(settings.data, f"cannot be written ({error.strerror})", "choose another --data") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return count


def _unpack(source: Path, folder: Path) -> int:
    if not source.is_file():
        raise ValueError("there is no such file")
    with tarfile.open(source, "r:") as pack:
        pack.extractall(folder, filter="data")  # nothing may leave the folder
    marks = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    (folder / MANIFEST).unlink()
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if found != set(marks) or "lingyin.sqlite" not in found:
        raise ValueError("its files are not those of its list")
    for name, mark in marks.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != mark:
            raise ValueError(f"{name} is damaged")
    return len(marks)

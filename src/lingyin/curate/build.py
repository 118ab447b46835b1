"""`build_corpus`: folders of scans to a corpus. Killed at any moment and started again, it ends in the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lingyin.core.errors import InputError
from lingyin.core.files import write_file
from lingyin.curate.items import is_searched
from lingyin.curate.join import decide, read_rows
from lingyin.curate.press import CARD, CATALOGUE, HEAD, SHARDS, Press, Tell
from lingyin.curate.recognise import Origin, find_origins, fingerprint, reader_named, walk_mark
from lingyin.curate.settings import Settings
from lingyin.curate.textnet import model_folder
from lingyin.curate.units import ENGINE, Unit, units_of
from lingyin.curate.workers import run_units
from lingyin.curate.workplace import Workplace, locked
from lingyin.version import __version__


@dataclass(frozen=True)
class Built:
    """What a build did: the head of the corpus, and the number of files that had to be written (0: nothing new)."""

    head: dict[str, Any]
    written: int


def build_corpus(
    sources: Sequence[str | Path],
    out: Path,
    settings: Settings,
    workers: int = 1,
    tell: Tell | None = None,
    cluster: str | None = None,
) -> Built:
    """Builds or goes on building the corpus in `out`.

    Args:
        sources: folders: sets, folders of sets, or scans; `READER=FOLDER` names the reader.
        out: folder of the corpus; its own work lies in `out/.work`.
        settings: what is done to the pictures, the splits and the shards.
        workers: processes that decode.
        tell: is told of progress.
        cluster: address of a Ray cluster that decodes in their place (`curate.cluster`); the bytes are the same.

    Raises:
        InputError, UsageError: a source is missing or no reader knows it; a set contradicts itself; nothing is kept;
            pictures are to be searched for text without the extra `curate`; a cluster without the extra `cluster`.
        ClusterError: the cluster cannot do the work.
        OutputError: `out` cannot be written, or another build is at work there.
        LeakError: a group would be in two splits (a defect); nothing is replaced.
    """
    told: Tell = tell or (lambda *_: None)
    work = Workplace(out)
    with locked(work):
        words = [*sorted(map(str, sources)), settings.model_dump_json(), str(ENGINE), __version__]
        mark = hashlib.sha256("\n".join([*words, walk_mark(sources)]).encode()).hexdigest()
        if (head := _unchanged(out, work, mark)) is not None:
            return Built(head, 0)
        told("looking at the sources", 0, 0)
        origins = find_origins(sources)
        if any(is_searched(origin, settings) for origin in origins):
            model_folder()  # or the first unit would say that the extra is missing
        units = [unit for origin in origins for unit in _units(origin, work, settings)]
        run_units(units, work.units, workers, lambda done, total: told("reading pictures", done, total), cluster)
        told("joining", 0, 0)
        table = decide(read_rows(units, work.units), units, work.units, settings)
        counts = Counter(table.column("status").to_pylist())
        if not counts["kept"]:
            why = Counter(reason for reason in table.column("reason").to_pylist() if reason)
            shown = ", ".join(f"{count} {reason}" for reason, count in sorted(why.items()))
            raise InputError(", ".join(map(str, sources)), f"no picture can be kept ({shown})", "give other sources")
        press = Press(out, work, settings, told)
        catalogue, shards = press.shards(table, [unit.files(work.units)[0] for unit in units])
        head = press.finish(catalogue, shards, origins)
        work.keep_only(units, [shard["name"] for shard in shards], origins)
        write_file(work.state, json.dumps({"mark": mark, "sha256": head["sha256"]}).encode(), durable=True)
        return Built(head, press.written)


def _unchanged(out: Path, work: Workplace, mark: str) -> dict[str, Any] | None:
    """The head of a corpus that is whole and was made of the same files with the same settings."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        state = json.loads(work.state.read_text(encoding="utf-8"))
        head: dict[str, Any] = json.loads((out / HEAD).read_text(encoding="utf-8"))
        whole = all((out / SHARDS / shard["name"]).stat().st_size == shard["bytes"] for shard in head["shards"])
        listed = {path.name for path in (out / SHARDS).iterdir()} == {shard["name"] for shard in head["shards"]}
        if whole and listed and (out / CATALOGUE).is_file() and (out / CARD).is_file():
            return head if state == {"mark": mark, "sha256": head["sha256"]} else None
    return None


def _units(origin: Origin, work: Workplace, settings: Settings) -> list[Unit]:
    """Units of a source; how many items it has is counted once and remembered under its mark."""
    mark = fingerprint(origin)
    place = work.count_of(origin)
    with suppress(OSError, ValueError, KeyError, TypeError):
        seen = json.loads(place.read_text(encoding="utf-8"))
        if seen["mark"] == mark:
            return units_of(origin, mark, int(seen["count"]), settings)
    count = sum(1 for _ in reader_named(origin.reader).open(origin.folder))
    write_file(place, json.dumps({"mark": mark, "count": count}).encode())
    return units_of(origin, mark, count, settings)

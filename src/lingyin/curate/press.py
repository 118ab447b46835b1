"""Writes shards, catalogue, card and, last, the head of a corpus; what has the right bytes already is left alone."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lingyin.core.errors import OutputError
from lingyin.core.files import REMEDY, write_file
from lingyin.curate.card import card_of
from lingyin.curate.join import GROUPINGS, prove
from lingyin.curate.recognise import Origin
from lingyin.curate.rows import CATALOGUE_SCHEMA
from lingyin.curate.settings import Settings
from lingyin.curate.shards import APART, Sample, deal, told_of, write_shard
from lingyin.curate.splits import SPLITS
from lingyin.curate.workplace import Workplace
from lingyin.version import __version__

CATALOGUE, HEAD, CARD, SHARDS = "catalogue.parquet", "corpus.json", "card.html", "shards"
FORMAT = 1
Tell = Callable[[str, int, int], None]  # stage, done, total


class Press:
    """Writes the corpus; what has the right bytes already is left alone."""

    def __init__(self, out: Path, work: Workplace, settings: Settings, tell: Tell) -> None:
        self.out, self.work, self.settings, self.tell = out, work, settings, tell
        self.written = 0

    def shards(self, table: pa.Table, waiting: Sequence[Path]) -> tuple[pa.Table, list[dict[str, Any]]]:
        """All shards; the catalogue with the place of each sample, and name, samples, bytes and hash of each shard."""
        splits = np.asarray(table.column("split").to_pylist(), object)
        splits[np.asarray(table.column("status").to_pylist(), object) == APART] = APART
        sizes = table.column("bytes").to_numpy()
        ids = table.column("id").to_pylist()
        plans: list[tuple[str, NDArray[np.int64]]] = []
        for split in (*SPLITS, APART):
            rows = np.flatnonzero(splits == split)
            dealt = deal([ids[row] for row in rows], sizes[rows], self.settings.seed, self.settings.shard_mb * 1e6)
            plans += [(f"{split}-{number:05d}.tar", rows[part]) for number, part in enumerate(dealt)]
        names = np.full(table.num_rows, None, object)
        offsets, stored = (np.full(table.num_rows, -1, np.int64) for _ in range(2))
        made = []
        for number, (name, rows) in enumerate(plans):
            self.tell("writing shards", number, len(plans))
            samples = list(_samples(table, rows, waiting))
            stored[rows] = [sample.stored for sample in samples]
            offsets[rows] = np.cumsum(stored[rows]) - stored[rows]
            names[rows] = name
            digest, new = write_shard(samples, self.out / SHARDS / name, self.work.shards, self._open)
            self.written += new
            size = (self.out / SHARDS / name).stat().st_size
            made.append({"name": name, "samples": len(samples), "bytes": size, "sha256": digest})
        table = table.drop_columns(["place", "bytes", "unit"])
        table = table.append_column("shard", pa.array(names, pa.string()))
        for column, values in (("offset", offsets), ("bytes", stored)):
            table = table.append_column(column, pa.array(values, pa.int64(), mask=values < 0))
        return table.select(CATALOGUE_SCHEMA.names).cast(CATALOGUE_SCHEMA), made

    def finish(self, catalogue: pa.Table, shards: list[dict[str, Any]], origins: Sequence[Origin]) -> dict[str, Any]:
        """Catalogue, card and, last, the head: a corpus without a head is not whole."""
        self.tell("writing the card", 0, 0)
        names = {shard["name"] for shard in shards}
        for stale in [path for path in (self.out / SHARDS).iterdir() if path.name not in names]:
            self._open()
            stale.unlink()
        sink = io.BytesIO()
        pq.write_table(catalogue, sink, compression="zstd", row_group_size=1 << 16)
        self._write(self.out / CATALOGUE, sink.getvalue())
        prove(pq.read_table(self.out / CATALOGUE, columns=["split", *GROUPINGS]))
        head = _head(catalogue, sink.getvalue(), shards, origins, self.settings)
        self._write(self.out / CARD, card_of(self.out / SHARDS, catalogue, head).encode())
        self._write(self.out / HEAD, json.dumps(head, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n")
        return head

    def _write(self, path: Path, content: bytes) -> None:
        with suppress(OSError):
            if path.read_bytes() == content:
                return
        if path.name != HEAD:
            self._open()
        write_file(path, content, durable=True)
        self.written += 1

    def _open(self) -> None:
        """Takes the head away before anything of the corpus changes."""
        try:
            (self.out / HEAD).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(self.out / HEAD, f"cannot be replaced ({error.strerror})", REMEDY) from error


def _samples(table: pa.Table, rows: NDArray[np.int64], waiting: Sequence[Path]) -> Iterator[Sample]:
    """The samples of one shard, in its order."""
    for row in table.take(rows).to_pylist():
        place, size, unit = row.pop("place"), row.pop("bytes"), row.pop("unit")
        yield Sample(row["id"], told_of(row), waiting[unit], place, size)


def _head(
    table: pa.Table, catalogue: bytes, shards: list[dict[str, Any]], origins: Sequence[Origin], settings: Settings
) -> dict[str, Any]:
    """What a corpus says of itself in `corpus.json`; `sha256` stands for all of its bytes but the card's."""

    def count(column: str) -> dict[str, int]:
        counted = Counter(value for value in table.column(column).to_pylist() if value is not None)
        return dict(sorted(counted.items()))

    catalogue_sha256 = hashlib.sha256(catalogue).hexdigest()
    parts = "\n".join([catalogue_sha256, *(shard["sha256"] for shard in shards)])
    return {
        "format": FORMAT,
        "lingyin": __version__,
        "sha256": hashlib.sha256(parts.encode()).hexdigest(),
        "catalogue_sha256": catalogue_sha256,
        "settings": settings.model_dump(),
        "sources": [{"name": each.name, "reader": each.reader, "data_set": each.data_set} for each in origins],
        "rows": table.num_rows,
        "status": count("status"),
        "reasons": count("reason"),
        "splits": count("split"),
        "shards": shards,
    }

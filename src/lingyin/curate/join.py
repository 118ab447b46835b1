"""From the rows of all units to one table: duplicates across sources, groups that stay together, splits."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lingyin.curate.duplicates import group_duplicates
from lingyin.curate.hashes import SIDE
from lingyin.curate.rows import PICTURE_NAMES
from lingyin.curate.settings import Settings
from lingyin.curate.splits import SPLITS, assign_splits, codes_of, first_of_groups, join_groups, prove_apart
from lingyin.curate.units import Unit

Indices = NDArray[np.int64]
GROUPINGS = ("group", "subject", "duplicate_group", "split_group")  # none of them may be in two splits
_WAITING = ("place", "bytes")


def read_rows(units: Sequence[Unit], folder: Path) -> pa.Table:
    """Rows of all units in order, with the number of their `unit` and their place in it."""
    parts = []
    for number, unit in enumerate(units):
        part = pq.read_table(unit.files(folder)[1], columns=[*PICTURE_NAMES, *_WAITING])
        column = pa.array(np.full(part.num_rows, number, np.int32))
        parts.append(part.replace_schema_metadata().append_column("unit", column))
    return pa.concat_tables(parts)


def decide(rows: pa.Table, units: Sequence[Unit], folder: Path, settings: Settings) -> pa.Table:
    """The rows with `split`, `duplicate_group`, `is_copy` and `split_group`; those left out have none of them.

    Raises LeakError if a group would be in two splits.
    """
    status = np.asarray(rows.column("status").to_pylist(), np.str_)
    stored = np.flatnonzero(status != "dropped")
    if not len(stored):
        empty = {"split": pa.string(), "duplicate_group": pa.int64(), "is_copy": pa.bool_(), "split_group": pa.int64()}
        return _with(rows, {name: pa.nulls(rows.num_rows, kind) for name, kind in empty.items()})
    some = rows.take(stored)
    ids: list[str] = some.column("id").to_pylist()
    copies = duplicates(some, stored, units, folder)
    groups, subjects = (codes_of(some.column(name).to_pylist()) for name in ("group", "subject"))
    components = join_groups(copies, groups, subjects)
    given = np.array([SPLITS.index(name) if name in SPLITS else -1 for name in some.column("given_split").to_pylist()])
    chosen = assign_splits(components, given, ids, settings.val_share, settings.test_share, settings.seed)
    splits = np.asarray(SPLITS, object)[chosen]
    splits[status[stored] != "kept"] = None
    joined = {
        "split": _spread(splits, stored, rows.num_rows, pa.string()),
        "duplicate_group": _spread(copies, stored, rows.num_rows, pa.int64()),
        "is_copy": _spread(~first_of_groups(copies, ids), stored, rows.num_rows, pa.bool_()),
        "split_group": _spread(components, stored, rows.num_rows, pa.int64()),
    }
    decided = _with(rows, joined)
    prove(decided)
    return decided


def duplicates(rows: pa.Table, stored: Indices, units: Sequence[Unit], folder: Path) -> Indices:
    """`(N,)` number of the group of exact and near copies of each stored row; `stored` are their places in all rows."""
    words = rows.column("hash").combine_chunks().flatten().to_numpy().reshape(len(stored), -1)
    with tempfile.TemporaryFile(dir=folder) as file:
        for unit in units:
            thumbs = pq.read_table(unit.files(folder)[1], columns=["thumb"]).column("thumb")
            file.write(b"".join(thumb for thumb in thumbs.to_pylist() if thumb is not None))
        file.flush()
        near = group_duplicates(words, np.memmap(file, np.uint8, "r", shape=(len(stored), SIDE, SIDE)))
    exact = codes_of([digest.hex() for digest in rows.column("digest").to_pylist()])
    return join_groups(near, exact)


def prove(table: pa.Table) -> None:
    """Raises LeakError if any group of a catalogue is in two splits."""
    prove_apart(table.column("split").to_pylist(), **{name: table.column(name).to_pylist() for name in GROUPINGS})


def _spread(values: NDArray[Any], places: Indices, count: int, kind: pa.DataType) -> pa.Array:
    full = np.full(count, None, object)
    full[places] = values.tolist()
    return pa.array(full, kind)


def _with(rows: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
    for name, column in columns.items():
        rows = rows.append_column(name, column)
    return rows

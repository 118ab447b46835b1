"""Units of work: they cut a source without gap, equal work has equal names, half-written ones are not done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lingyin.curate import units
from lingyin.curate.recognise import Origin
from lingyin.curate.settings import settings_with
from lingyin.curate.units import Cursor, run_unit, units_of

ORIGIN, OTHER = (Origin(name, "image_folder", Path("/nowhere") / name) for name in ("one", "two"))


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (8, [4, 4]), (9, [4, 4, 1])])
def test_units_cover_every_item_once(count: int, sizes: list[int]) -> None:
    made = units_of(ORIGIN, "mark", count, settings_with(unit_items=4))
    assert [unit.stop - unit.start for unit in made] == sizes
    assert [number for unit in made for number in range(unit.start, unit.stop)] == list(range(count))


def test_key_changes_with_what_decides_the_bytes_and_nothing_else() -> None:
    def key(mark: str = "mark", **changes: Any) -> str:
        return units_of(ORIGIN, mark, 4, settings_with(unit_items=4, **changes))[0].key

    assert key() == key(seed=77, shard_mb=3, val_share=0.3)
    assert len({key(), key("touched"), key(jpeg_quality=50), key(longest_side_px=64)}) == 4
    assert key().startswith("one-00000000-")


def test_done_only_with_both_halves_that_fit(tmp_path: Path) -> None:
    (unit,) = units_of(ORIGIN, "mark", 3, settings_with())
    pictures, rows = unit.files(tmp_path)
    pictures.write_bytes(b"12345")
    assert not unit.is_done(tmp_path)
    rows.write_bytes(b"no parquet")
    assert not unit.is_done(tmp_path)
    table = pa.table({"id": ["a"]})
    pq.write_table(table, rows)
    assert not unit.is_done(tmp_path)
    pq.write_table(table.replace_schema_metadata({"pictures": "5"}), rows)
    assert unit.is_done(tmp_path)
    pictures.write_bytes(b"1234")
    assert not unit.is_done(tmp_path)


def test_cursor_walks_once_in_order_and_anew_for_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[str] = []

    def walk(folder: Path) -> Iterator[str]:
        walks.append(folder.name)
        return iter([f"{folder.name}{number}" for number in range(7)])

    monkeypatch.setattr(units, "reader_named", lambda name: SimpleNamespace(open=walk))
    first, second, third = units_of(ORIGIN, "mark", 7, settings_with(unit_items=3))
    cursor = Cursor()
    assert cursor.take(first) == ["one0", "one1", "one2"]
    assert cursor.take(third) == ["one6"]
    assert walks == ["one"]
    assert cursor.take(second) == ["one3", "one4", "one5"]
    assert cursor.take(units_of(OTHER, "mark", 7, settings_with(unit_items=3))[1]) == ["two3", "two4", "two5"]
    assert walks == ["one", "one", "two"]


def test_work_is_written_once_and_rows_say_where_their_files_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def rows_of_item(
        origin: Origin, number: int, item: str, settings: object
    ) -> Iterator[tuple[dict[str, Any], bytes]]:
        calls.append(number)
        yield {"id": f"{item}-a"}, b"x" * (number + 1)
        yield {"id": f"{item}-b"}, b""

    monkeypatch.setattr(units, "reader_named", lambda name: SimpleNamespace(open=lambda folder: iter("pqr")))
    monkeypatch.setattr(units, "rows_of_item", rows_of_item)
    unit = units_of(ORIGIN, "mark", 3, settings_with(unit_items=2))[1]
    run_unit(unit, tmp_path, Cursor())
    pictures, rows = unit.files(tmp_path)
    assert pictures.read_bytes() == b"xxx"
    found = pq.read_table(rows).to_pylist()
    assert [(row["id"], row["place"], row["bytes"]) for row in found] == [("r-a", 0, 3), ("r-b", 3, 0)]
    run_unit(unit, tmp_path, Cursor())
    assert calls == [2]

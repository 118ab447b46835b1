"""The press: a shard for each split, places that fit the files, and a head that is gone while anything changes."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lingyin.core.errors import OutputError
from lingyin.curate.press import HEAD, SHARDS, Press
from lingyin.curate.rows import CATALOGUE_SCHEMA
from lingyin.curate.settings import settings_with
from lingyin.curate.ustar import member
from lingyin.curate.workplace import Workplace


def press(out: Path) -> Press:
    work = Workplace(out)
    for folder in (work.shards, out / SHARDS):
        folder.mkdir(parents=True, exist_ok=True)
    return Press(out, work, settings_with(), lambda *_: None)


def joined(waiting: Path) -> pa.Table:
    """Four rows, one of them apart and one dropped, whose files wait one after the other."""
    rows: list[dict[str, Any]] = []
    blob = b""
    for name, status, split in [
        ("a", "kept", "train"),
        ("b", "kept", "test"),
        ("c", "apart", None),
        ("d", "dropped", None),
    ]:
        files = b"" if status == "dropped" else member(f"{name}.jpg", name.encode() * 700)
        told = {"measurements": "{}", "points": "{}", "facts": "{}"}
        rows.append(
            {"id": name, "status": status, "split": split, "place": len(blob), "bytes": len(files), "unit": 0, **told}
        )
        blob += files
    waiting.write_bytes(blob)
    fields = [field for field in CATALOGUE_SCHEMA if field.name not in ("shard", "offset", "bytes")]
    work = [pa.field(name, pa.int64()) for name in ("place", "bytes", "unit")]
    return pa.Table.from_pylist(rows, schema=pa.schema([*fields, *work]))


def test_shards_hold_what_the_catalogue_says_where_it_says(tmp_path: Path) -> None:
    table = joined(tmp_path / "unit.bin")
    catalogue, made = press(tmp_path).shards(table, [tmp_path / "unit.bin"])
    assert catalogue.schema.names == CATALOGUE_SCHEMA.names
    assert [(shard["name"], shard["samples"]) for shard in made] == [
        ("train-00000.tar", 1),
        ("test-00000.tar", 1),
        ("apart-00000.tar", 1),
    ]
    for shard in made:
        content = (tmp_path / SHARDS / shard["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (shard["bytes"], shard["sha256"])
    rows = {row["id"]: row for row in catalogue.to_pylist()}
    assert (rows["d"]["shard"], rows["d"]["offset"], rows["d"]["bytes"]) == (None, None, None)
    for name in "abc":
        with tarfile.open(tmp_path / SHARDS / rows[name]["shard"]) as shard:
            picture = shard.extractfile(f"{name}.jpg")
            assert picture is not None
            assert picture.read() == name.encode() * 700
            assert shard.getmembers()[0].offset == rows[name]["offset"] == 0


def test_a_second_pressing_writes_nothing(tmp_path: Path) -> None:
    table = joined(tmp_path / "unit.bin")
    first = press(tmp_path)
    told = first.shards(table, [tmp_path / "unit.bin"])
    (tmp_path / HEAD).write_text("{}")
    again = press(tmp_path)
    assert again.shards(table, [tmp_path / "unit.bin"]) == told
    assert (first.written, again.written) == (3, 0)
    assert (tmp_path / HEAD).exists()


def test_the_head_goes_before_other_bytes_change_and_not_otherwise(tmp_path: Path) -> None:
    (tmp_path / HEAD).write_text("{}")
    (tmp_path / "card.html").write_bytes(b"old")
    writer = press(tmp_path)
    writer._write(tmp_path / "card.html", b"old")
    assert (tmp_path / HEAD).exists()
    writer._write(tmp_path / "card.html", b"new")
    assert not (tmp_path / HEAD).exists()
    assert (tmp_path / "card.html").read_bytes() == b"new"
    assert writer.written == 1


def test_a_head_that_cannot_go_stops_the_pressing(tmp_path: Path) -> None:
    (tmp_path / HEAD).mkdir()
    with pytest.raises(OutputError, match="cannot be replaced"):
        press(tmp_path)._write(tmp_path / "card.html", b"new")
    assert not (tmp_path / "card.html").exists()

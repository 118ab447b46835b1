"""A corpus of real pictures: no copy of a test picture hides under another name, and masks lie on their pictures."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lingyin.curate.build import build_corpus
from lingyin.curate.corpus import Corpus
from lingyin.curate.settings import settings_with


def part_of(prepared: Path, folder: Path, wanted: set[str]) -> dict[str, str]:
    """A prepared set with the pictures whose originals are wanted and a dozen more; names by hash of the original."""
    folder.mkdir()
    for place in ("images", *(path.name for path in prepared.glob("masks_*"))):
        (folder / place).symlink_to(prepared / place)
    (folder / "card.json").symlink_to(prepared / "card.json")
    with (prepared / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = [row for row in rows if row["source_md5"] in wanted] + rows[::20]
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({row["id"]: row for row in chosen}.values())
    return {row["source_md5"]: row["id"] for row in chosen}


@pytest.mark.data
def test_published_originals_join_their_prepared_copies(real_data: Path, tmp_path: Path) -> None:
    original = real_data / "samples" / "USGRA"
    hashes = {
        path.stem: hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        for path in original.rglob("images/*.png")
    }
    copies = part_of(real_data / "nerve_usgra", tmp_path / "nerve_usgra", set(hashes.values()))
    build_corpus([tmp_path / "nerve_usgra", original], tmp_path / "out", settings_with(clean="none"))
    rows = pq.read_table(tmp_path / "out" / "catalogue.parquet").to_pylist()
    by_key = {row["key"]: row for row in rows}
    met = [(by_key[name], by_key[copies[md5]]) for name, md5 in hashes.items() if md5 in copies]
    assert len(met) > 1
    for one, other in met:
        assert one["duplicate_group"] == other["duplicate_group"]
        assert one["split"] == other["split"] == other["given_split"]
    corpus = Corpus(tmp_path / "out", None)
    pictures = [corpus[index] for index in range(len(corpus))]
    assert sum(len(picture.masks) for picture in pictures) > len(pictures) / 2
    assert all(mask.shape == each.image.shape[:2] for each in pictures for mask in each.masks.values())

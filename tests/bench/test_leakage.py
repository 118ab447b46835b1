"""A test picture that hides in train under another name, set and size is named; others are not."""

from __future__ import annotations

import json
from pathlib import Path

import cv2

from lingyin.bench.leakage import check
from lingyin.curate.hashes import Grey
from tests.curate.test_hashes import picture


def write_set(root: Path, name: str, pictures: dict[str, tuple[str, Grey]]) -> None:
    folder = root / name
    (folder / "images").mkdir(parents=True)
    (folder / "card.json").write_text("{}")
    rows = ["id,subject,split"] + [f"{key},s{key},{split}" for key, (split, _) in pictures.items()]
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    for key, (_, grey) in pictures.items():
        cv2.imwrite(str(folder / "images" / f"{key}.webp"), grey)


def test_a_copy_across_sets_is_found(tmp_path: Path) -> None:
    write_set(tmp_path, "one", {f"a{k}": ("train", picture(k)) for k in range(6)})
    smaller = cv2.resize(picture(4), (200, 150), interpolation=cv2.INTER_AREA)
    write_set(tmp_path, "two", {"b0": ("test", smaller), "b1": ("test", picture(50)), "b2": ("val", picture(51))})
    document = check(tmp_path)
    assert document["pairs"] == [{"test": "two/b0", "other": "one/a4", "split": "train"}]
    assert [(row["application"], row["value"], row["n"]) for row in document["rows"]] == [("two", 1, 2)]
    json.dumps(document)

"""Every reader keeps the contract: it reads its layout into checked items and says what it misses in any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lingyin.core.errors import InputError, UsageError
from lingyin.core.labels import LabelSet
from lingyin.core.measurements import load_measurements
from lingyin.core.tree import Kind, load_tree
from lingyin.curate.readers import READER_NAMES, Item, find_reader
from tests.curate.layouts import LAYOUTS


@pytest.fixture(scope="module")
def items(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Item]]:
    folder = tmp_path_factory.mktemp(request.param)
    LAYOUTS[request.param](folder)
    return folder, list(find_reader(request.param).open(folder))


def test_there_are_enough_readers_and_a_layout_for_each() -> None:
    assert len(READER_NAMES) >= 20
    assert set(LAYOUTS) == set(READER_NAMES)


@pytest.mark.parametrize("items", READER_NAMES, indirect=True)
def test_items_are_whole(items: tuple[Path, list[Item]]) -> None:
    folder, found = items
    tree = load_tree()
    assert len({item.key for item in found}) == len(found) > 0
    for item in found:
        assert item.source.is_file()
        assert item.source.is_relative_to(folder)
        assert item.group
        assert item.licence
        assert item.labels == LabelSet.close(item.labels.yes, item.labels.no)
        assert set(item.measurements) <= set(load_measurements())
        assert all(tree[code].kind is Kind.STRUCTURE for code in item.masks)
        assert item.mm_per_px is None or min(item.mm_per_px) > 0


@pytest.mark.parametrize("items", READER_NAMES, indirect=True)
def test_frames_and_masks_are_decoded_when_asked_for_and_fit(items: tuple[Path, list[Item]]) -> None:
    for item in items[1]:
        frames = item.open()
        assert (len(frames) > 1) == (item.kind == "clip")
        frame = frames[0]
        assert frame.dtype == np.uint8
        assert frame.ndim == 3
        assert frame.shape[2] == 3
        for by_frame in item.masks.values():
            for place, load in by_frame.items():
                mask = load()
                assert 0 <= place < len(frames)
                assert mask.dtype == np.bool_
                assert mask.shape == frame.shape[:2]


@pytest.mark.parametrize("name", READER_NAMES)
def test_the_order_is_stable(name: str, tmp_path: Path) -> None:
    LAYOUTS[name](tmp_path)
    reader = find_reader(name)
    assert [item.key for item in reader.open(tmp_path)] == [item.key for item in reader.open(str(tmp_path))]


@pytest.mark.parametrize("name", READER_NAMES)
def test_another_layout_is_told_apart(name: str, tmp_path: Path) -> None:
    (tmp_path / "stray").mkdir()
    (tmp_path / "notes.txt").write_text("nothing to see", encoding="utf-8")
    reader = find_reader(name)
    with pytest.raises(InputError) as told:
        reader.open(tmp_path)
    assert str(told.value).startswith(str(tmp_path))
    assert reader.expected in told.value.problem
    assert "found notes.txt, stray/" in told.value.problem


@pytest.mark.parametrize("name", READER_NAMES)
def test_a_missing_folder_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        find_reader(name).open(tmp_path / "absent")


def test_an_unknown_reader_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="busi"):
        find_reader("nonesuch")

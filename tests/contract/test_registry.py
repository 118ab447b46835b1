"""Every entry of the registry keeps the contract: codes of the tree, a licence, an address, a reader that exists."""

from __future__ import annotations

import re

import pytest

from lingyin.core.tree import Kind, load_tree
from lingyin.curate.readers import READER_NAMES, find_reader
from lingyin.curate.registry import DataSet, load_registry

SETS = tuple(load_registry().values())
ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+\.[a-z]{2,}(:\d+)?(/\S*)?")
OPEN = re.compile(r"CC BY 4\.0|CC BY-SA|CC0|MIT|Apache-2\.0")
CLOSED = re.compile(r"-NC|non-commercial|research|agreement|application|terms|no redistribution|restricted|rules")


def test_there_are_as_many_sets_as_a_corpus_of_millions_needs() -> None:
    assert len(SETS) >= 138


def test_titles_are_unique() -> None:
    titles = [entry.title.casefold() for entry in SETS]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("entry", SETS, ids=lambda entry: entry.name)
def test_an_entry_is_whole(entry: DataSet) -> None:
    tree = load_tree()
    assert all(tree[code].kind in {Kind.ORGAN, Kind.REGION} for code in entry.organs)
    assert len(set(entry.organs)) == len(entry.organs)
    assert entry.licence.strip()
    assert entry.address == "unknown" or ADDRESS.fullmatch(entry.address)
    assert entry.reader is None or entry.reader in READER_NAMES
    assert entry.images is None or entry.images < 10_000_000
    assert all(country[0].isupper() for country in entry.countries)


@pytest.mark.parametrize("entry", SETS, ids=lambda entry: entry.name)
def test_reuse_follows_from_the_licence(entry: DataSet) -> None:
    if entry.reuse == "yes":
        assert OPEN.search(entry.licence)
        assert not CLOSED.search(entry.licence)
    if entry.licence.startswith("per "):  # each file or source has its own
        assert entry.reuse == "unknown"
    elif CLOSED.search(entry.licence):
        assert entry.reuse in {"research", "no"}
    if entry.licence == "unknown":
        assert entry.reuse == "unknown"


def test_what_was_read_in_the_set_itself_has_an_address() -> None:
    assert [entry.name for entry in SETS if entry.checked == "primary" and entry.address == "unknown"] == []


def test_a_reader_of_one_set_finds_its_licence() -> None:
    general = {"csv_table", "dicom_folder", "image_folder"}
    registry = load_registry()
    for name in READER_NAMES:
        reader = find_reader(name)
        if name not in general:
            assert reader.licence == registry[reader.data_set or name].licence

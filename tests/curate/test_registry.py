"""The registry refuses entries that cannot be right, and selects by organ and licence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lingyin.core.errors import CatalogueError, UsageError
from lingyin.curate.registry import find_set, load_registry, parse_sets, read_registry, select_sets

GOOD: dict[str, Any] = {
    "title": "A set",
    "organs": ["liver"],
    "tasks": ["classify"],
    "media": "images",
    "licence": "unknown",
    "reuse": "unknown",
    "address": "https://example.org/set",
    "checked": "secondary",
}


def test_what_is_left_out_is_unknown() -> None:
    entry = parse_sets({"a_set": GOOD}, "x.toml")["a_set"]
    assert entry.images is None
    assert entry.countries == ()
    assert entry.reader is None
    assert entry.citation.author == "unknown"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"licence": ""}, "licence"),
        ({"organs": []}, "organs"),
        ({"organs": ["liver_outline"]}, "no organ or region"),
        ({"organs": ["nonesuch"]}, "nonesuch"),
        ({"images": 0}, "images"),
        ({"address": "example"}, "address"),
        ({"reuse": "maybe"}, "reuse"),
        ({"tasks": ["guess"]}, "tasks"),
        ({"colour": "red"}, "colour"),
        ({"citation": {"year": 1066}}, "citation.year"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(change: dict[str, Any], told: str) -> None:
    with pytest.raises(CatalogueError, match=rf"x\.toml.*a_set.*{told}"):
        parse_sets({"a_set": GOOD | change}, "x.toml")


def test_a_name_in_two_files_is_refused(tmp_path: Path) -> None:
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in GOOD.items()]
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text("\n".join(["[a_set]", *lines]), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"two\.toml: a_set"):
        read_registry(tmp_path)


def test_an_organ_is_found_above_and_below() -> None:
    sets = load_registry().values()
    heart = {entry.name for entry in select_sets(sets, organ="heart")}
    assert {"camus", "echonet_dynamic"} <= heart  # left ventricle lies in the heart
    assert "camus" in {entry.name for entry in select_sets(sets, organ="region_heart")}
    assert "busi" not in heart
    assert "remind" in {entry.name for entry in select_sets(sets, organ="neonatal_brain")}  # listed by region


def test_open_means_open_to_anybody() -> None:
    sets = load_registry().values()
    open_ones = {entry.name for entry in select_sets(sets, licence="open")}
    research = {entry.name for entry in select_sets(sets, licence="research")}
    assert "hc18" in open_ones
    assert "camus" in research - open_ones
    assert open_ones < research
    assert all("NC" not in find_set(name).licence for name in open_ones)
    assert {entry.licence for entry in select_sets(sets, licence="cc by 4.0")} == {
        entry.licence for entry in sets if "CC BY 4.0" in entry.licence
    }


def test_wrong_names_are_usage_errors() -> None:
    with pytest.raises(UsageError, match="busi"):
        find_set("bussi")
    with pytest.raises(UsageError, match="no organ"):
        select_sets(load_registry().values(), organ="liver_outline")

"""`lingyin data`: lists, filters and shows the registry as a user types it."""

from __future__ import annotations

import json

import pytest
from tests.conftest import Run

from lingyin.core.errors import UsageError
from lingyin.curate.registry import load_registry


def test_the_list_as_json_is_the_registry(lingyin: Run) -> None:
    done = lingyin("data", "list", "--json")
    assert done.returncode == 0
    listed = json.loads(done.stdout)
    assert [entry["name"] for entry in listed] == list(load_registry())
    assert {"organs", "tasks", "media", "images", "countries", "devices", "licence", "reuse", "address"} <= set(
        listed[0]
    )


def test_organ_and_licence_narrow_the_list(lingyin: Run) -> None:
    listed = json.loads(lingyin("data", "list", "--organ", "fetal_head", "--licence", "open", "--json").stdout)
    names = {entry["name"] for entry in listed}
    assert "hc18" in names
    assert "busi" not in names
    assert {entry["reuse"] for entry in listed} == {"yes"}


def test_one_set_is_shown(lingyin: Run) -> None:
    done = lingyin("data", "show", "hc18")
    assert "van den Heuvel, PLOS ONE, 2018" in done.stdout
    assert json.loads(lingyin("data", "show", "hc18", "--json").stdout)["images"] == 1334


@pytest.mark.parametrize("words", [("show", "nonesuch"), ("list", "--organ", "nonesuch")])
def test_an_unknown_name_is_wrong_usage(lingyin: Run, words: tuple[str, ...]) -> None:
    done = lingyin("data", *words)
    assert done.returncode == UsageError.exit_code
    assert "nonesuch" in done.stderr
    assert "Traceback" not in done.stderr

"""Encoders that saw the labels claim nothing: told by the card of their run, and assumed where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lingyin.bench.claims import SAID, admitted, saw_labels
from lingyin.bench.methods import choose_methods


def run(tmp_path: Path, contrast: tuple[float, str], classifier: tuple[float, str]) -> Path:
    parts = {"contrast": contrast, "classifier": classifier}
    config = {name: {"weight": weight, "tree_depth": depth} for name, (weight, depth) in parts.items()}
    (tmp_path / "card.json").write_text(json.dumps({"config": config}), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("contrast", "classifier", "saw"),
    [
        ((0.1, "view"), (0.1, "organ"), False),
        ((0.1, "full"), (0.1, "organ"), True),
        ((0.1, "view"), (0.1, "full"), True),
        ((0.0, "full"), (0.0, "full"), False),
    ],
)
def test_the_card_of_a_run_tells(
    tmp_path: Path, contrast: tuple[float, str], classifier: tuple[float, str], saw: bool
) -> None:
    folder = run(tmp_path, contrast, classifier)
    assert saw_labels(folder) is saw
    assert saw_labels(folder / "encoder.safetensors") is saw


@pytest.mark.parametrize("words", [None, "{", "[]", '{"config": {}}'])
def test_what_does_not_say_counts_as_having_seen(tmp_path: Path, words: str | None) -> None:
    if words is not None:
        (tmp_path / "card.json").write_text(words, encoding="utf-8")
    assert saw_labels(tmp_path)


def test_ours_alone_is_marked_and_only_where_it_saw(tmp_path: Path) -> None:
    marked = admitted(choose_methods(["lingyin", "imagenet", "scratch"], tmp_path))
    assert [each.method.saw_labels for each in marked] == [True, False, False]
    assert marked[0].method.title.endswith(SAID)
    free = admitted(choose_methods(["lingyin", "imagenet"], run(tmp_path, (0.1, "view"), (0.1, "organ"))))
    assert [each.method.saw_labels for each in free] == [False, False]
    assert free == choose_methods(["lingyin", "imagenet"], tmp_path)

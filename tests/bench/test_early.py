"""Watching a run changes none of its bytes; scores go on where they stopped."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lingyin.bench.early import CURVE, SCORES, Board, EarlyProbe
from lingyin.core.errors import UsageError
from lingyin.nets.vit import Vit
from lingyin.pretrain import loop, record
from lingyin.pretrain.probe import Answer
from tests.pretrain.small import small_config, small_corpus


@pytest.fixture(autouse=True)
def small_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "open_corpus", lambda *_: small_corpus())
    monkeypatch.setattr(record, "draw_curves", lambda _: b"drawn")


class Half:
    """A probe that tells every second picture rightly."""

    name = "half"

    def __call__(self, net: Vit) -> dict[str, Answer]:
        truth = np.arange(20) % 2
        told = np.where(np.arange(20) % 4 < 2, truth, 1 - truth)
        chance = np.stack([1.0 - told, told], 1).astype(np.float32)
        return {"task": Answer(("a", "b"), chance, truth, np.arange(20).astype(np.str_))}


def test_scores_are_kept_at_checkpoints_and_change_nothing(tmp_path: Path) -> None:
    plain = loop.pretrain(small_config(), tmp_path / "plain").read_bytes()
    run = tmp_path / "watched"
    assert loop.pretrain(small_config(), run, watch=EarlyProbe(run, Half(), 4)).read_bytes() == plain
    rows = json.loads((run / SCORES).read_text())
    assert [row["step"] for row in rows] == [2, 6]
    assert rows[0]["task"] == rows[0]["mean"] == pytest.approx(0.5)
    assert (run / CURVE).read_bytes().startswith(b"\x89PNG")
    assert EarlyProbe(run, Half(), 4).rows == rows
    (run / SCORES).write_text("[")
    with pytest.raises(UsageError, match="damaged"):
        EarlyProbe(run, Half(), 4)


def test_without_the_package_the_board_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if "tensorboard" in name:
            raise ImportError(name)
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(UsageError, match="tensorboard"):
        Board(tmp_path)

"""What goes wrong in a long run is told clearly, and the last good checkpoint stays as it was."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import pytest
import torch

from lingyin.core.errors import InputError, ModelError, OutputError
from lingyin.pretrain import loop, record
from lingyin.pretrain.batches import Drawer, generator_of
from lingyin.pretrain.checkpoint import NAME
from lingyin.pretrain.config import DataConfig
from lingyin.pretrain.corpus import INDEX, PICTURES, open_corpus
from tests.pretrain.small import small_config, small_corpus

DATA = DataConfig(sets="none", phantoms=2, cache_px=32)


@pytest.fixture
def small_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "open_corpus", lambda *_: small_corpus())
    monkeypatch.setattr(record, "draw_curves", lambda _: b"drawn")


def packed(cache: Path) -> Path:
    open_corpus(DATA, cache, 0)
    return next(cache.glob("corpus-*"))


def test_a_picture_that_changed_on_disk_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path) / PICTURES
    data = bytearray(path.read_bytes())
    data[len(data) // 2 + 7] ^= 1  # of the second picture
    path.write_bytes(data)
    corpus = open_corpus(DATA, tmp_path, 0)
    assert corpus.picture(0).shape == (32, 32, 2)
    with pytest.raises(InputError, match="picture 1 is damaged; remove the folder"):
        Drawer(small_config(), corpus).draw(generator_of(0, 0), 32)


@pytest.mark.parametrize(("name", "content"), [(PICTURES, b"cut"), (INDEX, b"{}"), (INDEX, b"\xff")])
def test_a_cut_or_foreign_store_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    (packed(tmp_path) / name).write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        open_corpus(DATA, tmp_path, 0)


def test_a_gradient_that_is_not_finite_never_reaches_the_weights(
    tmp_path: Path, small_data: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss is finite, its gradient is not: clipping would turn all weights and the next checkpoint into NaN."""
    losses = loop._Session.losses

    def steep(self: Any, step: int, part: int, at: Any) -> Any:
        found, count = losses(self, step, part, at)
        if step == 3:
            edge = self.learner.encoder.norm.weight.sum() * 0
            found["steep"] = torch.sqrt(edge.clamp(min=0)) + 0 * edge  # the root's slope at 0 is infinite
        return found, count

    monkeypatch.setattr(loop._Session, "losses", steep)
    with pytest.raises(ModelError, match=r"gradient of step 4 is (nan|inf)"):
        loop.pretrain(small_config(checkpoint={"every_steps": 1}), tmp_path)
    monkeypatch.setattr(loop._Session, "losses", losses)
    assert loop.pretrain(small_config(checkpoint={"every_steps": 1}), tmp_path, resume=True).is_file()


def test_a_full_disk_keeps_the_last_checkpoint(tmp_path: Path, small_data: None) -> None:
    """No file may grow beyond a few bytes, as if the disk were full."""

    def leave(tick: loop.Tick) -> None:
        if tick.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loop.pretrain(small_config(), tmp_path, watch=leave)
    kept = (tmp_path / NAME).read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            loop.pretrain(small_config(), tmp_path, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / NAME).read_bytes() == kept
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
    assert loop.pretrain(small_config(), tmp_path, resume=True).is_file()

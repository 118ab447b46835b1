"""Shards: dealt in a fixed mixed order, written once, rewritten when a sample changed."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lingyin.curate.shards import Sample, deal, told_of, write_shard
from lingyin.curate.ustar import member


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    waiting = tmp_path / "unit.bin"
    files = [member(f"s-{index}.jpg", bytes([index]) * 700) for index in range(3)]
    waiting.write_bytes(b"".join(files))
    size = len(files[0])
    return [Sample(f"s-{index}", b'{"n":%d}' % index, waiting, index * size, size) for index in range(3)]


def test_shards_are_full_and_hold_everything_once() -> None:
    ids = [f"set-{index:04d}" for index in range(200)]
    sizes = np.random.default_rng(0).integers(1, 40, 200)
    shards = list(deal(ids, sizes, 0, 100))
    assert sorted(np.concatenate(shards).tolist()) == list(range(200))
    filled = [int(sizes[shard].sum()) for shard in shards]
    assert max(filled) <= 100
    for shard, following in zip(filled, shards[1:], strict=False):
        assert shard + sizes[following[0]] > 100
    assert not np.array_equal(np.concatenate(shards), np.arange(200))
    again = list(deal(ids, sizes, 1, 100))
    assert not np.array_equal(np.concatenate(again), np.concatenate(shards))


def test_a_large_sample_has_a_shard_of_its_own() -> None:
    assert sorted(len(shard) for shard in deal(["a", "b"], np.array([500, 500]), 0, 100)) == [1, 1]
    assert list(deal([], np.zeros(0, np.int64), 0, 100)) == []


def test_a_shard_is_a_tar_file_and_written_once(samples: list[Sample], tmp_path: Path) -> None:
    target, changes = tmp_path / "train-00000.tar", []
    digest, new = write_shard(samples, target, tmp_path / "marks", lambda: changes.append(1))
    assert new
    assert digest == hashlib.sha256(target.read_bytes()).hexdigest()
    with tarfile.open(target) as pack:
        assert pack.getnames() == ["s-0.json", "s-0.jpg", "s-1.json", "s-1.jpg", "s-2.json", "s-2.jpg"]
    assert write_shard(samples, target, tmp_path / "marks", lambda: changes.append(1)) == (digest, False)
    assert changes == [1]


def test_another_plan_or_a_cut_shard_is_written_again(samples: list[Sample], tmp_path: Path) -> None:
    target, marks = tmp_path / "train-00000.tar", tmp_path / "marks"
    first, _ = write_shard(samples, target, marks, lambda: None)
    other = [replace(samples[0], told=b'{"n":9}'), *samples[1:]]
    second, new = write_shard(other, target, marks, lambda: None)
    assert new
    assert second != first
    target.write_bytes(target.read_bytes()[:-1])
    assert write_shard(other, target, marks, lambda: None) == (second, True)


def test_the_json_leaves_out_what_is_empty() -> None:
    row = {"id": "a", "subject": None, "yes": ["liver"], "no": [], "hash": [1], "facts": "{}", "points": "{}"}
    assert told_of({**row, "measurements": '{"x":1.5}'}) == (
        b'{"facts":{},"id":"a","measurements":{"x":1.5},"points":{},"yes":["liver"]}'
    )

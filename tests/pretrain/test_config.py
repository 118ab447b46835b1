"""Configs: the shipped ones are valid, a wrong one lists all its mistakes; the curriculum follows its stages."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from lingyin.core.errors import UsageError
from lingyin.pretrain.config import read_config
from lingyin.pretrain.schedule import moment
from tests.pretrain.small import small_config

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize("name", ["tiny", "pretrain"])
def test_shipped_configs_are_valid(name: str) -> None:
    assert read_config(CONFIGS / f"{name}.toml", steps=7, threads=2).steps == 7


def test_all_mistakes_are_listed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(
        'name = "x"\nsteps = 0\ncolour = 1\n[encoder]\npatch = 7\n[optimiser]\nrat = 1\n'
        "[[stages]]\nuntil = 1.0\nsize_px = 32\nmask_ratio = 1.5\n"
    )
    with pytest.raises(UsageError) as refused:
        read_config(path)
    for place in ("steps", "colour", "encoder.patch", "optimiser.rat", "stages.0.mask_ratio", "5 mistakes"):
        assert place in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stages": [{"until": 0.5, "size_px": 32, "mask_ratio": 0.5}]}, "end at 1.0"),
        ({"stages": [{"until": 1.0, "size_px": 36, "mask_ratio": 0.5}]}, "multiples of 8"),
        ({"hard": {}}, "hard.weight is 0"),
        ({"optimiser": {"views": 1}}, "views = 2"),
        ({"targets": {"pixels": 0.0}}, "no target"),
        ({"data": {"sets": "none"}}, "nothing to learn from"),
        ({"encoder": {"size": "custom"}}, "needs dim, depth and heads"),
        ({"encoder": {"size": "tiny", "dim": 32}}, "for size = 'custom' only"),
        ({"decoder": {"dim": 32, "heads": 5}}, "multiple of heads"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        small_config(**changes)


def test_an_absent_file_and_one_that_is_not_toml_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("name = ")
    for name in ("bad.toml", "absent.toml"):
        with pytest.raises(UsageError, match=name):
            read_config(tmp_path / name)


def test_the_curriculum_moves_within_and_between_stages() -> None:
    stages = [
        {"until": 0.5, "size_px": 32, "mask_ratio": 0.5, "structured": False},
        {"until": 1.0, "size_px": 64, "mask_ratio": 0.7, "hard_share": 0.4},
    ]
    config = small_config(steps=100, stages=stages)
    first, early, late, last = (moment(config, step) for step in (0, 49, 75, 99))
    assert (first.size_px, first.structured, first.hard_share, first.mask_ratio) == (32, False, 0.0, 0.5)
    assert (early.size_px, early.mask_ratio) == (32, 0.5)
    assert (late.size_px, late.structured) == (64, True)
    assert math.isclose(late.mask_ratio, 0.6)
    assert math.isclose(late.hard_share, 0.2)
    assert last.hard_share > late.hard_share


def test_the_rate_warms_up_and_falls() -> None:
    optimiser = {"rate": 1.0, "warmup_steps": 10, "views": 2}
    rates = [moment(small_config(steps=100, optimiser=optimiser), step).rate for step in range(100)]
    assert rates[0] == 0.1
    assert max(rates) == rates[9] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01

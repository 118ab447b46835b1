"""Phantoms as samples: exact masks of the frame that is shown, seeds that no two splits share, kinds in turn."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from lingyin.io.phantom import Phantom, make_phantom
from lingyin.tasks import synthetic
from lingyin.tasks.config import HeadConfig, Recipe, load_recipe
from lingyin.tasks.synthetic import COUNTS, FRAMES, ORGANS, make_phantoms, phantom_samples, source_name
from tests.nets.tiny import tiny_recipe


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom("aorta", 1)


def _recipe() -> Recipe:
    """Knows the lumen of the aorta, but not its outer wall."""
    return tiny_recipe().model_copy(update={"heads": (HeadConfig(name="abdominal_aorta_lumen", task="segment"),)})


def _plan(monkeypatch: pytest.MonkeyPatch, split: str, share: float = 1.0) -> list[tuple[str, int]]:
    """Kinds and seeds in the order in which they would be made."""
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(synthetic, "make_phantom", lambda kind, seed: asked.append((kind, seed)))
    monkeypatch.setattr(synthetic, "phantom_samples", lambda *_: ())
    assert list(make_phantoms(_recipe(), split, share)) == []
    return asked


def test_samples_show_a_frame_with_its_own_mask_of_known_structures_only(phantom: Phantom) -> None:
    samples = list(phantom_samples(phantom, 7, "val", _recipe()))
    shown = [int(sample.name.rsplit("_", 1)[1]) for sample in samples]
    assert len(set(shown)) == FRAMES
    assert shown == sorted(shown)
    for index, sample in zip(shown, samples, strict=True):
        np.testing.assert_array_equal(sample.picture, phantom.frames[index])
        assert set(sample.masks) == {"abdominal_aorta_lumen"}
        mask = sample.masks["abdominal_aorta_lumen"]
        assert mask is not None
        np.testing.assert_array_equal(mask, phantom.masks["abdominal_aorta_lumen"][index])
        rows, columns = np.nonzero(mask)
        assert sample.box.contains(columns.mean(), rows.mean())
        assert (sample.targets, sample.source) == ({"organ": "abdominal_aorta"}, "phantom_aorta")
        assert (sample.split, sample.subject, sample.mm_per_px) == ("val", "phantom/aorta-7", phantom.mm_per_px_x)


def test_the_seed_decides_which_frames_and_a_short_loop_gives_all_it_has(phantom: Phantom) -> None:
    def names(seed: int) -> list[str]:
        return [sample.name[-3:] for sample in phantom_samples(phantom, seed, "train", _recipe())]

    assert names(3) == names(3)
    assert len({tuple(names(seed)) for seed in range(6)}) > 1
    short = replace(phantom, frames=phantom.frames[:3])
    assert [s.name for s in phantom_samples(short, 9, "train", _recipe())] == [f"aorta_9_{n:03d}" for n in range(3)]


def test_every_split_has_its_number_of_each_kind_and_seeds_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = {split: _plan(monkeypatch, split) for split in ("train", "val", "test")}
    assert Counter(kind for kind, _ in plans["train"]) == COUNTS
    kinds = ("aorta", "aortic-root", "thyroid", "ovary", "fetal-head", "left-ventricle", "carotid")
    validation = Counter(kind for kind, _ in plans["val"])
    assert [validation[kind] for kind in kinds] == [26, 12, 10, 10, 13, 12, 11]
    everything = [pair for plan in plans.values() for pair in plan]
    assert len(set(everything)) == len(everything)
    seeds = [{seed for _, seed in plan} for plan in plans.values()]
    assert sum(map(len, seeds)) == len(set.union(*seeds))


def test_kinds_come_in_turn_so_that_any_beginning_holds_them_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = _plan(monkeypatch, "train")
    assert {kind for kind, _ in plan[:7]} == set(ORGANS)
    half = Counter(kind for kind, _ in plan[: len(plan) // 2])
    assert all(abs(half[kind] - full / 2) <= 1 for kind, full in COUNTS.items())
    assert Counter(kind for kind, _ in _plan(monkeypatch, "test", 1e-6)) == dict.fromkeys(COUNTS, 1)


def test_the_packaged_recipe_knows_every_kind_as_a_source_and_its_organ_as_a_label() -> None:
    recipe = load_recipe()
    assert source_name("aortic-root") == "phantom_aortic_root"
    assert {source_name(kind) for kind in COUNTS} <= set(recipe.sources)
    assert set(ORGANS) == set(COUNTS)
    assert set(ORGANS.values()) <= set(recipe.classify[0].labels)

"""Recipes: the packaged one is sound, and every mistake of a wrong one is named at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.errors import UsageError
from lingyin.tasks.augment import FLIP
from lingyin.tasks.config import load_recipe

SOUND = """
name = "small"
version = "1"
[train]
size = 64
batch = 4
steps = 10
warmup_steps = 0
decay_share = 1.0
encoder_rate = 1e-4
head_rate = 1e-3
linear_rate = 1e-3
weight_decay = 0.0
frozen_blocks = 0
dropout = 0.0
label_smoothing = 0.0
segment_weight = 0.0
average_decay = 0.0
seed = -1
[sources]
made = 0.5
[[heads]]
name = "organ"
task = "classify"
labels = ["liver", "kidney"]
[[heads]]
name = "branch"
task = "segment"
own_branch = true
apart = ["made"]
[[heads]]
name = "trunk"
task = "segment"
"""


def _load(folder: Path, text: str) -> str:
    """The message that refuses `text`."""
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_recipe(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


def test_a_sound_recipe_at_the_limits_is_read_with_shared_structures_first(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(SOUND, encoding="utf-8")
    recipe = load_recipe(path)
    assert recipe.structures == ("trunk", "branch")  # though written the other way round
    assert [head.name for head in recipe.classify] == ["organ"]
    assert recipe.heads[0].labels == ("liver", "kidney")
    assert (recipe.train.decay_share, recipe.train.seed) == (1.0, -1)


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    wrong = (
        SOUND.replace("size = 64", "size = 65")
        .replace("steps = 10", 'steps = "many"')
        .replace("dropout = 0.0", "dropout = 1.0")
        .replace("seed = -1", "sede = -1")
        .replace("made = 0.5", 'made = "half"')
        .replace('["liver", "kidney"]', '["liver"]')
        .replace("own_branch = true", "own_branch = false")
        .replace('name = "trunk"', 'name = "trunk"\nlabels = ["trunk"]')
    )
    message = _load(tmp_path, wrong)
    for place in ("train.size", "train.steps", "train.dropout", "train.seed", "train.sede", "sources.made"):
        assert f"\n{place}\n" in message
    assert "head organ: a classifying head needs two labels" in message
    assert "head branch: `apart` needs `own_branch`" in message
    assert "head trunk: a segmenting head is named after its structure" in message
    assert "9 validation errors" in message


def test_text_that_is_no_toml_names_the_line(tmp_path: Path) -> None:
    assert "line 2" in _load(tmp_path, 'name = "x"\nversion =\n')


def test_a_missing_recipe_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read .*name an existing recipe") as caught:
        load_recipe(tmp_path / "none.toml")
    assert caught.value.exit_code == 2


def test_the_packaged_recipe_names_only_sets_it_trains_on() -> None:
    recipe = load_recipe()
    named = {name for head in recipe.heads for name in (*head.sets, *head.apart)}
    assert named <= set(recipe.sources)
    assert set(recipe.sources) >= FLIP  # a set misspelt there would silently never be mirrored
    organs = set(recipe.classify[0].labels)
    assert all(set(head.organs) <= organs for head in recipe.heads)
    assert len({head.name for head in recipe.heads}) == len(recipe.heads)

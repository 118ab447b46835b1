"""An organ left out of a config: its sets are gone, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.errors import UsageError
from lingyin.pretrain.config import PretrainConfig, read_config
from lingyin.pretrain.without import leave_out

TINY = Path(__file__).parents[2] / "configs" / "tiny.toml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("breast_busi", "heart_camus", "heart_lv", "liver_aul"):
        (tmp_path / name / "images").mkdir(parents=True)
        (tmp_path / name / "labels.csv").write_text("id\n", encoding="utf-8")
        (tmp_path / name / "card.json").write_text('{"licence": "CC BY 4.0"}', encoding="utf-8")
    return tmp_path


def config(sets: str | tuple[str, ...]) -> PretrainConfig:
    tiny = read_config(TINY)
    return tiny.model_copy(update={"data": tiny.data.model_copy(update={"sets": sets})})


@pytest.mark.parametrize(
    ("sets", "organ", "kept"),
    [
        ("all", "heart", ("breast_busi", "liver_aul")),
        ("all", "breast", ("heart_camus", "heart_lv", "liver_aul")),
        (("breast_busi", "heart_lv"), "heart", ("breast_busi",)),
        (("heart_lv",), "heart", "none"),  # phantoms are left
    ],
)
def test_sets_of_the_organ_are_gone(
    root: Path, sets: str | tuple[str, ...], organ: str, kept: str | tuple[str, ...]
) -> None:
    whole = config(sets)
    found = leave_out(whole, organ, root)
    assert found.data.sets == kept
    assert found.name == f"tiny-without-{organ}"
    same = found.model_copy(update={"name": whole.name, "data": found.data.model_copy(update={"sets": sets})})
    assert same == whole


def test_what_cannot_be_left_out(root: Path) -> None:
    with pytest.raises(UsageError, match="none of its sets shows the organ 'thyroid'"):
        leave_out(config("all"), "thyroid", root)
    with pytest.raises(UsageError, match="none of its sets shows the organ 'heart'"):
        leave_out(config("none"), "heart", root)
    with pytest.raises(UsageError, match="set LINGYIN_DATA"):
        leave_out(config("all"), "heart", None)

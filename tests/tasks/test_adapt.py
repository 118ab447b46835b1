"""Adapting from end to end on a tiny base network: every task leaves a folder that the program runs at once."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from lingyin.core.clip import Box
from lingyin.core.errors import ModelError, UsageError
from lingyin.nets.graft import round_to_half
from lingyin.runtime import Network, load_network
from lingyin.runtime.manifest import Head, read_manifest
from lingyin.tasks import adapt as module
from lingyin.tasks.adapt import Adapted, Request, adapt, settings
from lingyin.tasks.deliver import replaced, widen
from lingyin.tasks.fit import Fitted
from lingyin.tasks.glance import check_export
from lingyin.tasks.own.labels import Wanted
from lingyin.tasks.own.pictures import plain_square
from lingyin.tasks.saved import load_fitted
from lingyin.tasks.tune import Tuned
from tests.nets.tiny import SIZE, tiny_net
from tests.runtime.conftest import tiny_folder  # noqa: F401 (a fixture)
from tests.tasks.own.pictures import class_folders, masked_rows, table, write_picture

CODES = {"left": "liver_lesion_benign", "right": "liver_lesion_malignant"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny encoder, few views and few steps."""
    few = settings()
    few["views"] = {"pooled": {"most": 2, "together": 100}, "maps": {"most": 1, "together": 100}}
    few["tune"] |= {"steps": 4, "batch": 4, "evaluate_every": 2}
    few["modes"] = {"lora": 1000, "full": 1000}
    monkeypatch.setattr(module, "settings", lambda: few)
    monkeypatch.setattr(
        module, "load_encoder", lambda _name: round_to_half(tiny_net().encoder).eval().requires_grad_(False)
    )
    short = module.settings_for
    monkeypatch.setattr(module, "settings_for", lambda needs, **more: short(needs, **more, steps=40, evaluate_every=20))


def ask(base: Path, source: Path, out: Path, kind: str, **more: Any) -> Request:
    choice = {key: more.pop(key) for key in ("column", "name", "mode_of_classes", "unit") if key in more}
    mode = choice.pop("mode_of_classes", "exclusive")
    return Request(source, out, Wanted(kind, SIZE, mode=mode, **choice), base=base, **more)


def look(network: Network, path: Path) -> Any:
    picture = cv2.imread(str(path))
    return network.run([network.prepare(picture, Box(0, 0, picture.shape[1], picture.shape[0]))])[0]


def test_a_folder_of_classes_becomes_a_head_beside_the_old_ones(tiny_folder: Path, tmp_path: Path) -> None:  # noqa: F811
    source = class_folders(tmp_path / "mine", {"left": 12, "right": 12})
    said: list[str] = []
    made = adapt(ask(tiny_folder, source, tmp_path / "model", "classify", organ="liver", codes=CODES), said.append)
    old, new = load_network(tiny_folder), load_network(tmp_path / "model")
    one = source / "left" / "left_00.png"
    before, after = look(old, one), look(new, one)
    np.testing.assert_array_equal(before.features, after.features)
    np.testing.assert_array_equal(before.probabilities["size"], after.probabilities["size"])
    np.testing.assert_array_equal(before.masks["square"], after.masks["square"])
    entry = new.manifest.head("mine")
    assert entry.labels == ["liver_lesion_benign", "liver_lesion_malignant"]
    assert entry.organs == ["liver"]
    assert made.described.spoken
    assert made.won == "frozen"
    assert made.counts == {"train": 16, "val": 8, "test": 0}
    assert any("16 pictures to learn from" in line for line in said)
    hits = 0
    for name in ("left", "right"):
        for path in sorted((source / name).iterdir()):
            top = int(look(new, path).probabilities["mine"].argmax())
            hits += entry.labels[top] == CODES[name]
    assert hits >= 20  # of 24
    card = (tmp_path / "model" / "CARD.md").read_text(encoding="utf-8")
    assert "Won on validation: **frozen**" in card
    assert "| left | liver_lesion_benign |" in card
    assert cv2.imread(str(tmp_path / "model" / "log" / "val-frozen.png")) is not None
    assert "frozen" in json.loads((tmp_path / "model" / "log" / "learning.json").read_text(encoding="utf-8"))


def _run(base: Path, tmp_path: Path, kind: str, **more: Any) -> tuple[Adapted, Network, Path]:
    path = table(tmp_path, masked_rows(tmp_path, 12))
    made = adapt(ask(base, path, tmp_path / "model", kind, **more))
    return made, load_network(tmp_path / "model"), tmp_path / "images" / "00.png"


@pytest.mark.parametrize(
    ("kind", "more", "shape"),
    [
        ("detect", {}, (6, SIZE // 4, SIZE // 4)),
        ("landmark", {}, (1, SIZE // 4, SIZE // 4)),
        ("measure", {"column": "left", "unit": "px"}, (2,)),
        ("enhance", {}, (SIZE, SIZE)),
    ],
)
def test_heads_of_other_tasks_answer_for_themselves(
    tiny_folder: Path,  # noqa: F811
    tmp_path: Path,
    kind: str,
    more: dict[str, Any],
    shape: tuple[int, ...],
) -> None:
    made, network, picture = _run(tiny_folder, tmp_path, kind, **more)
    assert look(network, picture).raw["mine"].shape == shape
    assert network.manifest.head("mine").task == kind
    assert not made.described.spoken
    assert load_fitted(tmp_path / "model" / "head-mine.safetensors").task.kind == kind


def test_a_structure_of_the_tree_is_outlined_in_reports(tiny_folder: Path, tmp_path: Path) -> None:  # noqa: F811
    made, network, picture = _run(tiny_folder, tmp_path, "segment", name="liver_lesion", organ="liver")
    assert made.described.spoken
    assert network.manifest.head("liver_lesion").organs == ["liver"]
    assert [head.name for head in network.manifest.heads][-2:] == ["apart", "liver_lesion"]
    assert look(network, picture).masks["liver_lesion"].shape == (SIZE // 2, SIZE // 2)


def test_facts_become_labels_that_may_be_true_together(tiny_folder: Path, tmp_path: Path) -> None:  # noqa: F811
    rows = masked_rows(tmp_path, 12)
    for row in rows:
        row["label"] = "liver_lesion_benign;ascites" if row["label"] == "left" else "liver_lesion_malignant;!ascites"
    path = table(tmp_path, rows)
    adapt(ask(tiny_folder, path, tmp_path / "model", "describe", organ="liver"))
    network = load_network(tmp_path / "model")
    entry = network.manifest.head("mine")
    assert entry.mode == "several"
    assert {"liver_lesion_benign", "ascites"} <= set(entry.labels)
    said = dict(zip(entry.labels, look(network, tmp_path / "images" / "00.png").probabilities["mine"], strict=True))
    if "liver_lesion" in said:
        assert said["liver_lesion"] >= max(said["liver_lesion_benign"], said["liver_lesion_malignant"]) - 1e-6


def test_a_tuned_encoder_goes_along(tiny_folder: Path, tmp_path: Path) -> None:  # noqa: F811
    source = class_folders(tmp_path / "mine", {"left": 8, "right": 8})
    made = adapt(ask(tiny_folder, source, tmp_path / "model", "classify", mode="full", name="own"))
    assert made.won == "full"
    assert [trial.mode for trial in made.trials] == ["frozen", "full"]
    old, new = load_network(tiny_folder), load_network(tmp_path / "model")
    one = source / "right" / "right_00.png"
    np.testing.assert_array_equal(look(old, one).masks["apart"], look(new, one).masks["apart"])
    assert new.manifest.head("own").labels == ["own_left", "own_right"]
    assert not made.described.spoken


def test_frames_of_clips_are_judged_together_too(tiny_folder: Path, tmp_path: Path) -> None:  # noqa: F811
    for at, name in enumerate(("left", "right")):
        for number in range(6):
            frames = []
            for frame in range(3):
                write_picture(tmp_path / "frame.png", 4 + 36 * at + number, 50 * at + 7 * number + frame)
                frames.append(Image.open(tmp_path / "frame.png").convert("RGB"))
            path = tmp_path / "mine" / name / f"{number}.gif"
            path.parent.mkdir(parents=True, exist_ok=True)
            frames[0].save(path, save_all=True, append_images=frames[1:], duration=40)
    made = adapt(ask(tiny_folder, tmp_path / "mine", tmp_path / "model", "classify"))
    assert made.counts == {"train": 24, "val": 12, "test": 0}
    assert 0 <= made.trials[0].metrics["clip_accuracy"] <= 1
    assert made.trials[0].metrics["clip_accuracy"] in (0.0, 0.25, 0.5, 0.75, 1.0)  # four clips


def test_an_export_that_answers_otherwise_is_refused(tiny_folder: Path, tmp_path: Path) -> None:  # noqa: F811
    source = class_folders(tmp_path / "mine", {"left": 8, "right": 8})
    made = adapt(ask(tiny_folder, source, tmp_path / "model", "classify"))
    fitted = load_fitted(tmp_path / "model" / "head-mine.safetensors")
    from lingyin.tasks.own.gather import gather

    data = gather(source, Wanted("classify", SIZE))
    squares = [plain_square(fitted.task, each, SIZE) for each in data.splits["val"]]
    wrong = np.tile(np.array([[9.0, -9.0]], np.float32), (len(squares), 1))
    with pytest.raises(ModelError, match="differs from the one that learnt"):
        check_export(tmp_path / "model", fitted, made.described.entry, squares, wrong)


def test_unknown_organs_and_codes(tiny_folder: Path, tmp_path: Path) -> None:  # noqa: F811
    source = class_folders(tmp_path / "mine", {"left": 6, "right": 6})
    with pytest.raises(UsageError, match="'liber' is no organ"):
        adapt(ask(tiny_folder, source, tmp_path / "model", "classify", organ="liber"))
    with pytest.raises(UsageError, match="no code of the label tree"):
        adapt(ask(tiny_folder, source, tmp_path / "model", "classify", codes={"left": "lefty"}))
    assert not (tmp_path / "model").exists()


def test_who_gives_way() -> None:
    new = Head(name="mine", task="classify", labels=["a", "b"])
    assert replaced(Head(name="other", task="classify", labels=["b", "c"]), new)
    assert not replaced(Head(name="organ", task="classify", labels=["b", "c"]), new)
    assert not replaced(Head(name="b", task="segment", labels=["b"]), new)
    assert replaced(Head(name="mine", task="segment", labels=["x"]), new)


def test_own_pictures_are_no_longer_novel(tiny_folder: Path) -> None:  # noqa: F811
    network = load_network(tiny_folder)
    own = np.random.default_rng(1).normal(3, 0.3, (40, 16)).astype(np.float32)
    novelty = network._novelty
    assert (novelty(own) > 1).all()
    wider = widen(novelty, own)
    assert (wider(own) > 1).mean() <= 0.05
    far = np.full((1, 16), -40, np.float32)
    assert wider(far)[0] > 1
    known = np.random.default_rng(2).random((40, 16), dtype=np.float32)
    assert (wider(known) <= novelty(known) + 1e-6).all()


def test_the_manifest_lists_every_file(tiny_folder: Path, tmp_path: Path) -> None:  # noqa: F811
    source = class_folders(tmp_path / "mine", {"left": 6, "right": 6})
    adapt(ask(tiny_folder, source, tmp_path / "model", "classify"))
    manifest = read_manifest(tmp_path / "model")
    files = {path.name for path in (tmp_path / "model").iterdir() if path.is_file()} - {"manifest.json"}
    assert set(manifest.sha256) == files
    assert manifest.saw["mine"] == 8


def test_few_pictures_are_each_judged_by_the_others_and_rule_little_out(
    tiny_folder: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    said: list[str] = []
    source = class_folders(tmp_path / "mine", {"left": 6, "right": 12})
    adapt(ask(tiny_folder, source, tmp_path / "model", "classify", organ="liver", codes=CODES), said.append)
    assert any("every picture is judged by the others" in line for line in said)
    entry = read_manifest(tmp_path / "model").head("mine")
    assert entry.rules_out["liver_lesion_benign"] == 0.0  # six pictures cannot promise nine of ten
    assert 0 < entry.rules_out["liver_lesion_malignant"] <= 0.25


@pytest.mark.parametrize(("on_val", "won"), [(1.1, "lora"), (-0.1, "frozen")])
def test_validation_chooses_and_the_chosen_one_is_exported(
    tiny_folder: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    on_val: float,
    won: str,
) -> None:
    def tuned(start: Fitted, encoder: Any, mode: str, *_: Any) -> Tuned:
        other = copy.deepcopy(encoder)
        other.head.weight.mul_(2.0)
        return Tuned(replace(start, metrics={**start.metrics, "macro_f1": on_val}), round_to_half(other))

    module.settings()["modes"]["lora"] = 1
    monkeypatch.setattr(module, "tune", tuned)
    source = class_folders(tmp_path / "mine", {"left": 8, "right": 8})
    made = adapt(ask(tiny_folder, source, tmp_path / "model", "classify"))
    assert [trial.mode for trial in made.trials] == ["frozen", "lora"]
    assert made.won == won
    assert f"Won on validation: **{won}**" in (tmp_path / "model" / "CARD.md").read_text(encoding="utf-8")
    kept = load_network(tmp_path / "model")
    assert look(kept, source / "left" / "left_00.png").probabilities["mine"].sum() == pytest.approx(1, abs=1e-4)
    layers, before = (
        (folder / "network.xml").read_text().count('type="Convolution"') for folder in (tmp_path / "model", tiny_folder)
    )
    assert (layers > before) is (won == "lora")  # its encoder comes along

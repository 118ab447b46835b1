"""The tree answers questions about ancestry and exclusion, and refuses to be built from contradictions."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core import study, tree
from lingyin.core.errors import CatalogueError
from lingyin.core.tree import Coding, Kind, Node, Tree, load_tree, parse_nodes, read_toml, read_tree

NAMES = {"en": "a", "zh-Hans": "甲", "zh-Hant": "甲"}


def node(code: str, parent: str | None = None, *, kind: Kind = Kind.FINDING, exclusive: str | None = None) -> Node:
    return Node(code=code, kind=kind, parent=parent, name=NAMES, exclusive=exclusive)


@pytest.fixture
def small() -> Tree:
    return Tree(
        [
            node("left", "body"),
            node("body", kind=Kind.REGION),
            node("well", "left", exclusive="state"),
            node("ill", "left", exclusive="state"),
            node("very_ill", "ill"),
            node("right", "body"),
            node("sky", kind=Kind.QUALITY),
        ]
    )


def test_parents_come_before_children_whatever_the_order_of_the_files(small: Tree) -> None:
    assert list(small) == ["body", "left", "well", "ill", "very_ill", "right", "sky"]
    assert len(small) == 7
    assert "ill" in small
    assert "ills" not in small
    assert small.get("ills") is None


def test_an_unknown_code_is_a_key_error(small: Tree) -> None:
    with pytest.raises(KeyError):
        small["ills"]


def test_family(small: Tree) -> None:
    assert small.roots() == ("body", "sky")
    assert small.path("very_ill") == ("body", "left", "ill", "very_ill")
    assert small.ancestors("very_ill") == ("ill", "left", "body")
    assert small.ancestors("body") == ()
    assert small.children("left") == ("well", "ill")
    assert small.descendants("left") == ("well", "ill", "very_ill")
    assert small.descendants("very_ill") == ()


@pytest.mark.parametrize(
    ("a", "b", "common"),
    [
        ("well", "very_ill", "left"),
        ("ill", "very_ill", "ill"),
        ("well", "right", "body"),
        ("body", "body", "body"),
        ("well", "sky", None),
    ],
)
def test_deepest_common(small: Tree, a: str, b: str, common: str | None) -> None:
    assert small.deepest_common(a, b) == common
    assert small.deepest_common(b, a) == common


def test_exclusion_reaches_down_the_branches(small: Tree) -> None:
    assert small.rivals("well") == ("ill",)
    assert small.rivals("very_ill") == ()
    assert small.excludes("well", "very_ill")
    assert small.excludes("very_ill", "well")
    assert not small.excludes("ill", "very_ill")
    assert not small.excludes("well", "right")


def test_organ_and_region_of_real_codes() -> None:
    real = load_tree()
    assert real.region_of("left_ventricle_cavity") == "region_heart"
    assert real.organ_of("left_ventricle_cavity") == "left_ventricle"
    assert real.organ_of("phase_end_diastole") == "heart"
    assert real.organ_of("region_heart") is None
    assert real.region_of("image_quality_low") is None
    assert real.organ_of("scan_sector") is None
    assert real.deepest_common("left_ventricle_cavity", "aortic_root_lumen") == "region_heart"


def test_abnormal_is_three_valued() -> None:
    real = load_tree()
    assert real.abnormal("breast_mass_malignant") is True
    assert real.abnormal("breast_normal") is False
    assert real.abnormal("view_apical_four_chamber") is None


def test_filters_by_kind() -> None:
    real = load_tree()
    assert {n.code for n in real.of_kind(Kind.PHASE)} >= {"phase_end_diastole", "phase_end_systole"}
    assert "view_apical_four_chamber" in real.children("heart", "view")
    assert "left_ventricle" not in real.children("heart", "view")
    assert real.descendants("thyroid", Kind.STRUCTURE) == ("thyroid_lobe", "thyroid_isthmus", "thyroid_nodule")


def test_the_tree_is_read_once() -> None:
    assert load_tree() is load_tree()


def test_a_code_that_stands_twice() -> None:
    with pytest.raises(CatalogueError, match=r"'ill' stands twice: under 'a' and under 'b'"):
        Tree([node("a"), node("b"), node("ill", "a"), node("ill", "b")])


def test_an_unknown_parent() -> None:
    with pytest.raises(CatalogueError, match=r"'ill' has the unknown parent 'bodies'"):
        Tree([node("ill", "bodies")])


def test_a_circle() -> None:
    with pytest.raises(CatalogueError, match=r"circle: a, b"):
        Tree([node("root"), node("a", "b"), node("b", "a")])


def test_a_lonely_exclusive_group() -> None:
    with pytest.raises(CatalogueError, match=r"'a' is alone in its exclusive group 'state'"):
        Tree([node("root"), node("a", "root", exclusive="state"), node("b", "root")])


def test_parsing_reads_roots_children_and_options() -> None:
    text = {
        "region": {"body": dict(NAMES)},
        "body": {"finding": {"ill": {**NAMES, "abnormal": True, "urgent": True, "coding": "SCT 1 Ill at ease"}}},
    }
    body, ill = parse_nodes(text)
    assert (body.code, body.kind, body.parent) == ("body", Kind.REGION, None)
    assert (ill.kind, ill.parent, ill.abnormal, ill.urgent) == (Kind.FINDING, "body", True, True)
    assert ill.coding == (Coding("SCT", "1", "Ill at ease"),)
    assert (body.abnormal, body.urgent, body.exclusive, body.coding) == (None, False, None, ())


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"en": "a", "zh-Hans": "甲"}, r"'ill' has no name in zh-Hant"),
        ({**NAMES, "en": "  "}, r"'ill' has no name in en"),
        ({**NAMES, "colour": "red"}, r"'ill' has the unknown keys colour"),
        ({**NAMES, "coding": "SCT1"}, r"'ill': coding 'SCT1' is not of the form"),
        ("a", r"'ill' is not a table"),
    ],
)
def test_a_malformed_entry(entry: object, message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        parse_nodes({"body": {"finding": {"ill": entry}}})


@pytest.mark.parametrize("code", ["Ill", "1st", "very-ill", "", "ill "])
def test_a_malformed_code(code: str) -> None:
    with pytest.raises(CatalogueError, match="is not of the form"):
        parse_nodes({"body": {"finding": {code: dict(NAMES)}}})


def test_an_unknown_kind() -> None:
    with pytest.raises(CatalogueError, match="'illness' is not a kind of node"):
        parse_nodes({"body": {"illness": {"ill": dict(NAMES)}}})


def test_files_of_a_folder_make_one_tree(tmp_path: Path) -> None:
    line = '{ en = "a", zh-Hans = "甲", zh-Hant = "甲" }'
    (tmp_path / "b.toml").write_text(f"[body.organ]\nliver = {line}\n", encoding="utf-8")
    (tmp_path / "a.toml").write_text(f"[region]\nbody = {line}\n", encoding="utf-8")
    assert list(read_tree(tmp_path)) == ["body", "liver"]


@pytest.mark.parametrize("content", [b"[region", b"\xff\xfe", None])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CatalogueError, match=r"broken\.toml: cannot be read"):
        read_toml(path)


def test_the_languages_are_those_of_the_records() -> None:
    assert tree.LANGUAGES == study.LANGUAGES

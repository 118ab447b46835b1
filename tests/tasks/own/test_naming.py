"""Labels of users on the tree: what is sure is found, what is ambiguous is left to the user."""

from __future__ import annotations

import pytest

from lingyin.core.tree import Kind, load_tree
from lingyin.tasks.own.naming import find_code


@pytest.mark.parametrize(
    ("label", "organ", "code"),
    [
        ("breast_mass_malignant", None, "breast_mass_malignant"),
        ("malignant", "breast", "breast_mass_malignant"),
        ("Benign", "breast", "breast_mass_benign"),
        ("normal", "breast", "breast_normal"),
        ("hydronephrosis", "kidney", "hydronephrosis"),
        ("1", "liver", None),
        ("yes", "kidney", None),
        ("malignant", None, None),
        ("purple", "breast", None),
    ],
)
def test_names(label: str, organ: str | None, code: str | None) -> None:
    assert find_code(label, organ) == code


def test_names_in_other_languages() -> None:
    node = load_tree()["breast_mass_malignant"]
    assert {find_code(name, "breast") for name in node.name.values()} == {node.code}


def test_kinds_narrow_the_search() -> None:
    assert find_code("lesion", "breast", kinds=(Kind.STRUCTURE,)) == "breast_lesion"

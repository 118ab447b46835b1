"""Which public codes, names and organ belong to one of our codes: for everything that leaves in a hospital's format."""

from __future__ import annotations

from collections.abc import Sequence

from lingyin.core.measurements import load_measurements
from lingyin.core.study import Finding
from lingyin.core.tree import Coding, load_tree


def codings_of(code: str) -> tuple[Coding, ...]:
    """Public codes of a node of the tree or of a measurement, the best first; empty for a code of neither."""
    tree, measurements = load_tree(), load_measurements()
    if code in measurements:
        return measurements[code].coding
    return tree[code].coding if code in tree else ()


def english_name(code: str) -> str:
    """Name of a node or measurement."""
    tree, measurements = load_tree(), load_measurements()
    if code in measurements:
        return measurements[code].name["en"]
    return tree[code].name["en"] if code in tree else code.replace("_", " ")


def site_of(code: str) -> str | None:
    """The organ (tree code) that a finding, structure or measurement lies in; None for what is said of the image."""
    tree, measurements = load_tree(), load_measurements()
    node = measurements[code].site if code in measurements else code
    return (tree.organ_of(node) or tree.region_of(node)) if node in tree else None


def is_fetal(findings: Sequence[Finding]) -> bool:
    """Whether the findings speak of a fetus, whose organs carry the codes of an adult's."""
    tree = load_tree()
    sites = (site_of(finding.code) for finding in findings)
    return any(site is not None and tree.region_of(site) == "region_fetus" for site in sites)

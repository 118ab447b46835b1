"""Settings of phantoms: what a seed draws, what may be set, and what a wrong setting is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lingyin.core.errors import UsageError
from lingyin.core.measurements import load_measurements
from lingyin.core.tree import load_tree
from lingyin.io.phantom.kinds import SCENES
from lingyin.io.phantom.parameters import FINDINGS, KINDS, findings_of, parameters_of, settle
from lingyin.io.phantom.render import Settings


def test_every_kind_can_be_drawn_and_made() -> None:
    assert set(KINDS) == set(SCENES)


@pytest.mark.parametrize("kind", KINDS)
def test_draws_lie_within_the_ranges(kind: str) -> None:
    known = parameters_of(kind)
    assert set(Settings.__dataclass_fields__) <= set(known)
    for seed in range(40):
        settled = settle(kind, seed, {})
        for name, parameter in known.items():
            assert parameter.check(settled.values[name]) == settled.values[name]


def test_setting_one_value_changes_no_other() -> None:
    free, fixed = settle("aorta", 5, {}), settle("aorta", 5, {"gain_db": "3"})
    assert fixed["gain_db"] == 3.0
    changed = {name for name in free.values if free.values[name] != fixed.values[name]}
    assert changed == {"gain_db"}


def test_aortas_cover_normal_ectatic_and_aneurysm() -> None:
    drawn = np.array([settle("aorta", seed, {})["diameter_mm"] for seed in range(400)])
    assert 0.4 < np.mean(drawn >= 30) < 0.62
    assert np.mean((drawn >= 25) & (drawn < 30)) > 0.08
    assert np.mean(drawn < 25) > 0.2
    assert drawn.min() < 16
    assert drawn.max() > 68


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"diametre": 3}, "diameter_mm (10 to 110 mm)"),
        ({"diameter_mm": 300}, "10 to 110 mm"),
        ({"diameter_mm": "wide"}, "10 to 110 mm"),
        ({"gain_db": "nan"}, "-25 to 25 dB"),
        ({"frames": 2.5}, "whole"),
        ({"probe": "round"}, "choose one of convex, linear"),
    ],
)
def test_wrong_settings_say_what_is_allowed(settings: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        settle("aorta", 0, settings)
    assert words in str(caught.value)


def test_unknown_kind_lists_the_kinds() -> None:
    with pytest.raises(UsageError, match="fetal-head"):
        parameters_of("spleen")


def test_finding_rules_speak_codes_of_tree_and_catalogue() -> None:
    tree, catalogue = load_tree(), load_measurements()
    for code, rule in FINDINGS.items():
        assert code in tree
        assert rule["measurement"] in catalogue


@pytest.mark.parametrize(
    ("diameter", "expected"),
    [
        (24.99, []),
        (25.0, ["abdominal_aortic_ectasia"]),
        (29.99, ["abdominal_aortic_ectasia"]),
        (30.0, ["abdominal_aortic_aneurysm"]),
    ],
)
def test_findings_at_the_thresholds(diameter: float, expected: list[str]) -> None:
    assert findings_of({"abdominal_aorta_diameter": diameter}) == expected


def test_above_and_below_are_strict() -> None:
    assert findings_of({"intima_media_thickness": 0.9}) == []
    assert findings_of({"intima_media_thickness": 0.91}) == ["intima_media_thickened"]
    assert findings_of({"left_ventricular_ejection_fraction": 52.0}) == []
    assert findings_of({"left_ventricular_ejection_fraction": 51.9}) == ["left_ventricular_ejection_fraction_reduced"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_guide_lists_every_setting_with_its_range(kind: str) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "how-to" / "phantoms.md").read_text(encoding="utf-8")
    assert f"| `{kind}` |" in guide
    for parameter in parameters_of(kind).values():
        assert f"| `{parameter.name}` | {parameter.domain} | {parameter.help} |" in guide

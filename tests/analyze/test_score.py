"""Scoring systems row by row against their own tables, and the ranges that come of what was not seen."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lingyin.analyze.rulebook import load_rules
from lingyin.analyze.score import Scored, score
from lingyin.analyze.scorebook import ScoreRule

BOOK = load_rules()
RULES = {rule.choice: rule for rule in BOOK.scores}
ACR, CHINESE, OVARY, BREAST = (RULES[choice] for choice in ("acr2017", "ctirads2020", "orads2022", "birads2013"))
NO_FOCI = dict.fromkeys(("macrocalcification", "peripheral_calcification", "punctate_foci"), "nothing")


def scored(rule: ScoreRule, **values: str) -> Scored:
    """Scores a lesion of which the named features are settled; a value "a|b" leaves two open. `size_mm` is measured."""
    sizes = {rule.size: (float(values["size_mm"]),) * 2} if "size_mm" in values and rule.size else {}
    seen = {code: frozenset(value.split("|")) for code, value in values.items() if code != "size_mm"}
    return score(rule, seen, sizes)  # type: ignore[arg-type]


def nodule(rule: ScoreRule = ACR, **values: str) -> Scored:
    """A nodule: `composition="solid"` stands for `nodule_composition = nodule_solid`; no foci unless named."""
    spelt: dict[str, str] = {} if rule is CHINESE else dict(NO_FOCI)
    for name, value in values.items():
        if name in {"composition", "echogenicity", "shape", "margin"}:
            prefix = "nodule_margin_" if name == "margin" and value != "extrathyroidal_extension" else "nodule_"
            spelt[f"nodule_{name}"] = "|".join(prefix + each for each in value.split("|"))
        else:
            spelt[name] = value
    return scored(rule, **spelt)


PUNCTATE = {"punctate_foci": "nodule_punctate_echogenic_foci"}
RIM = {"peripheral_calcification": "nodule_peripheral_calcification"}
MACRO = {"macrocalcification": "nodule_macrocalcification"}
CYST = {"composition": "cystic", "echogenicity": "anechoic", "shape": "wider_than_tall", "margin": "smooth"}
ISO = {"composition": "solid", "echogenicity": "iso_or_hyperechoic", "shape": "wider_than_tall", "margin": "smooth"}


@pytest.mark.parametrize(
    ("values", "points", "level"),
    [
        (CYST, 0, 1),
        (CYST | {"composition": "mixed", "echogenicity": "iso_or_hyperechoic"}, 2, 2),
        (ISO, 3, 3),
        (ISO | {"echogenicity": "hypoechoic"}, 4, 4),
        (ISO | {"echogenicity": "very_hypoechoic"}, 5, 4),
        (ISO | {"margin": "ill_defined"}, 3, 3),
        (ISO | {"margin": "irregular"}, 5, 4),
        (ISO | {"margin": "extrathyroidal_extension"}, 6, 4),
        (ISO | {"shape": "taller_than_wide"}, 6, 4),
        (ISO | {"echogenicity": "hypoechoic", "shape": "taller_than_wide"}, 7, 5),
        (ISO | MACRO, 4, 4),
        (ISO | RIM, 5, 4),
        (ISO | PUNCTATE, 6, 4),
        (ISO | MACRO | PUNCTATE, 7, 5),  # foci are summed
        (ISO | MACRO | RIM | PUNCTATE, 9, 5),
        (
            {"composition": "solid", "echogenicity": "very_hypoechoic", "shape": "taller_than_wide"}
            | {"margin": "extrathyroidal_extension"}
            | MACRO
            | RIM
            | PUNCTATE,
            17,
            5,
        ),
    ],
)
def test_acr_ti_rads_row_by_row(values: Mapping[str, str], points: int, level: int) -> None:
    result = nodule(**values)
    assert result.points == (points, points)
    assert result.grades == (f"acr_ti_rads_{level}",)
    assert not any(share.wanted for share in result.shares)


def test_a_spongiform_nodule_gets_no_further_points() -> None:
    result = nodule(composition="spongiform", echogenicity="hypoechoic", shape="taller_than_wide", margin="irregular")
    assert result.grades == ("acr_ti_rads_1",)


@pytest.mark.parametrize(
    ("values", "points", "grades"),
    [
        ({"composition": "solid", "shape": "wider_than_tall", "margin": "smooth"}, (3, 5), (3, 4)),
        ({"composition": "mixed", "echogenicity": "hypoechoic", "shape": "wider_than_tall"}, (3, 6), (3, 4)),
        (ISO | {"punctate_foci": "nothing|nodule_punctate_echogenic_foci"}, (3, 6), (3, 4)),
        (ISO | {"echogenicity": "hypoechoic|very_hypoechoic"}, (4, 5), (4,)),
        (ISO | {"shape": "wider_than_tall|taller_than_wide", "echogenicity": "hypoechoic"}, (4, 7), (4, 5)),
    ],
)
def test_what_is_not_seen_leaves_a_range(
    values: Mapping[str, str], points: tuple[int, int], grades: tuple[int, ...]
) -> None:
    result = nodule(**values)
    assert result.points == points
    assert result.grades == tuple(f"acr_ti_rads_{level}" for level in grades)
    open_features = {share.feature.code for share in result.shares if not share.settled}
    wanted = {share.feature.code for share in result.shares if share.wanted}
    assert wanted <= open_features
    assert bool(wanted) == (len(grades) > 1)


def test_a_cystic_nodule_has_no_other_echo_than_none() -> None:
    result = nodule(composition="cystic", shape="wider_than_tall", margin="smooth")
    assert result.points == (0, 0)
    echo = next(share for share in result.shares if share.feature.code == "nodule_echogenicity")
    assert echo.possible == ("nodule_anechoic",)


def test_sightings_that_contradict_each_other_are_still_scored() -> None:
    result = nodule(composition="cystic", echogenicity="hypoechoic", shape="wider_than_tall", margin="smooth")
    assert result.points == (2, 2)


def test_nothing_seen_leaves_every_category_open() -> None:
    result = score(ACR, {})
    assert result.grades == tuple(grade.code for grade in ACR.grade)
    assert all(share.unseen and share.wanted for share in result.shares)


@pytest.mark.parametrize(
    ("values", "size", "actions"),
    [
        (ISO, 14.9, ("none",)),
        (ISO, 15.0, ("follow-up",)),
        (ISO, 25.0, ("biopsy",)),
        (ISO | {"echogenicity": "hypoechoic"}, 9.9, ("none",)),
        (ISO | {"echogenicity": "hypoechoic"}, 10.0, ("follow-up",)),
        (ISO | {"echogenicity": "hypoechoic"}, 15.0, ("biopsy",)),
        (ISO | MACRO | PUNCTATE, 4.9, ("none",)),
        (ISO | MACRO | PUNCTATE, 5.0, ("follow-up",)),
        (ISO | MACRO | PUNCTATE, 10.0, ("biopsy",)),
        (CYST, 60.0, ("none",)),
        ({"composition": "solid", "shape": "wider_than_tall", "margin": "smooth"}, 16.0, ("follow-up", "biopsy")),
    ],
)
def test_advice_by_size(values: Mapping[str, str], size: float, actions: tuple[str, ...]) -> None:
    assert nodule(**values).actions((size, size)) == actions


def test_a_size_interval_over_a_limit_leaves_the_advice_open() -> None:
    assert nodule(**ISO).actions((14.0, 26.0)) == ("none", "follow-up", "biopsy")


@pytest.mark.parametrize(
    ("suspicious", "comet", "grade"),
    [(0, True, "2"), (0, False, "3"), (1, False, "4a"), (2, False, "4b"), (3, False, "4c"), (4, False, "4c"),
     (5, False, "5"), (1, True, "3"), (3, True, "4b")],
)  # fmt: skip
def test_chinese_counting_method(suspicious: int, comet: bool, grade: str) -> None:
    plain = ("wider_than_tall", "mixed", "iso_or_hyperechoic", "smooth", "nothing")
    marked = ("taller_than_wide", "solid", "very_hypoechoic", "irregular", "nodule_punctate_echogenic_foci")
    shape, composition, echo, margin, foci = (*marked[:suspicious], *plain[suspicious:])
    result = nodule(
        CHINESE, shape=shape, composition=composition, echogenicity=echo, margin=margin, punctate_foci=foci,
        comet_tail="nodule_comet_tail" if comet else "nothing",
    )  # fmt: skip
    assert result.grades == (f"c_ti_rads_{grade}",)


def lesion(
    build: str, solid: str = "nothing", contour: str = "smooth", size: float = 60, flow: int = 1, **more: str
) -> Scored:
    values = {"lesion_build": build, "solid_part": solid, "contour": contour, "colour_score": f"flow_{flow}"}
    values |= {"cyst_content": "anechoic", "menopause": "before", "shadow": "nothing"} | more
    return scored(OVARY, **values, size_mm=str(size))


@pytest.mark.parametrize(
    ("result", "category"),
    [
        (lesion("unilocular", size=30), 1),
        (lesion("unilocular", size=30, menopause="after"), 2),
        (lesion("unilocular", size=31), 2),
        (lesion("unilocular", size=99.9), 2),
        (lesion("unilocular", size=100), 3),
        (lesion("unilocular", size=60, cyst_content="echoes"), 2),
        (lesion("unilocular", contour="irregular", size=60), 3),
        (lesion("bilocular", size=60), 2),
        (lesion("bilocular", size=100), 3),
        (lesion("bilocular", contour="irregular"), 4),
        (lesion("unilocular", "some"), 4),
        (lesion("bilocular", "some", flow=4), 4),
        (lesion("unilocular", "four_projections"), 5),
        (lesion("multilocular", flow=3), 3),
        (lesion("multilocular", flow=4), 4),
        (lesion("multilocular", size=100), 4),
        (lesion("multilocular", contour="irregular"), 4),
        (lesion("multilocular", "some", flow=2), 4),
        (lesion("multilocular", "some", flow=3), 5),
        (lesion("solid", "some", flow=1), 3),
        (lesion("solid", "some", flow=2), 4),
        (lesion("solid", "some", flow=3, shadow="present"), 3),
        (lesion("solid", "some", flow=4, shadow="present"), 5),
        (lesion("solid", "some", "irregular", flow=1), 5),
    ],
)
def test_o_rads_row_by_row(result: Scored, category: int) -> None:
    assert result.grades == (f"o_rads_{category}",)


def test_o_rads_asks_for_what_it_needs_and_for_nothing_else() -> None:
    seen = {"lesion_build": "multilocular", "solid_part": "nothing", "contour": "smooth", "shadow": "nothing"}
    result = scored(OVARY, **seen, size_mm="60")
    assert result.grades == ("o_rads_3", "o_rads_4")
    assert [share.feature.code for share in result.shares if share.wanted] == ["colour_score"]
    small = scored(OVARY, **seen | {"lesion_build": "unilocular", "cyst_content": "anechoic"}, size_mm="25")
    assert small.grades == ("o_rads_1", "o_rads_2")
    assert [share.feature.code for share in small.shares if share.wanted] == ["menopause"]


def test_a_size_whose_interval_reaches_the_next_band_counts_in_both() -> None:
    seen = {
        "lesion_build": frozenset({"unilocular"}),
        "solid_part": frozenset({"nothing"}),
        "contour": frozenset({"smooth"}),
    }
    result = score(OVARY, seen, {"ovarian_lesion_long_axis": (97.0, 103.0)})
    assert result.grades == ("o_rads_2", "o_rads_3")


def mass(shape: str, side: str, margin: str, echo: str, behind: str = "nothing", foci: str = "nothing") -> Scored:
    return scored(
        BREAST,
        breast_mass_shape=f"breast_mass_shape_{shape}",
        breast_mass_orientation=f"breast_mass_{side}",
        breast_mass_margin=f"breast_mass_margin_{margin}",
        breast_mass_echo=echo,
        breast_mass_posterior=behind if behind == "nothing" else f"breast_mass_posterior_{behind}",
        breast_mass_foci=foci,
    )


@pytest.mark.parametrize(
    ("result", "categories"),
    [
        (mass("oval", "parallel", "circumscribed", "anechoic", "enhancement"), (2,)),
        (mass("round", "not_parallel", "circumscribed", "anechoic"), (2,)),
        (mass("oval", "parallel", "circumscribed", "hypoechoic"), (3,)),
        (mass("round", "not_parallel", "circumscribed", "hypoechoic"), (4,)),
        (mass("oval", "parallel", "circumscribed", "hypoechoic", "shadowing"), (4,)),
        (mass("oval", "parallel", "circumscribed", "complex"), (4,)),
        (mass("oval", "parallel", "circumscribed", "hypoechoic", foci="breast_mass_calcification"), (4,)),
        (mass("irregular", "parallel", "not_circumscribed", "hypoechoic"), (4,)),
        (mass("irregular", "not_parallel", "not_circumscribed", "hypoechoic"), (4, 5)),
        (mass("irregular", "parallel", "not_circumscribed", "hypoechoic", "shadowing"), (4, 5)),
    ],
)
def test_bi_rads_range_from_the_lexicon(result: Scored, categories: tuple[int, ...]) -> None:
    assert result.grades == tuple(f"bi_rads_{category}" for category in categories)

"""Which measurements belong to which organ: the structure they need, the tool that takes them, and standing caveats."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from lingyin.analyze.measure.area import measure_area
from lingyin.analyze.measure.carotid import measure_intima_media
from lingyin.analyze.measure.head import measure_head
from lingyin.analyze.measure.lesion import measure_lesion
from lingyin.analyze.measure.muscle import measure_muscle
from lingyin.analyze.measure.shot import Outcome, Tool
from lingyin.analyze.measure.ventricle import measure_ventricle
from lingyin.analyze.measure.vessel import measure_vessel

PLANE = ("view-not-verified",)


@dataclass(frozen=True, slots=True)
class Plan:
    """One tool: the organ it serves, the structure it measures, the codes it may give."""

    organ: str
    structure: str
    tool: Tool
    codes: tuple[str, ...]
    caveats: tuple[str, ...] = ()
    from_picture: bool = False  # read from the picture itself, without an outline of a network


def _lesion(organ: str, structure: str) -> Plan:
    codes = (f"{structure}_long_axis", f"{structure}_short_axis")
    return Plan(organ, structure, partial(measure_lesion, structure=structure), codes)


def _vessel(organ: str, structure: str, code: str) -> Plan:
    return Plan(organ, structure, partial(measure_vessel, structure=structure, code=code), (code,), PLANE)


def _area(organ: str, structure: str, code: str) -> Plan:
    return Plan(organ, structure, partial(measure_area, structure=structure, code=code), (code,), PLANE)


PLANS = (
    _vessel("abdominal_aorta", "abdominal_aorta_outer", "abdominal_aorta_diameter"),
    _vessel("abdominal_aorta", "abdominal_aorta_lumen", "abdominal_aorta_lumen_diameter"),
    _vessel("aortic_root", "aortic_root_lumen", "aortic_root_diameter"),
    Plan(
        "fetal_head",
        "fetal_skull",
        measure_head,
        ("fetal_head_circumference", "biparietal_diameter", "occipitofrontal_diameter"),
        PLANE,
    ),
    _lesion("thyroid", "thyroid_nodule"),
    _lesion("ovary", "ovarian_lesion"),
    _lesion("breast", "breast_lesion"),
    _lesion("liver", "liver_lesion"),
    _area("urinary_bladder", "bladder_lumen", "bladder_lumen_area"),
    _area("kidney", "renal_collecting_system", "renal_collecting_system_area"),
    Plan("muscle", "aponeurosis", measure_muscle, ("muscle_thickness", "pennation_angle", "fascicle_length"), PLANE),
    Plan("lung", "pleural_line", lambda _shots: Outcome(), ("b_line_count",), PLANE, from_picture=True),
    Plan("common_carotid_artery", "intima_media", measure_intima_media, ("intima_media_thickness",)),
    Plan(
        "heart",
        "left_ventricle_cavity",
        measure_ventricle,
        (
            "left_ventricle_end_diastolic_area",
            "left_ventricle_end_systolic_area",
            "left_ventricle_area_change",
            "left_ventricular_ejection_fraction",
        ),
    ),
)


def plans_for(organ: str) -> list[Plan]:
    """The measurements of an organ, in the order in which a report states them."""
    return [plan for plan in PLANS if plan.organ == organ]

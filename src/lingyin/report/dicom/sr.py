"""The findings as a Comprehensive 3D SR document of TID 1500: one measurement group each, unverified."""

from __future__ import annotations

from typing import Any

import highdicom as hd
import numpy as np
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from lingyin.core.study import Certainty, Finding, Laterality
from lingyin.core.tree import load_tree
from lingyin.report.concepts import is_fetal, site_of
from lingyin.report.dicom.coding import SCHEME, code_of, own_code, unit_code
from lingyin.report.dicom.common import (
    MANUFACTURER,
    SERIES_NUMBERS,
    Context,
    Referenced,
    code_item,
    finish,
    weights,
)
from lingyin.report.dicom.earlier import Earlier
from lingyin.report.dicom.regions import Outlines, Region, regions_of
from lingyin.report.dicom.verify import observer, person_name, set_verified
from lingyin.report.grammar import load_grammar
from lingyin.report.sentences import Section, sentences
from lingyin.report.statement import CORRECTED
from lingyin.report.wording import opened

# Presence in CID 240-like words; "in doubt" has its own concept, so that nobody reads it as either.
CERTAINTY = {
    Certainty.PRESENT: Code("52101004", "SCT", "Present"),
    Certainty.ABSENT: Code("272519000", "SCT", "Absent"),
    Certainty.UNSURE: Code("82334004", "SCT", "Indeterminate"),
}
SIDES = {
    Laterality.LEFT: codes.SCT.Left,
    Laterality.RIGHT: codes.SCT.Right,
    Laterality.BILATERAL: codes.SCT.RightAndLeft,
}  # CID 244
NORMALITY = {True: Code("263654008", "SCT", "Abnormal"), False: Code("17621005", "SCT", "Normal")}
ULTRASONOGRAPHY = Code("16310003", "SCT", "Diagnostic ultrasonography")
ENGLISH = hd.sr.CodedConcept("en", "RFC5646", "English")
NOT_STATED = "not stated"  # the organisation of a signer, which the standard wants
DIGITS = 6  # decimals of a stored number: far below any measurement error


def measurement_report(
    context: Context, referenced: Referenced, outlines: Outlines, earlier: Earlier | None = None
) -> Dataset:
    """The SR document (PS3.3 A.35.13, PS3.16 TID 1500): unverified until a physician has signed (PS3.3 C.17.2).

    Args:
        context: the study and where it belongs.
        referenced: the image instance whose frames the coordinates lie on.
        outlines: polygons by frame and structure, for findings whose evidence is a structure seen on a frame.
        earlier: the document that this one replaces, if any.
    """
    study = context.study
    signature = study.signatures[-1] if study.signatures else None
    told = _sentences(context)
    groups: list[Any] = []
    for index, finding in enumerate(study.findings):
        regions = regions_of(finding, outlines, referenced)
        groups.append(_group(context, referenced, index, regions[0] if regions else None, told.get(index, "")))
        groups += [_further(context, referenced, index, region) for region in regions[1:]]
    content = hd.sr.MeasurementReport(
        observation_context=_observation_context(context),
        procedure_reported=ULTRASONOGRAPHY,
        imaging_measurements=groups or [_nothing(context)],
        title=codes.DCM.ImagingMeasurementReport,
        language_of_content_item_and_descendants=hd.sr.LanguageOfContentItemAndDescendants(ENGLISH),
    )
    _comment(content[0], _whole_scan(context))
    evidence = Dataset()
    evidence.update(referenced.dataset)
    report = hd.sr.Comprehensive3DSR(
        evidence=[evidence],
        content=content[0],
        series_instance_uid=context.uid("sr"),
        series_number=SERIES_NUMBERS["sr"],
        sop_instance_uid=context.uid("sr 1"),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=signature is not None,
        is_verified=signature is not None,
        verifying_observer_name=None if signature is None else person_name(signature.by),
        verifying_organization=None if signature is None else signature.organisation or NOT_STATED,
        previous_versions=None if earlier is None else [earlier.report],
    )
    if signature is not None:
        set_verified(report, signature)
    report.CodingSchemeIdentificationSequence = [_own_scheme()]
    return finish(context, report, "sr")


def _sentences(context: Context) -> dict[int, str]:
    """The English sentence of each finding, with the rule that judged it."""
    told = {
        sentence.finding: sentence.text
        for sentence in sentences(context.study, "en")
        if sentence.section is Section.FINDINGS and sentence.finding is not None
    }
    for index, finding in enumerate(context.study.findings):
        if finding.rule is not None and index in told:
            rule = finding.rule
            checked = load_grammar("en").evidence.get(rule.evidence, rule.evidence)
            told[index] += f" Rule: {rule.guideline}, {rule.edition} ({checked}). {rule.text.get('en', '')}".rstrip()
    return told


def _whole_scan(context: Context) -> str:
    """What is said of the scan as a whole: triage, what was not assessed, limits, and what this document is."""
    lines = [
        sentence.text
        for sentence in sentences(context.study, "en")
        if sentence.section in {Section.COMPARISON, Section.NOT_ASSESSED, Section.LIMITS, Section.REVIEW}
        or (sentence.section is Section.IMPRESSION and sentence.finding is None)
    ]
    return "\n".join([*lines, load_grammar("en").ui["banner"]])


def _comment(container: Dataset, text: str) -> None:
    """Adds a comment (TIDs 1500, 1410 and 1501 are extensible)."""
    item = hd.sr.TextContentItem(codes.DCM.Comment, text, hd.sr.RelationshipTypeValues.CONTAINS)
    container.ContentSequence.append(item)


def _observation_context(context: Context) -> hd.sr.ObservationContext:
    study = context.study
    device = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=context.uid(f"device {study.model.sha256}"),
            name=study.program,
            manufacturer_name=MANUFACTURER,
            model_name=f"{study.program} {study.program_version}",
            serial_number=weights(study),
        ),
    )
    subject = None
    if is_fetal(study.findings):
        subject = hd.sr.SubjectContext(
            subject_class=codes.DCM.Fetus,
            subject_class_specific_context=hd.sr.SubjectContextFetus(subject_id="fetus seen in this scan"),
        )
    person = None if not study.signatures else observer(study.signatures[-1])
    return hd.sr.ObservationContext(
        observer_person_context=person, observer_device_context=device, subject_context=subject
    )


def _group(context: Context, referenced: Referenced, index: int, region: Region | None, told: str) -> Any:
    """The group of one finding: planar (TID 1410) where it points at pixels, else of frames as a whole (TID 1501)."""
    finding = context.study.findings[index]
    common: dict[str, Any] = {
        **_identity(context, index),
        "algorithm_id": None if CORRECTED in finding.caveats else _algorithm(context),
        "measurements": _measurements(finding) or None,
        "qualitative_evaluations": _evaluations(finding),
    }
    group: Any
    if region is not None:
        group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            referenced_region=_image_region(referenced, region), **common
        )
    else:
        frames = [frame for frame in dict.fromkeys(each.frame for each in finding.evidence) if referenced.holds(frame)]
        images = [hd.sr.SourceImageForMeasurementGroup(*_reference(referenced, frame)) for frame in frames]
        group = hd.sr.MeasurementsAndQualitativeEvaluations(source_images=images or None, **common)
    if told:
        _comment(group[0], told)
    return group


def _nothing(context: Context) -> Any:
    """The one group of a report without findings (TID 1500 wants at least one)."""
    return hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=context.uid("no finding"), identifier="no finding"),
        finding_type=own_code("no_finding", "Nothing could be stated"),
        algorithm_id=_algorithm(context),
        qualitative_evaluations=[
            hd.sr.QualitativeEvaluation(own_code("certainty", "Certainty"), CERTAINTY[Certainty.UNSURE])
        ],
    )


def _further(context: Context, referenced: Referenced, index: int, region: Region) -> Any:
    """Another place that a finding points at: the same tracking identifier, no numbers of its own."""
    return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        referenced_region=_image_region(referenced, region),
        **_identity(context, index),
        algorithm_id=_algorithm(context),
    )


def _identity(context: Context, index: int) -> dict[str, Any]:
    """What a group is about: tracking identifier, finding, site."""
    finding = context.study.findings[index]
    site = site_of(finding.code)
    return {
        "tracking_identifier": hd.sr.TrackingIdentifier(
            uid=context.uid(f"finding {index}"), identifier=f"{index + 1} {finding.code}"
        ),
        "finding_type": code_of(finding.code, opened(finding.name.get("en", finding.code))),
        "finding_sites": None if site is None else [_site(finding, site)],
    }


def _site(finding: Finding, organ: str) -> hd.sr.FindingSite:
    side = None if finding.laterality is None else SIDES[finding.laterality]
    return hd.sr.FindingSite(code_of(organ), laterality=side)


def _image_region(referenced: Referenced, region: Region) -> hd.sr.ImageRegion:
    image = hd.sr.SourceImageForRegion(*_reference(referenced, region.frame))
    return hd.sr.ImageRegion(region.graphic, np.asarray(region.points), image)


def _reference(referenced: Referenced, frame: int) -> tuple[str, str, list[int] | None]:
    dataset = referenced.dataset
    return dataset.SOPClassUID, dataset.SOPInstanceUID, referenced.frame_numbers(frame)


def _algorithm(context: Context) -> hd.sr.AlgorithmIdentification:
    study = context.study
    return hd.sr.AlgorithmIdentification(
        name=f"{study.program} {study.model.name}",
        version=f"{study.program_version}, weights {study.model.version}",
        parameters=[f"weights SHA-256 {study.model.sha256}"],
        manufacturer=MANUFACTURER,
    )


def _measurements(finding: Finding) -> list[hd.sr.Measurement]:
    """The value with its unit, 90 % interval and normality; the calibrated probability."""
    result = []
    if finding.value is not None:
        result.append(
            hd.sr.Measurement(
                name=code_of(finding.code),
                value=round(finding.value, DIGITS),
                unit=unit_code(finding.unit),
                method=None if finding.convention is None else _convention(finding.convention),
                properties=_properties(finding, finding.value),
            )
        )
    if finding.probability is not None:
        result.append(
            hd.sr.Measurement(
                name=codes.DCM.CertaintyOfFinding,
                value=round(100 * finding.probability, DIGITS),
                unit=unit_code("%"),
            )
        )
    return result


def _properties(finding: Finding, value: float) -> hd.sr.MeasurementProperties | None:
    if finding.abnormal is None and finding.interval is None:
        return None
    low, high = finding.interval or (None, None)
    properties = hd.sr.MeasurementProperties(
        normality=None if finding.abnormal is None else NORMALITY[finding.abnormal],
        upper_measurement_uncertainty=None if high is None else round(max(0.0, high - value), DIGITS),
        lower_measurement_uncertainty=None if low is None else round(max(0.0, value - low), DIGITS),
    )
    for item in properties:
        if item.ValueType == "NUM":  # highdicom gives no unit to what has the unit of the value (TID 310)
            item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = [code_item(unit_code(finding.unit))]
    return properties


def _convention(convention: str) -> Code:
    words = load_grammar("en").convention.get(convention, convention.replace("-", " "))
    return own_code(convention, words)


def _evaluations(finding: Finding) -> list[hd.sr.QualitativeEvaluation]:
    """Certainty; the grade of the rule; normality of what carries no number."""
    result = [hd.sr.QualitativeEvaluation(own_code("certainty", "Certainty"), CERTAINTY[finding.certainty])]
    if finding.grade is not None:
        tree = load_tree()
        name = finding.grade_name.get("en") or finding.grade.replace("_", " ")
        grade = code_of(finding.grade) if finding.grade in tree else own_code(finding.grade, name)
        result.append(hd.sr.QualitativeEvaluation(own_code("grade", "Grade by the rule"), grade))
    if finding.abnormal is not None and finding.value is None:
        result.append(hd.sr.QualitativeEvaluation(own_code("normality", "Normality"), NORMALITY[finding.abnormal]))
    return result


def _own_scheme() -> Dataset:
    """Names our own code scheme (PS3.3 C.12.1.1.21)."""
    item = Dataset()
    item.CodingSchemeDesignator = SCHEME
    item.CodingSchemeName = "Lingyin label tree"
    item.CodingSchemeResponsibleOrganization = "The Lingyin authors"
    return item

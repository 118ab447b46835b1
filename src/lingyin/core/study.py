"""`Finding` and `Study`: what an analysis says, with the evidence for each statement. Serialises as `report.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

Point = tuple[float, float]  # (x, y) in pixels of the stored frame, pixel centres at integers
Text = dict[str, str]  # language tag ("en", "zh-Hans", "zh-Hant") -> text

LANGUAGES = ("en", "zh-Hans", "zh-Hant")


class Record(BaseModel):
    """Base of the records: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Certainty(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    UNSURE = "unsure"


class Triage(StrEnum):
    URGENT = "urgent"
    ABNORMAL = "abnormal"
    NORMAL = "normal"
    CANNOT_SAY = "cannot-say"


class Laterality(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    BILATERAL = "bilateral"


class Status(StrEnum):
    """Whether a physician stands behind the report (HL7 FHIR R4, DiagnosticReport.status)."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"  # signed, changed and signed again


class Category(StrEnum):
    """What kind of statement a finding is; the report groups by it."""

    ORGAN = "organ"
    VIEW = "view"
    DIAGNOSIS = "diagnosis"
    MEASUREMENT = "measurement"
    STRUCTURE = "structure"
    DESCRIPTOR = "descriptor"  # what a lesion looks like, in the words of a lexicon
    ASSESSMENT = "assessment"  # category of a scoring system, or the range of them that is left open
    QUALITY = "quality"


class EvidenceKind(StrEnum):
    FRAME = "frame"
    MASK = "mask"  # `polygons` outline it
    BOX = "box"  # `points` = top-left, bottom-right
    LINE = "line"  # `points` = the two caliper ends
    POINTS = "points"
    TRACE = "trace"  # `values` over `frames`


class Evidence(Record):
    """The frame and the pixels a statement came from."""

    frame: int = Field(ge=0, description="0-based frame index within the clip")
    time_s: float = Field(default=0.0, ge=0, description="time of the frame from the start of the clip, seconds")
    kind: EvidenceKind
    label: str | None = Field(default=None, description="code of the structure outlined (tree)")
    points: list[Point] = Field(default_factory=list, description="pixels (x, y) of the stored frame")
    polygons: list[list[Point]] = Field(default_factory=list, description="outlines, pixels (x, y) of the stored frame")
    frames: list[int] = Field(default_factory=list, description="frames of a trace")
    values: list[float] = Field(default_factory=list, description="values of a trace, in the finding's unit")
    score: float | None = Field(default=None, ge=0, le=1, description="network certainty for this evidence")


class RuleRef(Record):
    """The rule that judged a finding, with its guideline."""

    id: str
    guideline: str
    edition: str
    evidence: str = Field(description="primary | secondary | general-knowledge: how the threshold was sourced")
    text: Text = Field(default_factory=dict, description="the threshold in words")
    url: str | None = None


class Finding(Record):
    """One statement of the report."""

    code: str = Field(description="code of the label tree or of the measurement catalogue")
    category: Category
    name: Text
    certainty: Certainty
    probability: float | None = Field(
        default=None, ge=0, le=1, description="calibrated probability, where a head gave one"
    )
    value: float | None = None
    unit: str | None = Field(default=None, description="UCUM unit")
    interval: tuple[float, float] | None = Field(default=None, description="90 % interval of the value")
    convention: str | None = Field(default=None, description="caliper convention, e.g. outer-to-outer")
    laterality: Laterality | None = Field(default=None, description="side of the body, where one is known")
    abnormal: bool | None = Field(default=None, description="outside the rule's reference; null where no rule applies")
    urgent: bool = False
    grade: str | None = Field(default=None, description="code of the grade that the rule gave")
    grade_name: Text = Field(default_factory=dict)
    evidence: list[Evidence] = Field(default_factory=list)
    rule: RuleRef | None = None
    caveats: list[str] = Field(default_factory=list, description="codes of caveats (catalogue of phrases)")


class NotAssessed(Record):
    """What could not be judged, and why."""

    code: str
    name: Text
    reason: str = Field(description="code of the reason (catalogue of phrases)")


class ClipInfo(Record):
    """The clip that a study was made from; frames and times are needed to show the evidence."""

    source: str
    kind: str
    width: int
    height: int
    frames: int
    duration_s: float
    frame_rate_hz: float | None
    calibrated: bool
    calibration: str
    mm_per_px_x: float | None = None
    mm_per_px_y: float | None = None
    manufacturer: str | None = None
    model_name: str | None = None
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    sop_instance_uid: str | None = None
    sop_class_uid: str | None = None
    sector_box: tuple[float, float, float, float] | None = None
    key_frames: list[int] = Field(default_factory=list)
    frames_read: int = Field(description="frames that the analysis looked at")
    notes: list[str] = Field(default_factory=list)


class SpanKind(StrEnum):
    """What a stretch of frames is; the analysis weighs its frames by it."""

    SCENE = "scene"  # between two cuts
    FREEZE = "freeze"  # the same picture again and again
    PROBE_LIFT = "probe-lift"  # no contact: no tissue in the sector
    VIEW = "view"  # one organ or standard view, as far as heads can tell


class Span(Record):
    """A stretch of the clip, both ends included."""

    kind: SpanKind
    first: int = Field(ge=0, description="first frame")
    last: int = Field(ge=0, description="last frame")
    code: str | None = Field(default=None, description="organ or view shown (tree), where kind is view")
    used: bool = Field(default=True, description="whether findings may rest on it")


class FrameQuality(Record):
    """How good one frame that was read is as a picture, and what is wrong with it."""

    frame: int = Field(ge=0)
    score: float = Field(ge=0, le=1, description="weight of the frame against its neighbours")
    code: str = Field(description="code of the fault, or adequate (catalogue of phrases, quality)")


class Examination(Record):
    """The standard views that an examination protocol asks for: seen, not seen, and those that no head can tell."""

    protocol: str = Field(description="code of the protocol")
    name: Text
    guideline: str
    edition: str
    evidence: str = Field(description="primary | secondary | general-knowledge")
    seen: list[str] = Field(default_factory=list, description="codes of views (tree)")
    missing: list[str] = Field(default_factory=list, description="heads could have told them, and did not see them")
    untold: list[str] = Field(default_factory=list, description="no head of this network tells them apart")


class ModelInfo(Record):
    """The network that spoke."""

    name: str
    version: str
    sha256: str


class Growth(Record):
    """How one measurement changed since the prior study."""

    finding: int = Field(ge=0, description="index within findings")
    prior_value: float
    prior_interval: tuple[float, float] | None = None
    difference: float = Field(description="value now less the prior one, in the finding's unit")
    difference_interval: tuple[float, float] | None = Field(default=None, description="90 % interval")
    per_year: float | None = Field(default=None, description="null where the studies lie too close together")
    per_year_interval: tuple[float, float] | None = Field(default=None, description="90 % interval")
    verdict: str = Field(description="grown | shrunk | unchanged | not-certain (no interval)")


class Comparison(Record):
    """What became of the findings of an earlier study of the same patient."""

    prior_date: str = Field(description="ISO 8601 date of the prior study")
    date: str = Field(description="ISO 8601 date of this study")
    days: int = Field(gt=0)
    prior_sha256: str = Field(description="SHA-256 of the prior report.json")
    prior_sop_instance_uid: str | None = None
    identity: str = Field(description="how the patient was matched: patient-id | asserted")
    growth: list[Growth] = Field(default_factory=list)
    appeared: list[int] = Field(default_factory=list, description="abnormal findings that the prior study did not have")
    vanished: list[NotAssessed] = Field(default_factory=list, description="abnormal before, now absent or normal")
    not_compared: list[NotAssessed] = Field(default_factory=list, description="with the reason (phrases, uncompared)")


class Content(Record):
    """What a report says, without who made it: the part that a physician may change."""

    findings: list[Finding]
    not_assessed: list[NotAssessed]
    triage: Triage
    triage_reason: str
    comparison: Comparison | None = None


class Change(Record):
    """One finding that a signature changed; `before` and `after` are its index in the findings of either side."""

    code: str
    kind: str = Field(description="changed | rejected | added")
    by_rule: bool = Field(default=False, description="follows from another change by a rule")
    before: int | None = None
    after: int | None = None
    fields: list[str] = Field(default_factory=list, description="names of the fields that differ")


class Signature(Record):
    """Who stands behind the report since when, what he changed, and all that the report said before."""

    by: str
    organisation: str | None = None
    at: str = Field(description="ISO 8601 UTC")
    comment: str | None = None
    changes: list[Change] = Field(default_factory=list)
    before: Content = Field(description="the report before this signature; of the first one, the model's original")
    content_sha256: str = Field(description="SHA-256 of all that was signed")
    previous_sha256: str = Field(description="of the signature before; of the first one, of the model's original")
    sha256: str = Field(description="SHA-256 of this signature, which the next one includes")


class Study(Record):
    """Findings, what could not be judged, and the triage of one scan."""

    schema_version: str = "1.0"
    program: str
    program_version: str
    created: str = Field(description="ISO 8601 UTC")
    clip: ClipInfo
    model: ModelInfo
    triage: Triage
    triage_reason: str = Field(description="code of the reason (catalogue of phrases)")
    findings: list[Finding]
    not_assessed: list[NotAssessed] = Field(default_factory=list)
    examination: Examination | None = Field(default=None, description="against the organ's protocol, if it has one")
    spans: list[Span] = Field(default_factory=list, description="scenes, freezes, lifted probe, views")
    quality: list[FrameQuality] = Field(default_factory=list, description="of every frame that was read")
    comparison: Comparison | None = Field(default=None, description="with a prior study, where one was given")
    status: Status = Status.PRELIMINARY
    signatures: list[Signature] = Field(default_factory=list, description="oldest first; empty while preliminary")
    research_use_only: bool = True


@dataclass(frozen=True)
class Analysis:
    """A study together with what only pictures need: outlines of every frame that was read.

    `outlines[frame][structure_code]` is a list of closed polygons in pixels of the stored frame.
    """

    study: Study
    outlines: Mapping[int, Mapping[str, list[list[Point]]]]

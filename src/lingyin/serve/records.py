"""What the API answers with; these records are also its OpenAPI description."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from lingyin.report.review.edits import MOST_EDITS, Edit

State = Literal["queued", "running", "done", "failed"]


class StudyRecord(BaseModel):
    """One scan: where it stands in the queue, or what its analysis said."""

    id: str = Field(description="random; tells nothing about the patient")
    name: str = Field(description="name of the file as it was uploaded")
    state: State
    stage: str | None = Field(description="what the analysis is doing (queued and running studies)")
    progress: float = Field(ge=0, le=1, description="share of the present stage")
    triage: str | None = Field(description="urgent | abnormal | normal | cannot-say")
    organ: dict[str, str] | None = Field(description="name of the organ in each language")
    error: str | None
    created: str = Field(description="ISO 8601 UTC")
    finished: str | None
    status: str | None = Field(default=None, description="preliminary | final | amended, once there is a report")
    report_sha256: str | None = Field(default=None, description="of report.json; given for one study, not in lists")
    files: list[str] = Field(default_factory=list, description="files under /studies/{id}/files/")


class StudyPage(BaseModel):
    """A part of the worklist."""

    total: int
    offset: int
    studies: list[StudyRecord]


class Refusal(BaseModel):
    """An uploaded file that is no scan, and why."""

    name: str
    reason: str


class Accepted(BaseModel):
    """What became of an upload."""

    studies: list[StudyRecord]
    refused: list[Refusal]


class Problem(BaseModel):
    """An answer other than success."""

    detail: str


class Health(BaseModel):
    """Whether the server works, without any data."""

    status: Literal["ok", "worker-stopped"]
    version: str
    waiting: int


class AuditLine(BaseModel):
    """Who did what, when."""

    at: str
    who: str
    action: str
    study: str | None


class AuditPage(BaseModel):
    """A part of the audit log, the latest first."""

    total: int
    offset: int
    lines: list[AuditLine]


class Login(BaseModel):
    """The token of the link."""

    token: str = Field(min_length=1, max_length=200)


class SignRequest(BaseModel):
    """A physician's corrections and signature."""

    by: str = Field(min_length=1, max_length=64, description="name of the signer")
    organisation: str | None = Field(default=None, max_length=64)
    comment: str | None = Field(default=None, max_length=4000)
    seen_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the report.json that was looked at")
    edits: list[Edit] = Field(default_factory=list, max_length=MOST_EDITS)


class Signed(BaseModel):
    """What a signature did."""

    status: str
    by: str
    at: str
    sha256: str
    triage: str
    changes: int


class Prior(BaseModel):
    """Another study of the same patient."""

    id: str
    made: str = Field(description="date of the study, ISO 8601")
    name: str
    triage: str | None


class CatalogueEntry(BaseModel):
    """A finding or measurement that may be added to a report."""

    code: str
    name: dict[str, str]
    unit: str | None = Field(description="UCUM; null for what carries no number")


class Agreement(BaseModel):
    """One month of first signatures: `findings` that the program had stated, and what became of them."""

    month: str
    reports: int
    findings: int
    changed: int
    rejected: int
    added: int

"""What the API answers with; these records are also its OpenAPI description."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

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

"""Standardised examinations: which standard views of the organ's protocol were seen, which were not, and which cannot
be told."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import numpy as np
from pydantic import Field, ValidationError, model_validator

from lingyin.analyze.cited import Cited, Code, Entry, Words
from lingyin.analyze.measure.caliper import fit_ellipse
from lingyin.analyze.measure.shot import Shot
from lingyin.analyze.measure.vessel import TUBE
from lingyin.core.errors import CatalogueError
from lingyin.core.paths import packaged
from lingyin.core.study import Category, Certainty, Evidence, EvidenceKind, Examination, Finding, NotAssessed
from lingyin.core.tree import Kind, Tree

NOT_SEEN, NOT_TOLD = "view-not-seen", "view-not-told"


class ByOutline(Entry):
    """Views that the outline of a vessel tells by its shape: `along` its course, or `across` it."""

    structure: Code
    along: tuple[Code, ...] = ()
    across: tuple[Code, ...] = ()


class Protocol(Cited):
    """One standard examination: the organs that it is about, and the views that it asks for."""

    code: Code
    organs: Annotated[tuple[Code, ...], Field(min_length=1)]
    name: Words
    views: Annotated[tuple[Code, ...], Field(min_length=1)]
    by_outline: ByOutline | None = None

    @model_validator(mode="after")
    def _told_views_are_asked_for(self) -> Protocol:
        if self.by_outline is not None and not {*self.by_outline.along, *self.by_outline.across} <= set(self.views):
            raise ValueError(f"{self.code}: by_outline names a view that is not asked for")
        return self


class _File(Entry):
    examination: tuple[Protocol, ...]


@functools.cache
def load_protocols() -> Mapping[str, Protocol]:
    """The protocol of each organ that has one.

    Raises:
        CatalogueError: the file is wrong, or an organ has two protocols.
    """
    path = packaged("lingyin.analyze", "protocols").joinpath("examinations.toml")
    try:
        listed = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).examination
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise CatalogueError(f"protocols/{path.name}: {error}") from error
    found: dict[str, Protocol] = {}
    for protocol in listed:
        for organ in protocol.organs:
            if organ in found:
                raise CatalogueError(f"protocols/{path.name}: {organ} has two protocols")
            found[organ] = protocol
    return found


def examine(
    organ: str,
    labels: Iterable[str],
    findings: Sequence[Finding],
    shots: Mapping[str, Sequence[Shot]],
    tree: Tree,
) -> tuple[Examination | None, list[Finding], list[NotAssessed]]:
    """Compares a clip with the protocol of its organ; None and nothing more where the organ has none.

    Args:
        organ: the recognised organ.
        labels: all labels that heads can give for it; views among them can be told.
        findings: what heads said; views that are present count as seen.
        shots: outlines by structure, which tell the course of a vessel.

    Returns:
        The examination, findings of views that outlines told, and the views that were not assessed.
    """
    protocol = load_protocols().get(organ)
    if protocol is None:
        return None, [], []
    seen = {each.code for each in findings if each.category is Category.VIEW and each.certainty is Certainty.PRESENT}
    told = {label for label in labels if tree[label].kind is Kind.VIEW}
    outlined = _by_outline(protocol, shots, tree)
    if protocol.by_outline is not None:
        told |= {*protocol.by_outline.along, *protocol.by_outline.across}
    seen |= {each.code for each in outlined}
    missing = [view for view in protocol.views if view in told and view not in seen]
    untold = [view for view in protocol.views if view not in told and view not in seen]
    record = Examination(
        protocol=protocol.code,
        name=protocol.name,
        guideline=protocol.guideline,
        edition=protocol.edition,
        evidence=protocol.evidence,
        seen=[view for view in protocol.views if view in seen],
        missing=missing,
        untold=untold,
    )
    reasons = [*((view, NOT_SEEN) for view in missing), *((view, NOT_TOLD) for view in untold)]
    return record, outlined, [NotAssessed(code=view, name=tree[view].name, reason=reason) for view, reason in reasons]


def _by_outline(protocol: Protocol, shots: Mapping[str, Sequence[Shot]], tree: Tree) -> list[Finding]:
    """Views that the shape of a vessel's outline tells in most frames that show it."""
    rule = protocol.by_outline
    if rule is None:
        return []
    shown = [shot for shot in shots.get(rule.structure, ()) if fit_ellipse(shot.outline_mm()) is not None]
    if not shown:
        return []
    tube = float(np.median([_slenderness(shot) for shot in shown])) >= TUBE
    best = max(shown, key=lambda shot: shot.certainty * shot.quality)
    evidence = Evidence(frame=best.frame, time_s=best.time_s, kind=EvidenceKind.FRAME, label=rule.structure)
    return [
        Finding(
            code=view,
            category=Category.VIEW,
            name=tree[view].name,
            certainty=Certainty.PRESENT,
            evidence=[evidence],
        )
        for view in (rule.along if tube else rule.across)
    ]


def _slenderness(shot: Shot) -> float:
    ellipse = fit_ellipse(shot.outline_mm())
    return 1.0 if ellipse is None else ellipse.long / ellipse.short

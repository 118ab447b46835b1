"""What the printed report says, as plain data for the Typst template: the same lines and rows as the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lingyin.core.clip import Clip
from lingyin.core.study import Analysis, Study
from lingyin.report.grammar import Grammar, load_grammar
from lingyin.report.page import languages_of
from lingyin.report.pictures import Pictures
from lingyin.report.sentences import by_urgency, name_of
from lingyin.report.shapes import Overlay, caliper_text, structure_name
from lingyin.report.view import Line, file_name, frames_of, unbroken, view
from lingyin.report.wording import number, opened, say


def pdf_content(analysis: Analysis, clip: Clip, pictures: Pictures, frames: Sequence[int], lang: str) -> dict[str, Any]:
    """Everything the template prints; `frames` are the key pictures (0-based), each in `pictures`."""
    study = analysis.study
    overlay = Overlay.of(analysis)
    return {
        "file": file_name(study.clip.source),
        "created": datetime.fromisoformat(study.created).strftime("%Y-%m-%d %H:%M UTC"),
        "program": f"{study.program} {study.program_version}",
        "triage": study.triage.value,
        "width": pictures.display.width,
        "height": pictures.display.height,
        "parts": [_part(study, clip, pictures, overlay, frames, load_grammar(each)) for each in languages_of(lang)],
    }


def picture_name(frame: int) -> str:
    """Name of a key picture beside the template."""
    return f"frame-{frame}.jpg"


def _part(
    study: Study, clip: Clip, pictures: Pictures, overlay: Overlay, frames: Sequence[int], grammar: Grammar
) -> dict[str, Any]:
    shown = view(study, grammar)
    return {
        "lang": grammar.lang,
        "ui": dict(grammar.ui),
        "triage": grammar.triage[study.triage.value],
        "status": shown.status,
        "comparison": [_line(line, grammar) for line in shown.comparison],
        "review": [_line(line, grammar) for line in shown.review],
        "impression": [_line(line, grammar) for line in shown.impression],
        "findings": [_line(line, grammar) for line in shown.findings],
        "not_assessed": [_line(line, grammar) for line in shown.not_assessed],
        "limits": [_line(line, grammar) for line in shown.limits],
        "rows": [
            {
                "name": row.name,
                "result": row.result,
                "interval": row.interval,
                "judgement": row.judgement,
                "mark": grammar.mark[row.mark],
                "key": row.mark,
                "note": row.note,
                "frames": _frame_list(row.frames),
            }
            for row in shown.rows
        ],
        "notes": [
            {
                "number": note.number,
                "text": note.text,
                "source": f"{note.guideline}, {note.edition}",
                "evidence": note.evidence,
                "url": note.url or "",
            }
            for note in shown.notes
        ],
        "facts": [*([name, fact] for name, fact in shown.facts), *_identifier(study)],
        "reader": "; ".join(study.clip.notes),
        "figures": [_figure(study, clip, pictures, overlay, frame, grammar) for frame in frames],
    }


def _identifier(study: Study) -> list[list[str]]:
    """The instance that was analysed, so that a printed page can be traced without naming anybody."""
    uid = study.clip.sop_instance_uid
    return [] if uid is None else [["SOP Instance UID", uid]]


def _line(line: Line, grammar: Grammar) -> dict[str, Any]:
    return {
        "text": line.text,
        "mark": "" if line.mark in (None, "none", "normal") else grammar.mark[line.mark],
        "key": line.mark or "none",
        "note": line.note,
        "frames": _frame_list(line.frames),
        "rule": line.rule or "",
    }


def _frame_list(frames: Sequence[int]) -> str:
    """Frame numbers as people count them; a long list is told by its first ones."""
    told = ", ".join(str(frame + 1) for frame in frames[:3])
    return f"{told}, …" if len(frames) > 3 else told


def _figure(
    study: Study, clip: Clip, pictures: Pictures, overlay: Overlay, frame: int, grammar: Grammar
) -> dict[str, Any]:
    """A key picture with its outlines and calipers, in pixels of the picture, and what it shows in words."""
    shapes = [shape for shape in overlay.drawable(frame, pictures.display) if not shape["twin"]]
    for shape in shapes:
        finding = shape["finding"]
        is_caliper = shape["kind"] == "line" and finding is not None
        shape["value"] = unbroken(caliper_text(study.findings[finding], grammar)) if is_caliper else ""
    outlined = dict.fromkeys(shape["structure"] for shape in shapes if shape["structure"])
    shown = [index for index in by_urgency(study.findings) if frame in frames_of(study.findings[index])]
    return {
        "picture": picture_name(frame),
        "title": grammar.ui["frame_at"].format(n=frame + 1, t=number(float(clip.times_s[frame]), 2)),
        "shapes": [shape for shape in shapes if shape["kind"] != "box" or shape["structure"]],
        "legend": [
            {
                "name": opened(say(dict(structure_name(code)), grammar.lang, code)),
                "colour": overlay.looks[code][0],
                "dash": overlay.looks[code][1],
            }
            for code in outlined
        ],
        "findings": [_finding(study, index, grammar) for index in shown],
    }


def _finding(study: Study, index: int, grammar: Grammar) -> str:
    finding = study.findings[index]
    name, value = opened(name_of(finding, grammar)), unbroken(caliper_text(finding, grammar))
    return f"{name} {value}".strip()

"""`report.html`: one file that holds everything it shows and reaches for nothing outside itself."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lingyin.core.clip import Clip
from lingyin.core.paths import packaged
from lingyin.core.study import LANGUAGES, Analysis, Finding, Study
from lingyin.report.grammar import Grammar, load_grammar
from lingyin.report.pictures import Pictures
from lingyin.report.sentences import by_urgency, name_of
from lingyin.report.shapes import Overlay, caliper_text, structure_name
from lingyin.report.traces import traces
from lingyin.report.view import file_name, frames_of, unbroken, view
from lingyin.report.wording import opened

MOST_KEY_PICTURES = 6
PLAYER_WORDS = ("title", "viewer", "frame_status", "measured", "no_scale")


def languages_of(lang: str) -> tuple[str, ...]:
    """The languages that `lang` asks for: all three for "all"."""
    return LANGUAGES if lang == "all" else (load_grammar(lang).lang,)


def render_page(analysis: Analysis, clip: Clip, pictures: Pictures, lang: str) -> str:
    """The page in `lang` (or "all"), with the frames that `pictures` holds."""
    study = analysis.study
    grammars = [load_grammar(each) for each in languages_of(lang)]
    overlay = Overlay.of(analysis)
    key_frames = choose_key_frames(study, pictures)
    return render(
        "report.html.j2",
        grammars,
        study=study,
        title=file_name(study.clip.source),
        views=[view(study, grammar) for grammar in grammars],
        figures=[_figure(frame, clip, overlay, pictures, study) for frame in key_frames],
        traces={trace.finding: trace for trace in traces(study)},
        display=pictures.display,
        total=len(clip),
        shown=len(pictures.jpeg),
        legend=[(look, structure_name(code)) for code, look in overlay.looks.items()],
        data=embedded_json(
            {
                "frames": _frames(clip, overlay, pictures, key_frames),
                "total": len(clip),
                "width": pictures.display.width,
                "height": pictures.display.height,
                "findings": [_finding(finding, grammars) for finding in study.findings],
                "words": {each.lang: {key: each.ui[key] for key in PLAYER_WORDS} for each in grammars},
                "start": key_frames[0],
                "scale": _scale(study, pictures),
            }
        ),
        script=asset("hand.js") + asset("player.js"),
    )


def render(template: str, grammars: Sequence[Grammar], **context: Any) -> str:
    """A page from a template, with the style and the languages it needs; only its own style and script may run."""
    style = asset("style.css")
    script = context.pop("script", "")
    policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
    policy += f"; style-src {_hashed(style)}" + (f"; script-src {_hashed(script)}" if script else "")
    return (
        _environment()
        .get_template(template)
        .render(
            grammars=grammars,
            first=grammars[0],
            policy=policy,
            style=Markup(style),
            script=Markup(script),
            **context,
        )
    )


def choose_key_frames(study: Study, pictures: Pictures) -> list[int]:
    """Frames worth a picture on paper: the evidence, the most urgent first; without any, a key frame of the clip."""
    wanted = [frame for index in by_urgency(study.findings) for frame in frames_of(study.findings[index])[:2]]
    wanted = wanted or list(study.clip.key_frames[:1])
    known = [frame for frame in dict.fromkeys(wanted) if frame in pictures.jpeg]
    return known[:MOST_KEY_PICTURES] or sorted(pictures.jpeg)[len(pictures.jpeg) // 2 :][:1]


@functools.cache
def asset(name: str) -> str:
    """Text of a packaged style or script."""
    return packaged("lingyin.report", "templates", name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(packaged("lingyin.report", "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = data_uri
    environment.filters["opened"] = opened
    return environment


def data_uri(jpeg: bytes) -> str:
    """A JPEG as text that stands in an address."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def embedded_json(content: object) -> Markup:
    """JSON that may stand inside a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _scale(study: Study, pictures: Pictures) -> dict[str, Any]:
    """What calipers on the page need: mm per pixel of the picture (null without calibration), where that holds, and
    the size of the stored frame."""
    display, clip = pictures.display, study.clip
    left, top, right, bottom = clip.sector_box or (0.0, 0.0, float(clip.width), float(clip.height))
    known = clip.mm_per_px_x is not None and clip.mm_per_px_y is not None
    return {
        "mm": [
            (clip.mm_per_px_x or 0.0) * clip.width / display.width,
            (clip.mm_per_px_y or 0.0) * clip.height / display.height,
        ]
        if known
        else None,
        "box": [*display.point((left, top)), *display.point((right, bottom))],
        "stored": [clip.width, clip.height],
    }


def _figure(frame: int, clip: Clip, overlay: Overlay, pictures: Pictures, study: Study) -> dict[str, Any]:
    """A key picture: the frame, what is drawn on it (evidence in place of plain outlines), the findings it shows."""
    shapes = overlay.drawable(frame, pictures.display)
    as_evidence = {shape["structure"] for shape in shapes if shape["twin"]}
    return {
        "frame": frame,
        "time": float(clip.times_s[frame]),
        "jpeg": pictures.jpeg[frame],
        "shapes": [
            shape
            for shape in shapes
            if (shape["finding"] is None and shape["structure"] not in as_evidence)
            or (shape["finding"] is not None and (shape["structure"] or shape["kind"] != "box"))
        ],
        "findings": [index for index in by_urgency(study.findings) if frame in frames_of(study.findings[index])],
    }


def _frames(clip: Clip, overlay: Overlay, pictures: Pictures, key_frames: Sequence[int]) -> list[dict[str, Any]]:
    """The frames for the player. One that the page shows as a key picture is not stored twice."""
    return [
        {
            "index": index,
            "time": round(float(clip.times_s[index]), 4),
            "src": None if index in key_frames else data_uri(pictures.jpeg[index]),
            "shapes": overlay.drawable(index, pictures.display),
        }
        for index in sorted(pictures.jpeg)
    ]


def _finding(finding: Finding, grammars: Sequence[Grammar]) -> dict[str, Any]:
    """Name and value of a finding in each language, for the picture."""
    return {
        "name": {each.lang: opened(name_of(finding, each)) for each in grammars},
        "value": {each.lang: unbroken(caliper_text(finding, each)) for each in grammars},
    }

"""The page: stands alone, escapes what files bring along, speaks each language, points at frames it really holds."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.core.study import LANGUAGES
from lingyin.report import sentences, write_report
from lingyin.report.page import embedded_json
from tests.report.builders import CASES, aneurysm, make_clip, make_study

VOID = {"meta", "link", "img", "input", "br", "hr"}


class Reader(HTMLParser):
    """Every start tag with its attributes, ids, and the text of scripts; complains of tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)


def player_data(page: str) -> dict:
    return json.loads(Reader(page).scripts[0])


def test_page_reaches_for_nothing_outside(case, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_report(*case, tmp_path / "report")
    reader = Reader((tmp_path / "report" / "report.html").read_text(encoding="utf-8"))
    for tag, attributes in reader.tags:
        for name in ("src", "href", "action", "poster", "xlink:href", "srcset"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:")), (tag, name, value)
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in "".join(reader.scripts)


def test_policy_allows_exactly_the_page_s_own_style_and_script(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    for tag in ("style", "script"):
        text = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(text) == 1
        digest = base64.b64encode(hashlib.sha256(text[0].encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy.group(1)
    assert "default-src &#39;none&#39;" in policy.group(1)
    assert "</script" not in player_data_source(page)


def player_data_source(page: str) -> str:
    return page.partition('id="data">')[2].partition("</script>")[0]


def test_every_language_is_whole(page: str) -> None:
    study = aneurysm()[0].study
    plain = page.replace("\u00a0", " ").replace("&gt;", ">").replace("&lt;", "<")
    for lang in LANGUAGES:
        assert f'data-choose="{lang}"' in page
        for sentence in sentences(study, lang):
            assert sentence.text in plain, sentence.text
    reader = Reader(page)
    shown = [attributes["data-lang"] for _, attributes in reader.tags if "data-lang" in attributes]
    assert len({shown.count(lang) for lang in LANGUAGES}) == 1


def test_one_language_holds_no_other(tmp_path: Path) -> None:
    write_report(*aneurysm(), tmp_path / "report", "zh-Hant")
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="zh-Hant">' in page
    assert 'data-choose="' not in page
    assert "Impression" not in page
    assert '<section lang="en"' not in page


def test_banner_triage_model_and_versions_are_there(page: str) -> None:
    for words in ("Research use only", "仅供研究使用", "僅供研究使用", "first 1", "ab" * 32, "lingyin 0.1.0", "異常"):
        assert words in page
    assert "[threshold from general knowledge, primary source not yet checked]" in page


def test_only_the_file_name_is_shown(page: str) -> None:
    assert "aorta.dcm" in page
    assert "/home/someone" not in page


def test_malicious_names_stay_text(tmp_path: Path) -> None:
    name = "<script>alert(1)<b>\"'&.dcm"
    analysis, clip = aneurysm(name=name)
    nasty = dict.fromkeys(LANGUAGES, "</script><img src=x onerror=alert(1)>")
    findings = [finding.model_copy(update={"name": nasty}) for finding in analysis.study.findings]
    study = analysis.study.model_copy(update={"findings": findings})
    write_report(type(analysis)(study, analysis.outlines), clip, tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    reader = Reader(page)
    assert sum(tag == "script" for tag, _ in reader.tags) == 2
    assert not [attributes for tag, attributes in reader.tags if tag == "img" and attributes.get("src") == "x"]
    assert "&lt;script&gt;alert(1)" in page
    assert player_data(page)["findings"][0]["name"]["en"] == nasty["en"]


def test_embedded_json_cannot_leave_its_element() -> None:
    content = {"a": "</script><!--", "b": "&amp;\u2028"}
    text = str(embedded_json(content))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == content


def test_every_evidence_frame_can_be_shown(page: str) -> None:
    data = player_data(page)
    held = {frame["index"] for frame in data["frames"]}
    reader = Reader(page)
    buttons = [attributes for tag, attributes in reader.tags if tag == "button" and "data-frame" in attributes]
    assert buttons
    for button in buttons:
        assert int(button["data-frame"] or -1) in held
        assert button["aria-label"]
        drawn = next(frame for frame in data["frames"] if frame["index"] == int(button["data-frame"] or -1))["shapes"]
        assert any(shape["finding"] == int(button["data-finding"] or -1) for shape in drawn)
    for frame in data["frames"]:
        assert frame["src"] or f'id="key-{frame["index"]}"' in page


def test_caliper_lies_on_the_pixels_it_measures(page: str) -> None:
    """The hole of the test picture spans the caliper: dark inside either end, bright outside."""
    frame = player_data(page)["frames"][6]
    source = re.search(r'id="key-6"[^>]*src="data:image/jpeg;base64,([^"]+)"', page)
    assert source
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(source.group(1)), np.uint8), cv2.IMREAD_GRAYSCALE)
    (left, y), (right, _) = next(shape["points"] for shape in frame["shapes"] if shape["kind"] == "line")
    row = picture[round(y - 0.5)].astype(int)
    assert row[round(left) + 3 : round(right) - 3].max() < 40
    assert row[round(left) - 6 : round(left) - 2].mean() > 40
    assert row[round(right) + 3 : round(right) + 7].mean() > 40


def test_headings_labels_and_languages_for_assistive_technology(page: str) -> None:
    reader = Reader(page)
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("main") == tags.count("h1") == 1
    assert {"header", "footer", "nav"} <= set(tags)
    ids = [attributes["id"] for _, attributes in reader.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in reader.tags:
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in ids
        if (attributes.get("href") or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in ids
    assert any(attributes.get("aria-live") == "polite" for _, attributes in reader.tags)


def test_finding_codes_without_a_tree_node_do_not_break_the_page(tmp_path: Path) -> None:
    analysis, clip = aneurysm()
    outlines = {0: {"some_new_structure": [[(1.0, 1.0), (9.0, 1.0), (9.0, 9.0)]]}}
    write_report(type(analysis)(make_study(clip, analysis.study.findings), outlines), clip, tmp_path / "r")
    assert "some new structure" in (tmp_path / "r" / "report.html").read_text(encoding="utf-8")


def test_picture_keeps_its_aspect(tmp_path: Path) -> None:
    analysis, _ = CASES["nothing"]()
    clip = make_clip(1, 300, 200, aspect=1.5)
    write_report(type(analysis)(analysis.study, {}), clip, tmp_path / "r", "en")
    data = player_data((tmp_path / "r" / "report.html").read_text(encoding="utf-8"))
    assert (data["width"], data["height"]) == (200, 200)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_placeholder_is_left(page: str, lang: str) -> None:
    words = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    assert "{" not in words
    assert f'lang="{lang}"' in words

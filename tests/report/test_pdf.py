"""The printed report: every sentence in each language, key pictures, the notice on each page, no foreign glyph."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lingyin.core.clip import Clip
from lingyin.core.paths import packaged
from lingyin.core.study import LANGUAGES, Analysis
from lingyin.report.grammar import load_grammar
from lingyin.report.page import choose_key_frames
from lingyin.report.pdf import render_pdf
from lingyin.report.pictures import Pictures
from lingyin.report.sentences import sentences
from tests.report.builders import aneurysm

poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils are absent")


def printed(case: tuple[Analysis, Clip], lang: str = "all") -> bytes:
    analysis, clip = case
    pictures = Pictures(clip, len(clip))
    for index, frame in enumerate(clip.frames):
        pictures.add(index, frame)
    return render_pdf(analysis, clip, pictures, choose_key_frames(analysis.study, pictures), lang)


def text_of(content: bytes, *options: str) -> str:
    """Text of a PDF; `pdftotext` breaks lines anywhere, so all white space goes."""
    done = subprocess.run(["pdftotext", *options, "-", "-"], input=content, capture_output=True, check=True)
    return done.stdout.decode()


def squeezed(text: str) -> str:
    """Without white space and without the hyphens and ligatures of typesetting."""
    return re.sub(r"\s", "", text.replace("\ufb01", "fi").replace("\ufb02", "fl"))


@poppler
@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_sentence_is_printed(case: tuple[Analysis, Clip], lang: str) -> None:
    text = squeezed(text_of(printed(case, lang)))
    for sentence in sentences(case[0].study, lang):
        # a footnote's number follows the sentence, so the sentence itself stays whole
        assert squeezed(sentence.text) in text, sentence.text


@poppler
def test_all_languages_follow_one_another() -> None:
    text = text_of(printed(aneurysm()))
    places = [text.index(load_grammar(lang).ui["impression"]) for lang in LANGUAGES]
    assert places == sorted(places)
    assert "腹主动脉直径" in text
    assert "腹主動脈直徑" in text


@poppler
@pytest.mark.parametrize("lang", LANGUAGES)
def test_notice_stands_on_each_page(lang: str) -> None:
    pages = text_of(printed(aneurysm(), lang)).split("\f")[:-1]
    assert pages
    notice = squeezed(load_grammar(lang).ui["banner"])
    assert all(notice in squeezed(page) for page in pages)


@poppler
def test_rule_and_guideline_are_a_footnote() -> None:
    text = squeezed(text_of(printed(aneurysm(), "en")))
    assert squeezed("European Society for Vascular Surgery, Clinical Practice Guidelines, 2024") in text
    assert squeezed("threshold from general knowledge, primary source not yet checked") in text


def test_same_analysis_gives_the_same_bytes() -> None:
    assert printed(aneurysm(), "en") == printed(aneurysm(), "en")


def test_pages_are_a4_and_hold_the_pictures() -> None:
    content = printed(aneurysm(), "en")
    assert content.startswith(b"%PDF-")
    assert re.search(rb"/MediaBox\s*\[0 0 595\.2\d+ 841\.8\d+\]", content)
    assert content.count(b"/DCTDecode") >= 1


@pytest.mark.parametrize("face", ["NotoSansCJKsc", "NotoSansCJKtc"])
def test_fonts_hold_every_character_of_our_texts(face: str) -> None:
    ttlib = pytest.importorskip("fontTools.ttLib")
    path = packaged("lingyin.report.pdf", "fonts", f"{face}-subset.otf")
    assert path.stat().st_size < 2_000_000
    held = set(ttlib.TTFont(path).getBestCmap())
    texts = {
        character
        for room in ("core", "analyze", "report")
        for source in Path(packaged("lingyin", room)).rglob("*.toml")
        for character in source.read_text(encoding="utf-8")
        if ord(character) > 0x20
    }
    assert sorted(character for character in texts if ord(character) not in held) == []


def test_licence_of_the_fonts_travels_with_them() -> None:
    words = packaged("lingyin.report.pdf", "fonts", "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in words
    assert "Adobe" in words


@poppler
def test_words_that_mean_something_to_typst_stay_words() -> None:
    analysis, clip = aneurysm(name="#panic(1) *bold* $x$ <a> @b [c].dcm")
    assert squeezed("#panic(1) *bold* $x$ <a> @b [c]") in squeezed(text_of(printed((analysis, clip), "en")))

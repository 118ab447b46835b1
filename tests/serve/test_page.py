"""The page's files agree with each other: every word exists, every id exists, nothing comes from elsewhere."""

from __future__ import annotations

import re

from lingyin.core.paths import packaged
from lingyin.core.study import LANGUAGES
from lingyin.serve.words import page_words

FOLDER = packaged("lingyin.serve", "page")
HTML = (FOLDER / "index.html").read_text(encoding="utf-8")
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.js")}
ALL = HTML + "".join(SCRIPTS.values())


COMPOSED = {"present", "absent", "unsure", "left", "right", "bilateral", "drawncaliper", "drawnoutline"}


def used_words() -> set[str]:
    return (
        {f"review.{each}" for each in COMPOSED}
        | set(re.findall(r'data-(?:word|label)="([\w.]+)"', HTML))
        | set(re.findall(r'"((?:page|login|upload|list|study|review)\.[a-z]+)"', "".join(SCRIPTS.values())))
    )


def test_every_word_used_is_there_in_every_language_and_none_is_idle() -> None:
    words = page_words()
    assert set(words) == set(LANGUAGES)
    used = used_words()
    assert len(used) > 30
    for lang in LANGUAGES:
        assert used <= set(words[lang])
        own = {
            key for key in words[lang] if key.split(".")[0] in {"page", "login", "upload", "list", "study", "review"}
        }
        assert own == used
    assert words["zh-Hans"]["triage.urgent"] != words["en"]["triage.urgent"]
    assert {"reading", "network", "measuring", "judging", "writing"} <= {
        key.removeprefix("stage.") for key in words["en"] if key.startswith("stage.")
    }


def test_placeholders_are_the_same_in_every_language() -> None:
    words = page_words()
    for key, text in words["en"].items():
        for lang in LANGUAGES:
            assert re.findall(r"\{\w+\}", words[lang][key]) == re.findall(r"\{\w+\}", text), (lang, key)


def test_every_id_that_the_scripts_look_for_is_in_the_page() -> None:
    wanted = set(re.findall(r'find\("([\w-]+)"\)', ALL))
    assert wanted
    assert wanted <= set(re.findall(r'id="([\w-]+)"', HTML))


def test_page_reaches_for_nothing_outside_and_writes_no_markup() -> None:
    assert re.findall(r"https?://", ALL) == []
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|\son\w+=|\sstyle=", ALL)
    for script in SCRIPTS.values():
        for name in re.findall(r'from "\./([\w.]+)"', script):
            assert name in SCRIPTS


def test_controls_have_names() -> None:
    for button in re.findall(r"<button[^>]*>.*?</button>", HTML):
        assert "data-word" in button or "lang=" in button, button
    assert '<label for="token"' in HTML

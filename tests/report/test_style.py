"""The style: text stands out from its ground in both modes, every language has its print footer and switch."""

from __future__ import annotations

import re

import pytest

from lingyin.core.study import LANGUAGES
from lingyin.report.page import asset

READABLE = 4.5  # WCAG 2.2, level AA, for text of normal size


def tones(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


LIGHT = tones(asset("style.css").split("@media (prefers-color-scheme: dark)")[0])
DARK = LIGHT | tones(asset("style.css").split("@media (prefers-color-scheme: dark)")[1].split("* {")[0])


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "paper"),
        ("ink", "panel"),
        ("ink", "chosen"),
        ("quiet", "paper"),
        ("quiet", "panel"),
        ("quiet", "chosen"),
        ("accent", "paper"),
        ("accent", "chosen"),
        ("paper", "accent"),
        ("red", "red-soft"),
        ("amber", "amber-soft"),
        ("green", "green-soft"),
        ("violet", "violet-soft"),
        ("red", "chosen"),
        ("amber", "chosen"),
    ],
)
def test_text_is_readable(mode: dict[str, str], ink: str, ground: str) -> None:
    assert contrast(mode[ink], mode[ground]) >= READABLE


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_can_be_shown_alone(lang: str) -> None:
    assert f'html[lang="{lang}"] [data-lang]:not([data-lang="{lang}"])' in asset("style.css")


def test_script_and_style_cannot_end_their_elements() -> None:
    for name in ("style.css", "player.js", "languages.js"):
        assert "</" not in asset(name)
        assert "http" not in asset(name).replace("http://www.w3.org/2000/svg", "")

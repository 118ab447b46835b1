"""The corpus card: what it counts is what the catalogue holds, and it reaches for nothing outside itself."""

from __future__ import annotations

import base64
import re

import cv2
import numpy as np
import pytest
from PIL import Image

from lingyin.curate.build import build_corpus
from lingyin.curate.card import CELL
from tests.curate.layouts import LAYOUTS
from tests.curate.sources import make_source, small


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("card")
    one, two = make_source(root / "one", splits=True), make_source(root / "two", count=2, first=70)
    Image.open(one / "004.png").save(two / "000.png")
    LAYOUTS["usgra"](root / "usgra")
    build_corpus([one, two, root / "usgra"], root / "out", small())
    return (root / "out" / "card.html").read_text("utf-8")


def test_it_counts_pictures_duplicates_and_nodes(card: str) -> None:
    assert "1 group of exact or near copies, with 1 picture beyond the first" in card
    assert "one + two" in card
    assert re.search(r'<section style="margin-left:1.25rem">\s*<h3 id="liver">liver', card)
    liver = card.split('<h3 id="liver">')[1].split("<h3", maxsplit=1)[0]
    assert "yes 14 (" in liver
    assert "from 2 sources" in liver
    assert re.search(r"from 1 source[,<]", card)
    assert "1 sources" not in card
    malignant = card.split('<h3 id="liver_lesion_malignant">')[1].split("<h3", maxsplit=1)[0]
    assert "no 5" in malignant or "no 4" in malignant


def test_it_names_sets_and_licences_of_the_registry(card: str) -> None:
    usgra = card.split("<td>usgra<br>")[1].split("</tr>", maxsplit=1)[0]
    assert "unknown" not in usgra.split("</td>")[1]


def test_each_node_has_a_contact_sheet_of_real_pictures(card: str) -> None:
    sheets = re.findall(r'width="(\d+)" src="data:image/jpeg;base64,([^"]+)"', card)
    assert len(sheets) > 4
    for width, content in sheets:
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_UNCHANGED)
        assert picture.shape[:2] == (CELL, int(width))
        assert all(picture[:, left : left + CELL].std() > 5 for left in range(0, int(width), CELL))


def test_it_reaches_for_nothing_outside_itself(card: str) -> None:
    assert not re.search(r'(src|href)="(?!data:|#)', card)
    assert "default-src 'none'" in card
    assert "<script" not in card

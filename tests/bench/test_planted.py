"""Planted identifiers: whether burnt-in text still shows is told apart, and a signed header says what was hidden."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import SecondaryCaptureImageStorage

from lingyin.bench.planted import PLACES, Person, Print, burn, draw_person, fonts, sign
from lingyin.core.clip import Frame

PERSON = Person("Haddad", "Yasmin", "MRN1234567", "19620708", "李娜")


def _print() -> tuple[Print, Frame, Frame]:
    """A checked ink on black: the text, the picture before and the picture printed on."""
    ink = np.zeros((12, 20), bool)
    ink[4:8:2, 5:15] = True
    before = np.zeros((12, 20, 3), np.uint8)
    printed = before.copy()
    printed[ink] = 200
    return Print("x", "Hershey", "bottom", ink), before, printed


def test_screens_print_name_number_and_day_of_birth() -> None:
    assert PERSON.lines == ("HADDAD^YASMIN", "ID MRN1234567", "DOB 08.07.1962", "Yasmin Haddad")


def test_untouched_text_is_left_and_removed_text_is_not() -> None:
    text, before, printed = _print()
    assert text.is_left(before, printed, printed)
    assert not text.is_left(before, printed, before)


def test_a_bright_fill_of_the_whole_box_is_no_text() -> None:
    text, before, printed = _print()
    filled = printed.copy()
    filled[3:9, 4:16] = 200
    assert not text.is_left(before, printed, filled)


def test_a_tenth_of_the_ink_may_stay_but_not_more() -> None:
    text, before, printed = _print()  # 20 pixels of ink
    rows, columns = np.nonzero(text.ink)
    for stays, left in ((2, False), (4, True)):
        after = before.copy()
        after[rows[:stays], columns[:stays]] = 200
        assert text.is_left(before, printed, after) is left


@pytest.mark.parametrize(("beneath", "left"), [(160, False), (159, True)])
def test_ink_that_never_stood_out_cannot_be_left(beneath: int, left: bool) -> None:
    text, _, printed = _print()
    assert text.is_left(np.full_like(printed, beneath), printed, printed) is left  # ink is 200, 40 levels must differ


@pytest.mark.parametrize(("fade", "left"), [(20, True), (21, False)])
def test_ink_faded_by_more_than_twenty_levels_is_gone(fade: int, left: bool) -> None:
    text, before, printed = _print()
    after = printed.copy()
    after[text.ink] -= fade
    assert text.is_left(before, printed, after) is left


def test_people_are_drawn_alike_from_one_seed_and_well_formed() -> None:
    people = [draw_person(np.random.default_rng(seed)) for seed in range(30)]
    assert people == [draw_person(np.random.default_rng(seed)) for seed in range(30)]
    assert len({each.number for each in people}) == 30
    for each in people:
        assert 1935 <= int(each.birth[:4]) < 2010
        assert 1 <= int(each.birth[4:6]) <= 12
        assert 1 <= int(each.birth[6:]) <= 28
        assert len(each.birth) == 8
        assert len(each.number) == len("MRN1234567")


@pytest.mark.parametrize("seed", range(4))
def test_every_text_lies_where_it_says_and_nothing_else_changes(seed: int) -> None:
    sector = np.zeros((220, 360), bool)
    sector[40:180, 40:340] = True
    frame = np.full((220, 360, 3), 30, np.uint8)
    printed, prints = burn(frame, sector, PERSON, np.random.default_rng(seed))
    assert (frame == 30).all()
    assert tuple(each.place for each in prints) == PLACES
    touched = (printed != frame).any(axis=2)
    for each in prints:
        assert each.font in fonts()
        assert each.text in (*PERSON.lines, PERSON.chinese)
        assert each.ink.any()
        assert touched[each.ink].all()
        assert each.is_left(frame, printed, printed)
        rows = np.flatnonzero(each.ink.any(axis=1))
        columns = np.flatnonzero(each.ink.any(axis=0))
        if each.place == "inside":
            assert sector[each.ink].all()
        elif each.place == "left":
            assert columns[0] < 40
        elif each.place == "right":
            assert columns[-1] > 320
        elif each.place == "bottom":
            assert rows[0] > 110
        else:
            assert rows[-1] < 110


def test_a_text_wider_than_the_picture_is_cut_off() -> None:
    frame = np.zeros((40, 30, 3), np.uint8)
    printed, prints = burn(frame, np.ones((40, 30), bool), PERSON, np.random.default_rng(1))
    assert printed.shape == frame.shape
    assert {each.ink.shape for each in prints} == {(40, 30)}


def test_a_signed_header_holds_every_word_that_must_vanish() -> None:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    words = sign(dataset, PERSON)
    assert words == [
        *("Haddad", "Yasmin", "MRN1234567", "1234567", "19620708", "20310214"),
        "1.2.826.0.1.19620708.1234567",
    ]
    header = str(dataset)
    assert [word for word in words if word not in header] == []
    assert dataset.SOPInstanceUID == dataset.file_meta.MediaStorageSOPInstanceUID == f"{words[-1]}.1"
    assert [dataset[group, 0x1001].value for group in (0x0009, 0x200D, 0x7FE1)] == [
        "Haddad^Yasmin 19620708 MRN1234567"
    ] * 3

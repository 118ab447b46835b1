"""Replacements follow from the secret alone: equal for equal values, and apart otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID, UltrasoundImageStorage

from lingyin.core.errors import InputError, OutputError
from lingyin.curate.pseudonyms import SECRET_BYTES, Pseudonyms, read_secret

ONE, OTHER = Pseudonyms(b"a" * SECRET_BYTES), Pseudonyms(b"b" * SECRET_BYTES)


def test_a_name_depends_on_secret_kind_and_value() -> None:
    names = {ONE.name("Doe"), OTHER.name("Doe"), ONE.name("Roe"), ONE.name("Doe", "file")}
    assert len(names) == 4
    assert ONE.name("Doe") == ONE.name("Doe")
    assert "doe" not in ONE.name("Doe").lower()


@given(st.text("0123456789.", min_size=1, max_size=60))
def test_new_uids_are_valid_and_those_of_the_standard_stay(value: str) -> None:
    new = UID(ONE.uid(value))
    assert new.is_valid
    assert new == ONE.uid(value)
    assert ONE.uid(UltrasoundImageStorage) == UltrasoundImageStorage


def test_moments_keep_their_distance_for_one_patient_and_move_apart_for_another() -> None:
    def day(text: str, patient: str = "p") -> str:
        return ONE.moved(text, "DA", patient)

    assert day("20240229") != "20240229"
    assert int(day("20240302")) - int(day("20240301")) in (1, 70, 71, 72, 73, 8870)  # a day, maybe over a month's end
    assert day("20240301", "q") != day("20240301")
    assert ONE.moved("20240301", "DA", "p") + ONE.moved("101112.25", "TM", "p") == ONE.moved(
        "20240301101112.25", "DT", "p"
    )
    assert ONE.moved("20240301101112+0100", "DT", "p").endswith("+0100")


@pytest.mark.parametrize(("text", "kind"), [("", "DA"), ("yesterday", "DA"), ("12:xx", "TM"), ("20241399", "DT")])
def test_what_is_no_moment_becomes_empty(text: str, kind: str) -> None:
    assert ONE.moved(text, kind, "p") == ""


def test_a_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    first = read_secret(path)
    assert len(first) == SECRET_BYTES
    assert read_secret(path) == first
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_secret_and_a_place_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"abc")
    with pytest.raises(InputError, match="too short"):
        read_secret(tmp_path / "short")
    with pytest.raises(OutputError, match="cannot be kept"):
        read_secret(tmp_path / "nowhere" / "secret")

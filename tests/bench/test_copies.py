"""The plants and the judges of the benchmarks: what is left is seen, what is gone is not, and a wrong pair costs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.bench.copies import KINDS, Judge, Originals, describe, our_groups, our_pairs
from lingyin.bench.deidentify import left_in_header, share_row
from lingyin.bench.growth import make_corpus, measure
from lingyin.bench.planted import burn, draw_person, fonts, sign
from lingyin.curate.pixeltext import fill_text
from lingyin.io.phantom import make_phantom
from lingyin.io.phantom.dicom import to_dataset
from tests.curate.test_hashes import picture


def test_every_kind_of_copy_differs_from_its_original() -> None:
    grey = picture(0)
    for name, distort in KINDS.items():
        copy = distort(grey, np.random.default_rng(1))
        assert copy.dtype == np.uint8
        assert copy.shape != grey.shape or (copy != grey).any(), name


def test_a_pair_of_another_subject_is_wrong_and_one_of_the_same_counts_not() -> None:
    judge = Judge(Originals([picture(seed) for seed in range(3)], np.array(["p", "p", "q"]), []))
    judged = judge.score({(0, 0), (0, 1), (0, 2)}, np.array([0, 2]))
    assert judged.found.tolist() == [True, False]
    assert judged.wrong == 1
    assert (judged.recall, judged.precision) == (0.5, 0.5)


def test_an_original_that_shows_the_same_scene_under_another_name_is_not_wrong() -> None:
    again = cv2.resize(picture(0), None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    judge = Judge(Originals([picture(0), again, picture(1)], np.array(["p", "q", "r"]), []))
    assert judge.score({(0, 0), (0, 1)}, np.array([0])).wrong == 0
    assert judge.score({(0, 0), (0, 2)}, np.array([0])).wrong == 1


def test_pairs_and_groups_of_a_copy_name_its_original() -> None:
    originals = [picture(seed) for seed in range(12)]
    copies = [KINDS["gamma"](originals[5], np.random.default_rng(0)), KINDS["mirrored"](originals[9], None)]
    described, theirs = describe(originals), describe(copies)
    assert our_pairs(described, theirs) == our_groups(described, theirs) == {(0, 5), (1, 9)}


@pytest.mark.parametrize("number", range(3))
def test_print_is_left_until_it_is_covered(number: int) -> None:
    phantom = make_phantom("thyroid", seed=number, frames=1)
    frame = np.repeat(phantom.frames[0][..., None], 3, axis=2)
    rng = np.random.default_rng(number)
    printed, prints = burn(frame, phantom.screen.sector, draw_person(rng), rng)
    assert {each.font for each in prints} <= set(fonts())
    assert any(each.is_left(frame, printed, printed) for each in prints)
    black = fill_text(printed, np.zeros(phantom.screen.sector.shape, bool), [])
    assert not any(each.is_left(frame, printed, black) for each in prints)


def test_a_signed_header_is_full_of_words_that_dcmdump_sees(tmp_path: Path) -> None:
    import shutil

    if shutil.which("dcmdump") is None:
        pytest.skip("DCMTK is not installed")
    dataset = to_dataset(make_phantom("aorta", seed=1, frames=1))
    words = sign(dataset, draw_person(np.random.default_rng(0)))
    path = tmp_path / "signed.dcm"
    dataset.save_as(path)
    assert left_in_header(path, words) == words
    assert left_in_header(path, ["Zaphod"]) == []


def test_a_synthetic_corpus_has_its_planted_copies_found_and_no_group_in_two_splits() -> None:
    hashes, clips, patients, pairs = make_corpus(4000, None, np.random.default_rng(0))
    assert hashes.shape == (4000, 8)
    assert len(clips) == len(patients) == 4000
    assert np.bitwise_count(hashes[pairs[:, 0], :4] ^ hashes[pairs[:, 1], :4]).sum(axis=1).max() < 32


@pytest.mark.data
@pytest.mark.slow
def test_growth_is_measured_on_hashes_like_real_ones(real_data: Path) -> None:
    values = {row["metric"]: row["value"] for row in measure(20_000, 0)}
    assert values["planted copies found"] > 0.9
    assert values["groups in two splits"] == 0


def test_the_interval_of_a_share_without_failures_is_open_below() -> None:
    row = share_row("phantom scans, pixels", "identifiers gone", 100, 100)
    assert row["value"] == row["high"] == 1
    assert 0.95 < row["low"] < 1

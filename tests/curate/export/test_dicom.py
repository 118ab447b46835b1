"""DICOM export: an outside reader gets pixels and outlines back, and an outside judge finds no error."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import cv2
import highdicom as hd
import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from lingyin.curate.build import build_corpus
from lingyin.curate.corpus import Corpus
from lingyin.curate.export import export_corpus
from lingyin.io import open_clip
from tests.curate.sources import contents, make_source, small

SECOND = "mask_liver_lesion"


def corpus_at(root: Path, **changes: object) -> Corpus:
    """Eight pictures of four patients: three outlined, one of them twice and overlapping; one in colour."""
    source = make_source(root / "site", count=8, splits=True)
    for path in source.glob("0*.png"):
        if path.name == "001.png":
            grey = np.asarray(Image.open(path))
            Image.fromarray(np.dstack([grey, grey // 2, grey // 3])).save(path)
    drawn = np.zeros((60, 80), np.uint8)
    drawn[20:50, 30:70] = 255
    Image.fromarray(drawn).save(source / "lesion.png")
    lines = (source / "labels.csv").read_text("utf-8").splitlines()
    second = ["lesion.png" if line.startswith("003") else "" for line in lines[1:]]
    rows = [f"{lines[0]},{SECOND}", *(f"{line},{cell}" for line, cell in zip(lines[1:], second, strict=True))]
    (source / "labels.csv").write_text("\n".join(rows) + "\n", "utf-8")
    build_corpus([source], root / "out", small(**changes))
    return Corpus(root / "out", None)


@pytest.fixture(scope="module", params=[95, 0], ids=["jpeg", "lossless"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Corpus, Path]:
    root = tmp_path_factory.mktemp("dicom")
    corpus = corpus_at(root, jpeg_quality=request.param)
    assert export_corpus(corpus.address, "dicom", root / "dicom") == 8
    return corpus, root / "dicom"


def test_outlines_come_back_through_highdicom(exported: tuple[Corpus, Path]) -> None:
    corpus, out = exported
    segments = 0
    for picture in map(corpus.__getitem__, range(len(corpus))):
        drawn = {code: mask for code, mask in picture.masks.items() if mask.any()}
        path = out / picture.told["split"] / f"{picture.id}.seg.dcm"
        assert path.is_file() == bool(drawn)
        if not drawn:
            continue
        document = hd.seg.segread(path)
        image = dcmread(path.with_name(f"{picture.id}.dcm"))
        found = document.get_pixels_by_source_instance([image.SOPInstanceUID])
        assert found.shape == (1, *picture.sector.shape, len(drawn))
        codes = [document.get_segment_description(number).tracking_id for number in document.segment_numbers]
        for place, code in enumerate(codes):
            assert np.array_equal(found[0, ..., place] > 0, drawn[code])
            segments += 1
        assert (document.StudyInstanceUID, document.PatientID) == (image.StudyInstanceUID, image.PatientID)
    assert segments == 4


def test_pictures_spacing_and_licence_come_back(exported: tuple[Corpus, Path]) -> None:
    corpus, out = exported
    colours = 0
    for index in range(len(corpus)):
        picture = corpus[index]
        path = out / picture.told["split"] / f"{picture.id}.dcm"
        clip = open_clip(path)
        (frame,) = clip.frames
        expected = picture.image if picture.image.ndim == 3 else cv2.cvtColor(picture.image, cv2.COLOR_GRAY2RGB)
        colours += picture.image.ndim == 3
        assert np.array_equal(frame, expected)
        (region,) = clip.regions
        assert region.mm_per_px_x == pytest.approx(picture.told["mm_per_px_x"])
        assert picture.told["licence"] in dcmread(path).ImageComments
    assert colours == 1


def test_patients_are_kept_apart_and_named_by_nobody(exported: tuple[Corpus, Path]) -> None:
    corpus, out = exported
    groups: dict[str, set[str]] = {}
    for row in corpus.rows.select(["id", "split", "group"]).to_pylist():
        header = dcmread(out / row["split"] / f"{row['id']}.dcm", stop_before_pixels=True)
        assert str(header.PatientName) == ""
        groups.setdefault(row["group"], set()).add(header.PatientID)
    assert len(groups) == len(set().union(*groups.values())) == 4


def test_the_same_corpus_gives_the_same_files(exported: tuple[Corpus, Path], tmp_path: Path) -> None:
    corpus, out = exported
    export_corpus(corpus.address, "dicom", tmp_path)
    assert contents(tmp_path) == contents(out)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (Debian package dicom3tools) is absent")
def test_outside_judge_finds_no_error(exported: tuple[Corpus, Path]) -> None:
    _, out = exported
    for path in sorted(out.rglob("*.dcm")):
        judged = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        told = (judged.stdout + judged.stderr).splitlines()
        assert [line for line in told if line.startswith(("Error", "Abort"))] == [], path.name
        assert any(line.strip() in {"USImage", "Segmentation"} for line in told), told

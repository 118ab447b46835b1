"""A scan that knows its patient, small enough to be analysed quickly, and the bodies that STOW-RS sends."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from lingyin.io.phantom import make_phantom
from lingyin.io.phantom.dicom import to_dataset
from tests.serve.conftest import Served, serving

Scan = Callable[..., Dataset]
KIND = 'multipart/related; type="application/dicom"; boundary=line'


@pytest.fixture(scope="session")
def phantom() -> bytes:
    return packed(to_dataset(make_phantom("aorta", seed=7, diameter_mm=47.0, frames=2)))


@pytest.fixture(scope="session")
def scan(phantom: bytes) -> Scan:
    """Makes a scan with identifiers of its own; keywords set further attributes."""

    def make(**attributes: Any) -> Dataset:
        dataset = dcmread(io.BytesIO(phantom))
        fresh = {name: generate_uid() for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")}
        patient = {"PatientName": "Wang^Wei=王^伟", "PatientID": "LY-7", "PatientSex": "F", "StudyDate": "20250301"}
        more = {"SpecificCharacterSet": "ISO_IR 192", "SeriesNumber": 2, "InstanceNumber": 5}
        for keyword, value in {**fresh, **more, **patient, **attributes}.items():
            setattr(dataset, keyword, value)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        return dataset

    return make


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, engine: Any, scan: Scan) -> Iterator[tuple[Served, str]]:
    """A server with one stored scan of a finished study, and where that scan is; for tests that only read."""
    with serving(tmp_path_factory.mktemp("shelf"), engine) as served:
        sent = scan()
        stow(served, sent)
        only_study(served)
        series = f"/dicomweb/studies/{sent.StudyInstanceUID}/series/{sent.SeriesInstanceUID}"
        yield served, f"{series}/instances/{sent.SOPInstanceUID}"


def packed(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def body(*parts: bytes) -> bytes:
    head = b"--line\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + each + b"\r\n" for each in parts) + b"--line--"


def stow(served: Served, *parts: bytes | Dataset, study: str = "", content: bytes | None = None) -> httpx2.Response:
    sent = body(*(each if isinstance(each, bytes) else packed(each) for each in parts)) if content is None else content
    return served.client.post(f"/dicomweb/studies{study}", content=sent, headers={"Content-Type": KIND})


def only_study(served: Served) -> dict[str, Any]:
    """The one study of the worklist, once it has ended."""
    (study,) = served.client.get("/studies").json()["studies"]
    return served.ended(study["id"])

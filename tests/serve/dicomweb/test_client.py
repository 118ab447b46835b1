"""An independent DICOMweb client (dicomweb-client) at the real server: stores a scan, finds and fetches its results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from tests.serve.conftest import Served
from tests.serve.dicomweb.conftest import Scan, only_study

dicomweb = pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed")


@pytest.fixture
def client(online: tuple[Served, str]) -> Any:
    import requests

    served, url = online
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {served.token}"
        yield dicomweb.DICOMwebClient(f"{url}dicomweb", session=session)


def value(entry: dict[str, Any], tag: str) -> Any:
    return entry[tag]["Value"][0]


def test_scan_goes_in_and_its_results_are_found_and_fetched(
    client: Any, online: tuple[Served, str], scan: Scan
) -> None:
    served, _ = online
    sent = scan()
    stored = client.store_instances([sent])
    assert [each.ReferencedSOPInstanceUID for each in stored.ReferencedSOPSequence] == [sent.SOPInstanceUID]
    assert "FailedSOPSequence" not in stored
    assert stored.RetrieveURL.endswith(f"/dicomweb/studies/{sent.StudyInstanceUID}")
    shown = only_study(served)
    assert (shown["state"], shown["name"]) == ("done", "US 2025-03-01 2.5")

    (study,) = client.search_for_studies(search_filters={"PatientName": "wang*"}, fields=["StudyDescription"])
    assert value(study, "0020000D") == sent.StudyInstanceUID
    assert value(study, "00100010") == {"Alphabetic": "Wang^Wei", "Ideographic": "王^伟"}
    assert {"US", "SR", "SEG"} <= set(study["00080061"]["Value"])
    series = client.search_for_series(sent.StudyInstanceUID)
    assert value(study, "00201206") == len(series) > 3
    (report,) = client.search_for_series(sent.StudyInstanceUID, search_filters={"Modality": "SR"})
    (found,) = client.search_for_instances(sent.StudyInstanceUID, value(report, "0020000E"))
    place = (sent.StudyInstanceUID, value(report, "0020000E"), value(found, "00080018"))
    result = client.retrieve_instance(*place)
    assert (result.Modality, result.PatientID) == ("SR", "LY-7")
    (header,) = [Dataset.from_json(each) for each in [client.retrieve_instance_metadata(*place)]]
    assert header.ContentSequence == result.ContentSequence
    everything = client.retrieve_study(sent.StudyInstanceUID)
    assert len(everything) == value(study, "00201208")
    kept = {path.name: dcmread(path) for path in (served.settings.reports / shown["id"] / "dicom").glob("*.dcm")}
    assert {str(each.SOPInstanceUID) for each in everything} == {
        str(sent.SOPInstanceUID),
        *(str(each.SOPInstanceUID) for each in kept.values()),
    }


def test_scan_comes_back_as_it_was_sent(client: Any, scan: Scan) -> None:
    sent = scan()
    client.store_instances([sent], sent.StudyInstanceUID)
    place = (sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID)
    assert client.retrieve_instance(*place) == sent
    header = Dataset.from_json(client.retrieve_instance_metadata(*place))
    assert header.SequenceOfUltrasoundRegions == sent.SequenceOfUltrasoundRegions
    assert "PixelData" not in header


def test_compressed_scan_leaves_as_it_is_or_unpacked(client: Any, real_cine: Any) -> None:
    sent = dcmread(real_cine)
    client.store_instances([sent])
    place = (sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID)
    same = client.retrieve_instance(*place)
    assert same.file_meta.TransferSyntaxUID.is_compressed
    assert same.PixelData == sent.PixelData
    plain = client.retrieve_instance(*place, media_types=(("application/dicom", "1.2.840.10008.1.2.1"),))
    assert not plain.file_meta.TransferSyntaxUID.is_compressed
    assert plain.SOPInstanceUID == sent.SOPInstanceUID
    sent.decompress(generate_instance_uid=False)
    assert np.array_equal(plain.pixel_array, sent.pixel_array)


def test_searches_are_paged_and_filtered(client: Any, scan: Scan) -> None:
    days = ["20240105", "20240730", "20250301"]
    sent = [scan(StudyDate=day, PatientID=f"P{day}", AccessionNumber=f"A{day}") for day in days]
    client.store_instances(sent)
    assert [value(each, "00080020") for each in client.search_for_studies()] == days[::-1]
    assert [value(each, "00080020") for each in client.search_for_studies(limit=1, offset=1)] == [days[1]]
    everything = client.search_for_studies(limit=2, get_remaining=True)
    assert len(everything) == 3

    def found(**filters: str) -> list[str]:
        return [value(each, "00080020") for each in client.search_for_studies(search_filters=filters)]

    assert found(StudyDate="20240101-20241231") == days[1::-1]
    assert found(StudyDate="20240730-") == days[:0:-1]
    assert found(PatientID="P2024*") == days[1::-1]
    assert found(PatientID="P2024010?") == days[:1]
    assert found(AccessionNumber="A20250301", PatientID="P20250301") == days[2:]
    assert found(AccessionNumber="A20250301", PatientID="P20240730") == []
    assert found(ModalitiesInStudy="US") == days[::-1]
    assert found(ModalitiesInStudy="CT") == []
    assert found(StudyInstanceUID=f"{sent[0].StudyInstanceUID},{sent[2].StudyInstanceUID}") == [days[2], days[0]]

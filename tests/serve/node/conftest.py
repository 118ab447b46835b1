"""A node with the real engine on loopback, an archive that takes its results (or fails on demand), and small images."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit, UltrasoundImageStorage, generate_uid
from pynetdicom import AE, build_context, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification  # type: ignore[attr-defined]

from lingyin.analyze import Engine
from lingyin.serve.node import Node, NodeSettings, Peer
from lingyin.serve.node.receive import CAPTURES, RESULT_CLASSES


def image(seed: int = 0, study: str | None = None, **values: Any) -> Dataset:
    """A small ultrasound still of noise; `values` replace its elements."""
    dataset = Dataset()
    dataset.SOPClassUID = UltrasoundImageStorage
    dataset.SOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID = study or generate_uid()
    dataset.SeriesInstanceUID = generate_uid()
    dataset.PatientName, dataset.PatientID, dataset.Modality = "Node^Test", "N1", "US"
    dataset.Rows, dataset.Columns = 96, 128
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = np.random.default_rng(seed).integers(0, 90, (96, 128), dtype=np.uint8).tobytes()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def write_image(path: Path, **values: Any) -> Dataset:
    """The same as a file."""
    dataset = image(**values)
    dataset.save_as(path, enforce_file_format=True)
    return dataset


@dataclass
class Archive:
    """A peer that keeps what it is sent: identifiers to objects, in `got`; every arrival in `arrivals`."""

    got: dict[str, Dataset] = field(default_factory=dict)
    arrivals: list[str] = field(default_factory=list)
    reports: list[tuple[int, Dataset]] = field(default_factory=list)
    status: int = 0x0000
    breaks_on: str | None = None  # a SOP class at which it breaks the association off
    tls: Any = None
    server: Any = None
    port: int = 0

    def start(self) -> None:
        """Listens, at the same port as before if it did."""
        ae = AE("ARCHIVE")
        for sop_class in (*RESULT_CLASSES, *CAPTURES):
            ae.add_supported_context(sop_class, [ExplicitVRLittleEndian, JPEGBaseline8Bit])
        ae.add_supported_context(Verification)
        ae.add_supported_context(StorageCommitmentPushModel, scu_role=False, scp_role=True)
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_N_EVENT_REPORT, self._report)]
        self.server = ae.start_server(
            ("127.0.0.1", self.port), block=False, evt_handlers=handlers, ssl_context=self.tls
        )
        self.port = self.server.socket.getsockname()[1]

    def stop(self) -> None:
        """Hangs up and listens no more."""
        self.server.ae.shutdown()

    def _store(self, event: Any) -> int:
        if str(event.request.AffectedSOPClassUID) == self.breaks_on:
            event.assoc.abort()
        self.arrivals.append(str(event.request.AffectedSOPInstanceUID))
        if self.status < 0xA000 or self.status >= 0xD000 or 0xB000 <= self.status < 0xC000:
            self.got[self.arrivals[-1]] = event.dataset
        return self.status

    def _report(self, event: Any) -> tuple[int, None]:
        self.reports.append((event.event_type, event.event_information))
        return 0x0000, None


@pytest.fixture
def archive() -> Iterator[Archive]:
    peer = Archive()
    peer.start()
    yield peer
    peer.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """pynetdicom, on either side here, leaves the socket of a peer that hung up in the middle to the collector."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Collects such sockets where the warning of them is silenced."""
    yield
    gc.collect()


MakeNode = Callable[..., Node]


@pytest.fixture
def make_node(tmp_path: Path, archive: Archive, engine: Engine) -> Iterator[MakeNode]:
    """Starts a node on the test's folder with other settings or another engine; `start=False` leaves it unstarted."""
    running: list[Node] = []

    def make(engine: Any = engine, start: bool = True, **settings: Any) -> Node:
        settings = {"quiet_s": 0.2, "backoff_s": 0.05, "lang": "en", "port": 0, **settings}
        settings.setdefault("send_to", Peer("ARCHIVE", "127.0.0.1", archive.port))
        node = Node(NodeSettings(data=tmp_path / "node", aet="LINGYIN", **settings), engine)
        running.append(node)
        if start:
            node.start()
        return node

    yield make
    for node in running:
        node.stop()


def call(node: Node, *classes: str, title: str = "SCANNER", called: str = "LINGYIN", **options: Any) -> Any:
    """An association to the node, for these SOP classes (ultrasound stills by default)."""
    ae = AE(title)
    ae.acse_timeout = ae.dimse_timeout = 20
    contexts = [build_context(UID(each), ExplicitVRLittleEndian) for each in classes or (UltrasoundImageStorage,)]
    return ae.associate("127.0.0.1", node.port, contexts=contexts, ae_title=called, **options)


def store(node: Node, *images: Dataset, **options: Any) -> list[int]:
    """Statuses that the node answers to these objects, sent in one association."""
    association = call(node, *sorted({str(each.SOPClassUID) for each in images}), **options)
    assert association.is_established
    try:
        return [association.send_c_store(each).Status for each in images]
    finally:
        association.release()

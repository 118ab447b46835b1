"""Storage commitment: a report names what is kept and what is not, on the caller's association or on one of ours."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import UltrasoundMultiFrameImageStorage
from pynetdicom import evt
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined]

from lingyin.serve.node import Peer
from lingyin.serve.node.commit import INSTANCE, MISTYPED, NO_SUCH_ACTION, NO_SUCH_INSTANCE, NO_SUCH_OBJECT, WRONG_CLASS
from tests.serve.node.conftest import Archive, MakeNode, call, image, store
from tests.waiting import until


def request(transaction: str, *pairs: tuple[str, str]) -> Dataset:
    information = Dataset()
    information.TransactionUID = transaction
    information.ReferencedSOPSequence = []
    for sop_class, uid in pairs:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
        information.ReferencedSOPSequence.append(item)
    return information


def ask(association: Any, information: Dataset, action: int = 1, instance: str = INSTANCE) -> int:
    status, _ = association.send_n_action(information, action, StorageCommitmentPushModel, instance)
    return int(status.Status)


def test_the_report_comes_over_the_association_that_asked(make_node: MakeNode) -> None:
    node, kept = make_node(quiet_s=3600.0), image()
    store(node, kept)
    reports: list[tuple[int, Dataset]] = []

    def report(event: Any) -> tuple[int, None]:
        reports.append((event.event_type, event.event_information))
        return 0x0000, None

    association = call(node, StorageCommitmentPushModel, evt_handlers=[(evt.EVT_N_EVENT_REPORT, report)])
    held = (str(kept.SOPClassUID), str(kept.SOPInstanceUID))
    assert ask(association, request("1.2.9", held)) == 0x0000
    until(lambda: len(reports) == 1)
    wrong = (UltrasoundMultiFrameImageStorage, held[1])
    assert ask(association, request("1.2.10", held, wrong, (held[0], "1.2.999"))) == 0x0000
    until(lambda: len(reports) == 2)
    association.release()
    (first, all_kept), (second, some) = reports
    assert (first, all_kept.TransactionUID, "FailedSOPSequence" in all_kept) == (1, "1.2.9", False)
    assert (second, some.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) == (2, held[1])
    assert [each.FailureReason for each in some.FailedSOPSequence] == [WRONG_CLASS, NO_SUCH_INSTANCE]
    until(lambda: node.state.counts()["commitments"] == {"sent": 2})


def test_the_report_reaches_one_who_hung_up_where_its_address_is_known(make_node: MakeNode, archive: Archive) -> None:
    archive.stop()
    node, kept = make_node(quiet_s=3600.0, attempts=1000, backoff_most_s=0.2), image()
    store(node, kept)
    association = call(node, StorageCommitmentPushModel, title="ARCHIVE")
    assert ask(association, request("1.2.9", (str(kept.SOPClassUID), str(kept.SOPInstanceUID)))) == 0x0000
    association.release()
    archive.start()  # it was away at the first attempts
    until(lambda: len(archive.reports) == 1)
    kind, report = archive.reports[0]
    assert (kind, report.TransactionUID) == (1, "1.2.9")


def test_who_hung_up_and_is_unknown_is_given_up_with_a_word(make_node: MakeNode) -> None:
    node = make_node(quiet_s=3600.0, attempts=2, known=(Peer("OTHER", "127.0.0.1", 1),))
    association = call(node, StorageCommitmentPushModel)
    assert ask(association, request("1.2.9", ("1.2", "1.2.3"))) == 0x0000
    association.release()
    until(lambda: node.state.counts()["commitments"] == {"dead": 1})


@pytest.mark.parametrize(
    ("information", "action", "instance", "status"),
    [
        (request("1.2.9"), 1, INSTANCE, MISTYPED),
        (request("", ("1.2", "1.2.3")), 1, INSTANCE, MISTYPED),
        (request("1.2.9", ("1.2", "1.2.3")), 7, INSTANCE, NO_SUCH_ACTION),
        (request("1.2.9", ("1.2", "1.2.3")), 1, "1.2.3", NO_SUCH_OBJECT),
    ],
)
def test_a_wrong_request_is_refused(
    make_node: MakeNode, information: Dataset, action: int, instance: str, status: int
) -> None:
    node = make_node(quiet_s=3600.0)
    association = call(node, StorageCommitmentPushModel)
    assert ask(association, information, action, instance) == status
    association.release()
    assert node.state.counts()["commitments"] == {}

"""Storage commitment (PS3.4 annex J): a request is noted and answered, then a report says what the node keeps."""

from __future__ import annotations

import json
import logging
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, build_context, build_role
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined]

from lingyin.serve.database import Database
from lingyin.serve.node.settings import NodeSettings
from lingyin.serve.node.state import State

log = logging.getLogger(__name__)
INSTANCE = "1.2.840.10008.1.20.1.1"  # the well-known instance that all requests address
REQUEST, ALL_KEPT, SOME_NOT = 1, 1, 2  # PS3.4 J.3.2.1, J.3.3.1
NO_SUCH_INSTANCE, WRONG_CLASS = 0x0112, 0x0119  # PS3.3 C.14.1.1
SUCCESS, MISTYPED, NO_SUCH_ACTION, NO_SUCH_OBJECT = 0x0000, 0x0115, 0x0123, 0x0112
MOST_REFERENCES = 100_000


class Commitments:
    """Requests of others, and the reports that are still due."""

    def __init__(self, settings: NodeSettings, database: Database, state: State) -> None:
        self._settings, self._database, self._state = settings, database, state
        self._open: dict[tuple[str, str], Any] = {}  # associations on which a requester may still listen

    def ask(self, event: Any, now_s: float) -> tuple[int, Dataset | None]:
        """Answers an N-ACTION request; the report follows once this answer is on its way."""
        if event.action_type != REQUEST:
            return NO_SUCH_ACTION, None
        if str(event.request.RequestedSOPInstanceUID) != INSTANCE:
            return NO_SUCH_OBJECT, None
        information = event.action_information
        items = information.get("ReferencedSOPSequence", [])
        transaction = str(information.get("TransactionUID", ""))
        if not transaction or not 1 <= len(items) <= MOST_REFERENCES:
            return MISTYPED, None
        asked = [(str(each.ReferencedSOPClassUID), str(each.ReferencedSOPInstanceUID)) for each in items]
        requester = str(event.assoc.requestor.ae_title).strip()
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO commitments (transaction_uid, requester, asked, due) VALUES (?,?,?,?) "
                "ON CONFLICT DO UPDATE SET asked=excluded.asked, state='waiting', attempts=0, due=excluded.due",
                (transaction, requester, json.dumps(asked), now_s + 0.2),
            )
        self._open[(transaction, requester)] = event.assoc
        return SUCCESS, None

    def report(self, now_s: float) -> bool:
        """Sends one report that is due; False where none is."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT * FROM commitments WHERE state='waiting' AND due<=? ORDER BY due LIMIT 1", (now_s,)
            ).fetchone()
        if row is None:
            return False
        problem = self._send(row["transaction_uid"], row["requester"], json.loads(row["asked"]))
        attempts = row["attempts"] + 1
        state = "sent" if problem is None else "waiting" if attempts < self._settings.attempts else "dead"
        due = now_s + (0.0 if problem is None else self._settings.wait_s(attempts))
        with self._database.transaction() as db:
            db.execute(
                "UPDATE commitments SET state=?, attempts=?, due=?, error=? WHERE seq=?",
                (state, attempts, due, problem, row["seq"]),
            )
        if state == "dead":
            self._state.note("commitment-undelivered", row["transaction_uid"], problem)
            log.error("the storage commitment %s cannot be reported: %s", row["transaction_uid"], problem)
        if state != "waiting":
            self._open.pop((row["transaction_uid"], row["requester"]), None)
        return True

    def _send(self, transaction: str, requester: str, asked: list[tuple[str, str]]) -> str | None:
        """Reports over an association of our own where the requester's address is known, else over the one it opened.

        Returns what went wrong.
        """
        report, kind = self.answer(transaction, asked)
        peer = self._settings.peer(requester)
        if peer is None:
            association = self._open.get((transaction, requester))
            if association is None or not association.is_established:
                return f"{requester} has hung up, and where it listens is not known (--known AET@HOST:PORT)"
            return _deliver(association, report, kind)
        ae = AE(self._settings.aet)
        ae.acse_timeout, ae.dimse_timeout, ae.network_timeout, ae.connection_timeout = 15, 30, 30, 10
        association = ae.associate(
            peer.host,
            peer.port,
            contexts=[build_context(StorageCommitmentPushModel)],
            ae_title=peer.aet,
            ext_neg=[build_role(StorageCommitmentPushModel, scp_role=True)],
            tls_args=self._settings.tls_args(peer),
        )
        if not association.is_established:
            return f"{peer} cannot be reached or refuses the association"
        try:
            return _deliver(association, report, kind)
        finally:
            association.release()

    def answer(self, transaction: str, asked: list[tuple[str, str]]) -> tuple[Dataset, int]:
        """The report on what is kept and what is not, and its event type (PS3.4 table J.3-2)."""
        held = self._state.held(uid for _, uid in asked)
        report = Dataset()
        report.TransactionUID = transaction
        kept, failed = [], []
        for sop_class, uid in asked:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
            if held.get(uid) == sop_class:
                kept.append(item)
            else:
                item.FailureReason = WRONG_CLASS if uid in held else NO_SUCH_INSTANCE
                failed.append(item)
        if kept:
            report.ReferencedSOPSequence = kept
        if failed:
            report.FailedSOPSequence = failed
        return report, SOME_NOT if failed else ALL_KEPT


def _deliver(association: Any, report: Dataset, kind: int) -> str | None:
    try:
        status, _ = association.send_n_event_report(report, kind, StorageCommitmentPushModel, INSTANCE)
    except (ValueError, RuntimeError) as error:
        return f"the report was not taken ({type(error).__name__})"
    answer = status.get("Status")
    return None if answer == SUCCESS else "no answer to the report" if answer is None else f"status 0x{answer:04X}"

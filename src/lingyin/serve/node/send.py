"""The delivering thread: stores due results at the peer, again and again with growing pauses, then as dead letters."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from pynetdicom import AE, build_context
from pynetdicom.association import Association

from lingyin.serve.background import Background
from lingyin.serve.node.commit import Commitments
from lingyin.serve.node.letters import Letters
from lingyin.serve.node.settings import NodeSettings, Peer
from lingyin.serve.node.state import Result, State

log = logging.getLogger(__name__)
BATCH = 32  # results in one association
LOOK_EVERY_S = 0.5
SUCCESS, WARNINGS = 0x0000, range(0xB000, 0xC000)
UNREACHABLE = "{peer} cannot be reached or refuses the association"
NO_ANSWER = "{peer} ended the association without an answer"
NOT_ACCEPTED = "{peer} does not take this kind of object"
REFUSED = "{peer} answered with status 0x{status:04X}"


class Courier(Background):
    """Delivers what is due; stopped, it lets the object at hand arrive."""

    name = "lingyin-node-courier"

    def __init__(self, settings: NodeSettings, state: State, letters: Letters, commitments: Commitments) -> None:
        super().__init__()
        self._settings, self._state, self._letters, self._commitments = settings, state, letters, commitments

    def _step(self) -> float:
        batch = self._state.due(time.time(), BATCH)
        if batch:
            self.deliver(batch)
            return 0.0
        return 0.0 if self._commitments.report(time.time()) else LOOK_EVERY_S

    def deliver(self, batch: Sequence[Result]) -> None:
        """Sends results in one association; what was not taken is due again later."""
        peer = self._settings.send_to
        association = open_association(self._settings, peer, batch)
        if not association.is_established:
            for each in batch:
                self._missed(each, UNREACHABLE.format(peer=peer))
            return
        try:
            for number, each in enumerate(batch):
                # An object at which the peer breaks off takes no other with it: the rest stays due as it was.
                if self._stopping.is_set() or (number and not association.is_established):
                    return
                self._send(association, each, peer)
        finally:
            if association.is_established:
                association.release()

    def _send(self, association: Association, result: Result, peer: Peer) -> None:
        if not association.is_established:
            self._missed(result, NO_ANSWER.format(peer=peer))
            return
        try:
            answer = association.send_c_store(self._settings.results / result.file)
        except ValueError:  # no presentation context was accepted for it
            self._missed(result, NOT_ACCEPTED.format(peer=peer))
            return
        except (OSError, AttributeError, RuntimeError) as error:
            self._missed(result, f"the result cannot be read or sent ({type(error).__name__})")
            return
        status = answer.get("Status")
        if status is None:
            self._missed(result, NO_ANSWER.format(peer=peer))
        elif status == SUCCESS or status in WARNINGS:
            self._state.sent(result.seq, None if status == SUCCESS else REFUSED.format(peer=peer, status=status))
        else:
            self._missed(result, REFUSED.format(peer=peer, status=status))

    def _missed(self, result: Result, problem: str) -> None:
        attempts = result.attempts + 1
        if attempts < self._settings.attempts:
            self._state.missed(result.seq, problem, time.time() + self._settings.wait_s(attempts))
            log.warning("attempt %d: %s", attempts, problem)
        else:
            self._state.missed(result.seq, problem, None)
            self._letters.add(result.file, problem)


def open_association(settings: NodeSettings, peer: Peer, batch: Sequence[Result]) -> Association:
    """An association to the peer with a context for every kind of object in the batch; perhaps not established."""
    ae = AE(settings.aet)
    ae.acse_timeout, ae.dimse_timeout, ae.network_timeout = 15, 60, 60
    ae.connection_timeout = 10
    kinds = sorted({(each.sop_class, each.transfer_syntax) for each in batch})
    return ae.associate(
        peer.host,
        peer.port,
        contexts=[build_context(*kind) for kind in kinds],
        ae_title=peer.aet,
        tls_args=settings.tls_args(peer),
    )

"""`Node`: the application entity with its receiver, its analyst and its courier, started and stopped as one."""

from __future__ import annotations

import logging
import tempfile
import time
from pathlib import Path
from typing import Any

from pynetdicom import AE, _config, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification  # type: ignore[attr-defined]

from lingyin.serve.database import Database
from lingyin.serve.node.commit import Commitments
from lingyin.serve.node.letters import Letters
from lingyin.serve.node.receive import RESULT_CLASSES, STORED_CLASSES, SYNTAXES, Receiver, sweep
from lingyin.serve.node.send import Courier
from lingyin.serve.node.settings import NodeSettings
from lingyin.serve.node.state import State
from lingyin.serve.node.work import Analyst
from lingyin.serve.worker import Analyses

log = logging.getLogger(__name__)
SCHEMA = Path(__file__).with_name("schema.sql")


class Node:
    """One DICOM node over one data folder. The caller sees to it that no other process uses the folder."""

    def __init__(self, settings: NodeSettings, engine: Analyses) -> None:
        """Makes the folders, and takes up again what an earlier process left.

        Raises:
            OSError, sqlite3.Error: the data folder cannot be used.
        """
        settings.make_folders()
        self.settings = settings
        self._database = Database(settings.database, SCHEMA, durable=True)
        self.state = State(self._database)
        self.letters = Letters(settings, self.state)
        self._commitments = Commitments(settings, self._database, self.state)
        self._courier = Courier(settings, self.state, self.letters, self._commitments)
        self._analyst = Analyst(settings, self.state, self.letters, engine, self._courier.wake)
        self._receiver = Receiver(settings, self.state)
        self._entity: AE | None = None
        self._server: Any = None
        self._tempdir: str | None = None

    def start(self) -> None:
        """Listens, analyses and delivers from now on.

        Raises:
            OSError: the address or port cannot be used.
            UsageError: a certificate cannot be used.
        """
        self._sweep()
        # A cine may be larger than the memory: pynetdicom writes it to a file as it comes, within our own folder, so
        # that the file is moved and never copied.
        _config.STORE_RECV_CHUNKED_DATASET = _config.STORE_SEND_CHUNKED_DATASET = True
        self._tempdir, tempfile.tempdir = tempfile.tempdir, str(self.settings.temporary)
        self._entity = self._make_entity()
        self._server = self._entity.start_server(
            (self.settings.host, self.settings.port),
            block=False,
            ssl_context=None if self.settings.tls is None else self.settings.tls.server(),
            evt_handlers=[
                (evt.EVT_C_ECHO, lambda _event: 0x0000),
                (evt.EVT_C_STORE, self._receiver.store),
                (evt.EVT_N_ACTION, lambda event: self._commitments.ask(event, time.time())),
            ],
        )
        self._analyst.start()
        self._courier.start()

    @property
    def port(self) -> int:
        """The port it listens at; of use where port 0 was asked for."""
        return int(self._server.socket.getsockname()[1])

    def stop(self) -> None:
        """Ends associations, lets the stage at hand end, and closes the database."""
        if self._entity is not None:
            self._entity.shutdown()
            tempfile.tempdir = self._tempdir
        self._analyst.stop()
        self._courier.stop()
        self._database.close()

    def _make_entity(self) -> AE:
        settings = self.settings
        ae = AE(settings.aet)
        ae.maximum_associations = settings.max_associations
        ae.require_called_aet = True
        ae.require_calling_aet = list(settings.allow)
        ae.acse_timeout, ae.dimse_timeout, ae.network_timeout = 30, 60, 60
        ae.add_supported_context(Verification)
        for sop_class in (*STORED_CLASSES, *RESULT_CLASSES):
            ae.add_supported_context(sop_class, SYNTAXES)
        ae.add_supported_context(StorageCommitmentPushModel)
        return ae

    def _sweep(self) -> None:
        """Puts folder and database in agreement after a kill."""
        for file in self.state.recover():
            log.error("%s ended the program many times", file)
        self.letters.check()
        known = self.state.files()
        for path in self.settings.images.iterdir():
            if path.name not in known:  # its sender never heard "success", and so still has it
                path.unlink()
        sweep(self.settings.temporary, float("inf"))

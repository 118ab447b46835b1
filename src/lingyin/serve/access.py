"""Who may come in: one access token, kept only as a hash, and the browser sessions that it was exchanged for."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections import deque
from pathlib import Path

from lingyin.serve.database import Database, now
from lingyin.serve.records import AuditLine

MAX_REFUSED = 10  # logins with a wrong token in a minute


class Access:
    """Checks tokens and sessions, and keeps the audit log of what they did."""

    def __init__(self, database: Database, token_file: Path, session_s: int) -> None:
        self._database = database
        self._token_file = token_file
        self._session_s = session_s
        self._hash = _read(token_file)
        self._refused: deque[float] = deque()

    @property
    def has_token(self) -> bool:
        return self._hash is not None

    def new_token(self) -> str:
        """Makes a token, which from now on is the only one; earlier tokens and all sessions end.

        It is 256 bits from the system's generator, so a plain hash keeps it safe.
        """
        token = secrets.token_urlsafe(32)
        part = self._token_file.with_suffix(".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(_digest(token))
        part.replace(self._token_file)
        self._hash = _digest(token)
        with self._database.transaction() as db:
            db.execute("DELETE FROM sessions")
        return token

    def may_try(self) -> bool:
        """Notes a refused login, and says whether there were few in the last minute: nobody may fill the log."""
        moment = time.monotonic()
        while self._refused and moment - self._refused[0] > 60:
            self._refused.popleft()
        if len(self._refused) >= MAX_REFUSED:
            return False
        self._refused.append(moment)
        self.note("unknown", "refused login")
        return True

    def holds(self, token: str) -> bool:
        """Whether this is the token; takes the same time whatever is wrong with it."""
        return self._hash is not None and hmac.compare_digest(_digest(token), self._hash)

    def open_session(self) -> str:
        """A new session's secret, for the cookie."""
        secret = secrets.token_urlsafe(32)
        with self._database.transaction() as db:
            db.execute("DELETE FROM sessions WHERE expires<?", (time.time(),))
            db.execute("INSERT INTO sessions VALUES (?,?)", (_digest(secret), time.time() + self._session_s))
        return secret

    def close_session(self, secret: str) -> None:
        """Ends a session."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM sessions WHERE hash=?", (_digest(secret),))

    def session(self, secret: str) -> str | None:
        """What the audit log calls this session; None where it is unknown or over."""
        digest = _digest(secret)
        with self._database.reading() as db:
            row = db.execute("SELECT expires FROM sessions WHERE hash=?", (digest,)).fetchone()
        return f"session:{digest[:12]}" if row is not None and row["expires"] > time.time() else None

    def note(self, who: str, action: str, study: str | None = None) -> None:
        """Writes a line of the audit log. Lines hold random ids only, never a name."""
        with self._database.transaction() as db:
            db.execute("INSERT INTO audit (at, who, action, study) VALUES (?,?,?,?)", (now(), who, action, study))

    def audit(self, offset: int, limit: int, study: str | None = None) -> tuple[int, list[AuditLine]]:
        """How many lines there are (of one study, where it is named), and some of them, the latest first."""
        where = "(? IS NULL OR study=?)"
        with self._database.reading() as db:
            total = db.execute(f"SELECT count(*) FROM audit WHERE {where}", (study, study)).fetchone()[0]
            rows = db.execute(
                f"SELECT at, who, action, study FROM audit WHERE {where} ORDER BY seq DESC LIMIT ? OFFSET ?",
                (study, study, limit, offset),
            ).fetchall()
        return total, [AuditLine(**dict(row)) for row in rows]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path) -> str | None:
    return path.read_text(encoding="ascii").strip() if path.is_file() else None

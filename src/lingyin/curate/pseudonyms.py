"""Stand-ins for identifiers that follow from a secret: the same person or number gets the same one, and nobody without
the secret can go back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydicom.config import IGNORE
from pydicom.uid import UID

from lingyin.core.errors import InputError, OutputError

SECRET_BYTES = 32
_DAYS = (365, 3650)  # into the past
_DAY_S = 86_400


@dataclass(frozen=True)
class Pseudonyms:
    """All replacements under one secret."""

    secret: bytes

    def digest(self, kind: str, value: str) -> bytes:
        """32 bytes that only the secret, the kind and the value decide."""
        return hmac.new(self.secret, f"{kind}\0{value}".encode(), hashlib.sha256).digest()

    def name(self, value: str, kind: str = "patient") -> str:
        """A stand-in of 15 letters and digits for an identifier."""
        return "LY-" + base64.b32encode(self.digest(kind, value)[:8]).decode()[:12]

    def uid(self, value: str) -> str:
        """A UID of the UUID kind (PS3.5 B.2); those of the standard stay as they are."""
        if not value or UID(value, IGNORE).name != value:
            return value
        number = int.from_bytes(self.digest("uid", value)[:16], "big")
        # version 4 and variant bits, so that it is a valid UUID
        number = number & ~(0xF << 76) | (4 << 76)
        return f"2.25.{number & ~(0x3 << 62) | (0x2 << 62)}"

    def shift(self, patient: str) -> tuple[int, int]:
        """Days back and seconds of the day that a patient's moments move by."""
        digest = self.digest("moment", patient)
        days = _DAYS[0] + int.from_bytes(digest[:4], "big") % (_DAYS[1] - _DAYS[0])
        return days, int.from_bytes(digest[4:8], "big") % _DAY_S

    def moved(self, text: str, representation: str, patient: str) -> str:
        """A DA, TM or DT value moved by the patient's shift; empty where it cannot be read.

        Days and times of day move apart, a time wrapping at midnight, so that a date and a time stored apart agree
        with the two stored as one.
        """
        days, seconds = self.shift(patient)
        text = text.strip()
        zone = ""
        if representation == "DT" and len(text) > 5 and text[-5] in "+-":
            text, zone = text[:-5], text[-5:]
        day, clock = {"DA": (text, ""), "TM": ("", text)}.get(representation, (text[:8], text[8:]))
        try:
            moved = _moved_day(day, days) if day else ""
            return moved + (_moved_clock(clock, seconds) if clock else "") + zone
        except (ValueError, OverflowError):
            return ""


def _moved_day(day: str, days: int) -> str:
    return (datetime.strptime(day.replace(".", ""), "%Y%m%d") - timedelta(days)).strftime("%Y%m%d")


def _moved_clock(clock: str, seconds: int) -> str:
    plain, _, fraction = clock.replace(":", "").partition(".")
    plain = plain.ljust(6, "0")
    hours, minutes, rest = int(plain[:2]), int(plain[2:4]), int(plain[4:6])
    moment = (hours * 3600 + minutes * 60 + rest + seconds) % _DAY_S
    whole = f"{moment // 3600:02d}{moment // 60 % 60:02d}{moment % 60:02d}"
    return f"{whole}.{fraction}" if fraction.isdigit() else whole


def read_secret(path: Path) -> bytes:
    """The secret kept in a file; a new one is drawn and kept there, for the owner alone, if there is no such file.

    Raises:
        InputError: the file holds too little for a secret.
        OutputError: it cannot be read or made.
    """
    try:
        with suppress(FileExistsError), path.open("xb") as file:
            path.chmod(0o600)
            file.write(secrets.token_bytes(SECRET_BYTES))
        secret = path.read_bytes()
    except OSError as error:
        raise OutputError(path, f"the secret cannot be kept ({error.strerror})", "choose another file") from error
    if len(secret) < SECRET_BYTES // 2:
        raise InputError(
            path, f"is too short for a secret ({len(secret)} bytes)", "name a file that does not exist yet"
        )
    return secret

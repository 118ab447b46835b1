"""What a server is told at its start: where its data lie, what it accepts, and the limits it keeps."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Folders and limits of one server. Sizes in bytes, times in seconds."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8765
    names: tuple[str, ...] = ()  # host names, besides `host` and plain addresses, under which browsers reach it
    max_upload_bytes: int = 2 << 30  # one request
    max_waiting: int = 1000  # studies in the queue
    max_uploads: int = 4  # requests whose bodies are read at the same time; others wait
    upload_wait_s: float = 20.0  # how long one waits for its turn before it is sent away
    max_streams: int = 64  # open event streams
    session_s: int = 12 * 3600  # a shift
    keep_days: int | None = None  # after this many days a study is removed; None keeps it until somebody deletes it

    @property
    def database(self) -> Path:
        return self.data / "lingyin.sqlite"

    @property
    def uploads(self) -> Path:
        """Scans that wait for their analysis, one folder for each request."""
        return self.data / "uploads"

    @property
    def scans(self) -> Path:
        """Scans that came over DICOMweb and are kept as long as their study."""
        return self.data / "scans"

    @property
    def reports(self) -> Path:
        """Report folders, one for each study, named by its id."""
        return self.data / "reports"

    @property
    def temporary(self) -> Path:
        """What is unpacked or half received; emptied at every start."""
        return self.data / "temporary"

    @property
    def token(self) -> Path:
        """File with the hash of the access token."""
        return self.data / "token"

    def make_folders(self) -> None:
        """Makes the folders, open to nobody else (mode 700). Raises OSError."""
        for folder in (self.data, self.uploads, self.scans, self.reports, self.temporary):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)


def default_data() -> Path:
    """The user's own data folder for this program, where the system keeps such folders."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "Lingyin"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Lingyin"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "lingyin"

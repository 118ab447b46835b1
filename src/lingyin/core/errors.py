"""The error tree: every failure that a person can mend, with a sentence that names the file and the remedy."""

from __future__ import annotations

from pathlib import Path


class LingyinError(Exception):
    """Root of all errors raised on purpose; `exit_code` is what the command line returns for it."""

    exit_code = 1


class UsageError(LingyinError):
    """The request itself is wrong (unknown name, contradictory options)."""

    exit_code = 2


class InputError(LingyinError):
    """An input cannot be used. The message reads `<file>: <what is wrong>; <what to do>`."""

    exit_code = 3

    def __init__(self, path: str | Path, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}; {remedy}")
        self.path = str(path)
        self.problem = problem
        self.remedy = remedy


class UnreadableError(InputError):
    """The bytes cannot be decoded: empty, truncated, not an image, or of an unknown kind."""


class NotUltrasoundError(InputError):
    """The file is a valid image of another modality (CT, MR, ...)."""


class NoFramesError(InputError):
    """The container is valid but holds no picture (DICOM without pixels, 0-frame video, folder of nothing)."""


class OutputError(LingyinError):
    """A result cannot be written (no permission, disk full); nothing half-written stays behind."""

    exit_code = 3

    def __init__(self, path: str | Path, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}; {remedy}")
        self.path = str(path)
        self.problem = problem
        self.remedy = remedy


class ModelError(LingyinError):
    """A model folder is missing, damaged, tampered with, or of another format."""

    exit_code = 3


class ReportError(LingyinError):
    """A composed report does not match its findings; it is not written. Always a defect of this program."""


class CatalogueError(LingyinError):
    """Data shipped with the package (tree, rules, catalogues) contradicts itself."""

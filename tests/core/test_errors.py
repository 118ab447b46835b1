"""Every purposeful error has an exit code, and input errors say which file, what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core import errors

INPUT_ERRORS = (errors.InputError, errors.UnreadableError, errors.NotUltrasoundError, errors.NoFramesError)


def test_exit_codes_tell_usage_input_and_own_defects_apart() -> None:
    codes = {
        errors.LingyinError: 1,
        errors.CatalogueError: 1,
        errors.ReportError: 1,
        errors.UsageError: 2,
        errors.OutputError: 3,
        errors.ModelError: 3,
        **dict.fromkeys(INPUT_ERRORS, 3),
    }
    assert {kind: kind.exit_code for kind in codes} == codes


def test_all_errors_share_one_root() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) == 10
    assert all(issubclass(kind, errors.LingyinError) for kind in kinds)


@pytest.mark.parametrize("kind", [*INPUT_ERRORS, errors.OutputError])
def test_message_names_file_problem_and_remedy(kind: type[errors.InputError] | type[errors.OutputError]) -> None:
    error = kind(Path("a") / "scan.dcm", "is empty", "send it again")
    assert str(error) == f"{Path('a') / 'scan.dcm'}: is empty; send it again"
    assert (error.path, error.problem, error.remedy) == (str(Path("a") / "scan.dcm"), "is empty", "send it again")


def test_a_reader_s_errors_are_caught_as_input_errors() -> None:
    for kind in INPUT_ERRORS[1:]:
        with pytest.raises(errors.InputError):
            raise kind("x", "y", "z")

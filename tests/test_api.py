"""The Python API: one call, a study with reports in three languages, an engine shared by threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import lingyin
from lingyin.core.errors import UsageError
from lingyin.core.study import LANGUAGES
from lingyin.core.study import Study as Record


@pytest.fixture(scope="module")
def engine() -> lingyin.Engine:
    return lingyin.Engine()


def test_analyze_stays_a_function_beside_the_room_of_that_name(aneurysm: Path) -> None:
    import lingyin.analyze.engine

    study = lingyin.analyze(aneurysm)
    assert isinstance(study, Record)
    assert study.findings


def test_a_guideline_is_chosen_by_topic(aneurysm: Path) -> None:
    study = lingyin.analyze(aneurysm, guidelines={"aorta": "acc2022"})
    rules = {finding.rule.edition[:4] for finding in study.findings if finding.rule is not None}
    assert "2022" in rules


def test_reports_in_three_languages(engine: lingyin.Engine, aneurysm: Path, tmp_path: Path) -> None:
    study = engine.analyze(aneurysm)
    texts = [str(study.report(lang=language)) for language in LANGUAGES]
    assert all(texts)
    assert len(set(texts)) == 3
    study.report(lang="zh-Hant").save(tmp_path / "report")
    assert (tmp_path / "report" / "report.html").is_file()


def test_unknown_language_is_refused(engine: lingyin.Engine, aneurysm: Path) -> None:
    with pytest.raises(UsageError, match="zh-Hans"):
        engine.analyze(aneurysm).report(lang="fr")


def test_study_survives_a_round_trip_through_json(engine: lingyin.Engine, aneurysm: Path) -> None:
    study = engine.analyze(aneurysm)
    assert Record.model_validate_json(study.model_dump_json()) == Record(**dict(study))


def test_threads_get_the_same_answers_as_one(engine: lingyin.Engine, aneurysm: Path, real_cine: Path) -> None:
    scans = [aneurysm, real_cine] * 3

    def answer(scan: Path) -> list[tuple[str, float | None]]:
        return [(finding.code, finding.value) for finding in engine.analyze(scan).findings]

    alone = [answer(scan) for scan in scans[:2]] * 3
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(answer, scans)) == alone

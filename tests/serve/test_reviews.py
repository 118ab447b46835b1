"""Patients and signatures in the server's memory: priors by number, date and organ; agreement by first signatures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from lingyin.core.study import Change, Signature, Status, Study
from lingyin.report.history import content_of
from lingyin.report.identity import Identity
from lingyin.serve.database import Database
from lingyin.serve.records import SignRequest
from lingyin.serve.reviews import Reviews, patient_hash
from lingyin.serve.store import Arrival, Store
from tests.report.builders import make_clip, make_study, organ

WHO = Identity("4711", "Ward", "19500101", "F", date(2026, 3, 1), "1.2")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "queue.sqlite")
    yield opened
    opened.close()


def scan(code: str = "liver") -> Study:
    return make_study(make_clip(1), [organ(code, 0.9)])


def signed(at: str, *changes: Change, sha256: str = "a") -> Study:
    study = scan()
    signature = Signature(
        by="A",
        at=at,
        changes=list(changes),
        before=content_of(study),
        content_sha256="c",
        previous_sha256="p",
        sha256=sha256,
    )
    return study.model_copy(update={"signatures": [signature], "status": Status.FINAL})


def on(day: int) -> Identity:
    return replace(WHO, made=date(2026, 3, day))


def test_the_prior_is_the_latest_strictly_earlier_of_patient_and_organ(database: Database) -> None:
    reviews = Reviews(database)
    for day in (2, 5, 9):
        reviews.note_patient(f"liver-{day}", on(day), scan())
    reviews.note_patient("kidney", on(6), scan("kidney"))
    reviews.note_patient("stranger", replace(on(6), patient="4712"), scan())
    assert reviews.prior_of(on(9), "liver") == ("liver-5", date(2026, 3, 5))
    assert reviews.prior_of(on(2), "liver") is None
    assert reviews.prior_of(on(9), None) is None
    reviews.forget("liver-5")
    assert reviews.prior_of(on(9), "liver") == ("liver-2", date(2026, 3, 2))


@pytest.mark.parametrize("lacks", [{"patient": ""}, {"made": None}])
def test_without_number_or_date_nothing_is_remembered_or_found(database: Database, lacks: dict[str, None]) -> None:
    reviews = Reviews(database)
    reviews.note_patient("a", replace(on(1), **lacks), scan())
    with database.reading() as db:
        assert db.execute("SELECT count(*) FROM patients").fetchone()[0] == 0
    reviews.note_patient("b", on(1), scan())
    assert reviews.prior_of(replace(on(9), **lacks), "liver") is None


def test_the_hash_tells_patients_apart_wherever_the_letters_fall() -> None:
    others = [replace(WHO, **{field: "x"}) for field in ("patient", "issuer", "birth_date", "sex")]
    shifted = replace(WHO, issuer="Ward4", patient="711")
    assert len({patient_hash(each) for each in (WHO, shifted, *others)}) == 6
    assert patient_hash(replace(WHO, made=None, study_uid="9")) == patient_hash(WHO)
    assert len(patient_hash(replace(WHO, patient="\udcff"))) == 64


def test_other_studies_of_the_patient_are_those_that_are_still_there(database: Database) -> None:
    reviews, store = Reviews(database), Store(database)
    first, second, third, gone = store.add([Arrival(name, "u", name) for name in "abcd"], 9)
    for day, key in enumerate((first, second, third, gone), 1):
        reviews.note_patient(key, on(day), scan("liver" if day != 3 else "kidney"))
    store.delete(gone)
    assert [(each.id, each.made) for each in reviews.others_of(first)] == [
        (third, "2026-03-03"),
        (second, "2026-03-02"),
    ]
    assert reviews.others_of("unknown") == []


def test_agreement_counts_first_signatures_and_not_what_follows_by_rule(database: Database) -> None:
    reviews = Reviews(database)
    changed, rejected = (Change(code="liver", kind=kind) for kind in ("changed", "rejected"))
    by_rule = Change(code="x", kind="changed", by_rule=True)
    reviews.note_signature("b", signed("2026-02-01T00:00:00Z", changed, by_rule))
    reviews.note_signature("a", signed("2026-01-31T23:59:59Z", rejected))
    reviews.note_signature("b", signed("2026-02-02T00:00:00Z", changed, changed, sha256="later"))
    reviews.note_signature("c", signed("2026-02-03T00:00:00Z"))
    assert [tuple(dict(each).values()) for each in reviews.agreement()] == [
        ("2026-01", 1, 1, 0, 1, 0),
        ("2026-02", 2, 2, 1, 0, 0),
    ]
    assert reviews.signed() == ["b", "a", "c"]
    assert reviews.latest_hash("b") == "later"
    reviews.forget("b")
    assert reviews.latest_hash("b") is None
    assert reviews.signed() == ["a", "c"]


@pytest.mark.parametrize("wrong", [{"by": ""}, {"by": "A" * 65}, {"seen_sha256": "A" * 64}, {"seen_sha256": "a" * 63}])
def test_a_signature_needs_a_name_and_the_hash_of_what_was_seen(wrong: dict[str, str]) -> None:
    right = {"by": "A", "seen_sha256": "a" * 64}
    assert SignRequest.model_validate(right).edits == []
    with pytest.raises(ValidationError):
        SignRequest.model_validate(right | wrong)

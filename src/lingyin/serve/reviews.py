"""What the server remembers of signatures and of whose scans it holds: hashes, dates and counts, never a name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from lingyin.core.study import Study
from lingyin.report.identity import Identity
from lingyin.report.priors import organ_of
from lingyin.serve.database import Database
from lingyin.serve.records import Agreement, Prior

COUNTED = ("changed", "rejected", "added")


@dataclass(frozen=True)
class Reviews:
    """Signatures and patients in a `Database`."""

    database: Database

    def note_patient(self, key: str, identity: Identity, study: Study) -> None:
        """Remembers whose scan study `key` is, where its header tells that."""
        if not identity.is_known or identity.made is None:
            return
        with self.database.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO patients VALUES (?,?,?,?)",
                (key, patient_hash(identity), identity.made.isoformat(), organ_of(study)),
            )

    def prior_of(self, identity: Identity, organ: str | None) -> tuple[str, date] | None:
        """The latest earlier study of the same patient and organ, with its date."""
        if not identity.is_known or identity.made is None or organ is None:
            return None
        with self.database.reading() as db:
            row = db.execute(
                "SELECT study, made FROM patients WHERE patient=? AND organ=? AND made<? ORDER BY made DESC LIMIT 1",
                (patient_hash(identity), organ, identity.made.isoformat()),
            ).fetchone()
        return None if row is None else (row["study"], date.fromisoformat(row["made"]))

    def others_of(self, key: str) -> list[Prior]:
        """The other studies of the same patient, the latest first."""
        with self.database.reading() as db:
            rows = db.execute(
                "SELECT other.study AS id, other.made AS made, studies.name AS name, studies.triage AS triage "
                "FROM patients AS own JOIN patients AS other ON other.patient=own.patient AND other.study<>own.study "
                "JOIN studies ON studies.id=other.study WHERE own.study=? ORDER BY other.made DESC",
                (key,),
            ).fetchall()
        return [Prior(**dict(row)) for row in rows]

    def note_signature(self, key: str, study: Study) -> None:
        """Remembers the latest signature of a study, and moves the study in the worklist where its triage changed."""
        signature = study.signatures[-1]
        counts = [sum(each.kind == kind and not each.by_rule for each in signature.changes) for kind in COUNTED]
        with self.database.transaction() as db:
            db.execute(
                "INSERT INTO reviews (study, at, sha256, status, organ, findings, changed, rejected, added) "
                "VALUES (?,?,?,?,?,?,?,?,?)",
                (
                    key,
                    signature.at,
                    signature.sha256,
                    study.status.value,
                    organ_of(study),
                    len(signature.before.findings),
                    *counts,
                ),
            )

    def latest_hash(self, key: str) -> str | None:
        """Hash of the latest signature that was given here for a study."""
        with self.database.reading() as db:
            row = db.execute("SELECT sha256 FROM reviews WHERE study=? ORDER BY seq DESC LIMIT 1", (key,)).fetchone()
        return None if row is None else str(row["sha256"])

    def signed(self) -> list[str]:
        """All studies that were signed, in the order of their first signature."""
        with self.database.reading() as db:
            rows = db.execute("SELECT study FROM reviews GROUP BY study ORDER BY min(seq)").fetchall()
        return [row["study"] for row in rows]

    def agreement(self) -> list[Agreement]:
        """Month by month: how many findings of first signatures stood, and how many were changed or rejected."""
        with self.database.reading() as db:
            rows = db.execute(
                "SELECT substr(at, 1, 7) AS month, count(*) AS reports, sum(findings) AS findings, "
                "sum(changed) AS changed, sum(rejected) AS rejected, sum(added) AS added FROM reviews "
                "WHERE seq IN (SELECT min(seq) FROM reviews GROUP BY study) GROUP BY month ORDER BY month"
            ).fetchall()
        return [Agreement(**dict(row)) for row in rows]

    def forget(self, key: str) -> None:
        """Removes what is known of a study."""
        with self.database.transaction() as db:
            db.execute("DELETE FROM patients WHERE study=?", (key,))
            db.execute("DELETE FROM reviews WHERE study=?", (key,))


def patient_hash(identity: Identity) -> str:
    """The same for all studies of a patient; without the number it cannot be told whose it is."""
    parts = (identity.issuer, identity.patient, identity.birth_date, identity.sex)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

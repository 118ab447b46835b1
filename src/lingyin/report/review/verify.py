"""The chain of signatures: each includes the hash of what was signed and of the signature before it.

The chain shows every later change of a file, by hand or by accident. It does not keep out somebody who computes all
hashes anew: whoever needs that keeps the last hash elsewhere, as the server's audit log does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from lingyin.core.study import Change, Content, Signature, Study
from lingyin.report.history import content_after

OUTSIDE = {"status", "signatures"}  # of a study: not part of what is signed


def content_hash(study: Study, content: Content) -> str:
    """SHA-256 of a study as it reads with `content`, signatures aside."""
    said = study.model_copy(update=dict(content))
    return _hash(Study.model_dump(said, mode="json", exclude=OUTSIDE))


def signature_hash(
    by: str,
    organisation: str | None,
    at: str,
    comment: str | None,
    changes: Sequence[Change],
    content_sha256: str,
    previous_sha256: str,
) -> str:
    """SHA-256 of one signature with all that it stands for."""
    return _hash(
        {
            "by": by,
            "organisation": organisation,
            "at": at,
            "comment": comment,
            "changes": [each.model_dump(mode="json") for each in changes],
            "content_sha256": content_sha256,
            "previous_sha256": previous_sha256,
        }
    )


def problems_of(study: Study) -> list[str]:
    """What does not fit in the chain of signatures; an empty list for an unsigned study and for a whole chain."""
    problems = []
    for index, signature in enumerate(study.signatures):
        number = index + 1
        before = content_hash(study, signature.before)
        if index == 0 and signature.previous_sha256 != before:
            problems.append("the program's original is not what the first signature was given for")
        if index > 0:
            earlier = study.signatures[index - 1]
            if signature.previous_sha256 != earlier.sha256 or before != earlier.content_sha256:
                problems.append(f"signature {number} does not follow signature {number - 1}")
        if content_hash(study, content_after(study, index)) != signature.content_sha256:
            problems.append(f"the report is not what signature {number} was given for")
        if _of(signature) != signature.sha256:
            problems.append(f"signature {number} was altered")
    if (study.status == "preliminary") != (not study.signatures):
        problems.append(f"the status {study.status.value} does not fit {len(study.signatures)} signatures")
    return problems


def _of(signature: Signature) -> str:
    return signature_hash(
        signature.by,
        signature.organisation,
        signature.at,
        signature.comment,
        signature.changes,
        signature.content_sha256,
        signature.previous_sha256,
    )


def _hash(content: Mapping[str, object]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

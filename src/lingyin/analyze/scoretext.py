"""A score in words of every language: the range of grades, the points, and what each feature adds to them."""

from __future__ import annotations

from collections.abc import Iterable

from lingyin.analyze.score import Scored, Share
from lingyin.core.phrases import phrase
from lingyin.core.study import LANGUAGES, Text
from lingyin.core.tree import load_tree


def score_text(scored: Scored) -> Text:
    """E.g. "TR3 to TR4; points: 3 to 5; composition solid (2), echogenicity left open (1 to 3); to narrow it: ..."."""
    return {lang: _words("stop", lang).join(_parts(scored, lang)) for lang in LANGUAGES}


def advice_text(scored: Scored, size_mm: tuple[float, float], stated_mm: float) -> Text | None:
    """What the system advises for a size whose interval is `size_mm`; None where it gives no advice by size."""
    if all(grade.follow_up_from is None and grade.biopsy_from is None for grade in scored.rule.grade):
        return None
    actions = scored.actions(size_mm)
    result = {}
    for lang in LANGUAGES:
        low, high = (_words(action, lang) for action in (actions[0], actions[-1]))
        template = _words("advice" if len(actions) == 1 else "advice-open", lang)
        result[lang] = template.format(size=f"{stated_mm:.1f}", action=low, low=low, high=high)
    return result


def _parts(scored: Scored, lang: str) -> Iterable[str]:
    labels = [scored.rule.grade_of(code).label for code in (scored.grades[0], scored.grades[-1])]
    yield _range(labels[0], labels[1], lang)
    if scored.points is not None:
        yield _words("points", lang).format(points=_range(*scored.points, lang))
    told = [share for share in scored.shares if share.wanted or not share.unseen or scored.points is not None]
    yield _words("comma", lang).join(_part(share, scored.points is not None, lang) for share in told)
    wanted = [share.feature.name[lang] for share in scored.shares if share.wanted]
    if wanted:
        yield _words("needed", lang).format(features=_words("comma", lang).join(wanted))


def _part(share: Share, with_points: bool, lang: str) -> str:
    names = [_value_name(share, code, lang) for code in share.possible]
    value = _words("open", lang) if share.unseen else _words("or", lang).join(names)
    template = _words("part-with-points" if with_points else "part", lang)
    return template.format(feature=share.feature.name[lang], value=value, points=_range(*share.points, lang))


def _value_name(share: Share, code: str, lang: str) -> str:
    value = next(value for value in share.feature.value if value.code == code)
    return (value.name or load_tree()[code].name)[lang]


def _range(low: object, high: object, lang: str) -> str:
    return str(low) if low == high else _words("range", lang).format(low=low, high=high)


def _words(code: str, lang: str) -> str:
    return phrase("score", code)[lang]

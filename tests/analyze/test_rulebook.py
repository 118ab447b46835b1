"""The loader of rules: everything wrong in a file is a `CatalogueError` that names the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.analyze.rulebook import load_rules, read_rule_file, read_rules
from lingyin.core.errors import CatalogueError

WORDS = '{ en = "a", zh-Hans = "b", zh-Hant = "c" }'
HEAD = f"""application = "test"
[[measurement]]
id = "some-rule"
judges = "abdominal_aorta_diameter"
unit = "mm"
guideline = "Some guideline"
edition = "2020"
evidence = "primary"
text = {WORDS}
"""
NORMAL = f'[[measurement.band]]\ngrade = "fine"\nabnormal = false\nname = {WORDS}\n'
LARGE = f'[[measurement.band]]\ngrade = "large"\nat_least = 30\nabnormal = true\nname = {WORDS}\n'


def write(folder: Path, text: str, name: str = "test.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_right_file_is_read(tmp_path: Path) -> None:
    file = read_rule_file(write(tmp_path, HEAD + NORMAL + LARGE))
    assert [band.grade for band in file.measurement[0].band] == ["fine", "large"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD + LARGE, "only the first, has no lower limit"),
        (HEAD + NORMAL + NORMAL, "only the first, has no lower limit"),
        (HEAD + NORMAL + LARGE + LARGE.replace("large", "larger"), "bands must rise"),
        (HEAD + NORMAL + LARGE.replace("30", "{ F = 30 }"), "both F and M"),
        (HEAD + NORMAL + LARGE.replace("at_least = 30", "at_least = 30\nabove = 20"), "both at_least and above"),
        (
            HEAD + NORMAL + LARGE.replace("abnormal = true", "abnormal = false\nurgent = true"),
            "urgent but not abnormal",
        ),
        (HEAD + NORMAL + LARGE.replace("large", "fine"), "grade stands twice"),
        (HEAD + NORMAL.replace('zh-Hant = "c"', 'zh-Hant = ""'), "no words in zh-Hant"),
        (HEAD + NORMAL.replace(', zh-Hant = "c"', ""), "exactly the languages"),
        (HEAD.replace("primary", "gossip") + NORMAL, "evidence"),
        (HEAD.replace('unit = "mm"\n', "") + NORMAL, "unit"),
        (HEAD + "colour = 1\n" + NORMAL, "colour"),
        (HEAD, "band"),
        ("application = ", "test.toml"),
        ('application = "x"\n[[contradiction]]\nlabel = "a"\n', "exactly one of"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(CatalogueError, match=problem):
        read_rule_file(write(tmp_path, text))


def test_an_id_may_stand_once(tmp_path: Path) -> None:
    write(tmp_path, HEAD + NORMAL, "one.toml")
    write(tmp_path, HEAD + NORMAL, "two.toml")
    with pytest.raises(CatalogueError, match="id some-rule stands twice"):
        read_rules(tmp_path)


def test_of_several_guidelines_one_is_the_default(tmp_path: Path) -> None:
    write(tmp_path, HEAD + NORMAL, "one.toml")
    second = HEAD.replace("some-rule", "other-rule") + 'choice = "other"\n' + NORMAL
    write(tmp_path, second, "two.toml")
    with pytest.raises(CatalogueError, match="exactly one default"):
        read_rules(tmp_path)
    write(tmp_path, second.replace('choice = "other"', 'choice = "other"\ndefault = false'), "two.toml")
    book = read_rules(tmp_path)
    code = "abdominal_aorta_diameter"
    assert book.measurement_rule(code).id == "some-rule"  # type: ignore[union-attr]
    assert book.measurement_rule(code, {code: "other"}).id == "other-rule"  # type: ignore[union-attr]


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no rule files"):
        read_rules(tmp_path)


def test_an_unknown_guideline_names_those_on_offer() -> None:
    with pytest.raises(CatalogueError, match="esvs2024"):
        load_rules().measurement_rule("abdominal_aorta_diameter", {"abdominal_aorta_diameter": "nice2020"})


def test_a_measurement_without_rule_has_none() -> None:
    assert load_rules().measurement_rule("biparietal_diameter") is None


def test_advice_is_added_to_the_words_of_the_rule() -> None:
    rule = load_rules().measurement_rule("abdominal_aorta_diameter")
    assert rule is not None
    advice = {"en": "Do this.", "zh-Hans": "做。", "zh-Hant": "做。"}
    assert rule.reference(advice).text["en"].endswith(" Do this.")
    assert rule.reference().text["en"] == rule.text["en"]

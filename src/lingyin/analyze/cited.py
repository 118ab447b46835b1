"""What every rule record shares: strictness, words in every language, and where the rule comes from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lingyin.core.phrases import check_text
from lingyin.core.study import RuleRef, Text

Words = Annotated[dict[str, str], AfterValidator(lambda text: check_text(text, "a text of a rule"))]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Entry(BaseModel):
    """Base of rule records: immutable, an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cited(Entry):
    """What every rule carries: where it comes from, and how well that was checked."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    guideline: Annotated[str, Field(min_length=4)]
    edition: Annotated[str, Field(min_length=4)]
    evidence: Literal["primary", "secondary", "general-knowledge"]
    url: Annotated[str, Field(pattern=r"^https://")] | None = None
    text: Words

    def reference(self, *more: Text | None) -> RuleRef:
        """The citation as a finding carries it; `more` (advice, per language) is added to the rule's own words."""
        added = [each for each in more if each]
        text = {tag: " ".join([words, *(each[tag] for each in added)]) for tag, words in self.text.items()}
        return RuleRef(
            id=self.id, guideline=self.guideline, edition=self.edition, evidence=self.evidence, text=text, url=self.url
        )


class Chosen(Cited):
    """A rule that stands beside those of other guidelines: `choice` names it within its `topic`; one is the default."""

    topic: Code | None = None
    choice: Annotated[str, Field(pattern=r"^[a-z0-9]+$")] = "default"
    default: bool = True

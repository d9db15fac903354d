"""What the editor's services may know besides the text, and the columns that stages made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from queries.editor.items import Item, type_word, written
from queries.errors import QueryError
from queries.parser import parse
from queries.plan.model import PlanContext
from queries.plan.outline import outline

_ANY_TIME = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_Pairs: TypeAlias = tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What completion may know besides the schema.

    Attributes:
        projects: slugs of the visible projects.
        tags: by data set, the tag keys there are, most frequent first.
        promoted: as in `PlanContext`.
        saved_filters: as in `PlanContext`.
    """

    projects: Sequence[str] = ()
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    promoted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    saved_filters: Mapping[str, str] = field(default_factory=dict)

    def context(self) -> PlanContext:
        """Return a context in which a text can be planned to know its columns; nothing is run with it."""
        return PlanContext(
            now=_ANY_TIME,
            projects=dict(enumerate(self.projects)),
            promoted=self.promoted,
            saved_filters=self.saved_filters,
            releases={},
        )


@dataclass(frozen=True, slots=True)
class Made:
    """Columns that stages made; `replaced` when the fields of the data set are gone."""

    items: tuple[Item, ...]
    replaced: bool


def columns_after(text: str, facts: Facts) -> Made | None:
    """Return the columns the stages of a text made, None when they made none or the text cannot be planned."""
    promoted = tuple(sorted(facts.promoted.items()))
    return _columns_after(text, tuple(facts.projects), promoted, tuple(sorted(facts.saved_filters.items())))


@lru_cache(maxsize=256)
def _columns_after(text: str, projects: tuple[str, ...], promoted: _Pairs, saved: _Pairs) -> Made | None:
    # Each key typed asks about the same text before the stage, and planning it takes milliseconds.
    facts = Facts(projects, promoted=dict(promoted), saved_filters=dict(saved))  # type: ignore[arg-type]
    try:
        made = outline(parse(text), facts.context())
    except QueryError:
        return None
    if not made.columns and not made.replaced:
        return None
    items = [
        Item(name, written(name), "field", "Column.", "string" if name in made.virtual else type_word(type_))
        for name, type_ in made.columns.items()
    ]
    return Made(tuple(items), made.replaced)

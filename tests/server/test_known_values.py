"""Values for completion are looked up once in a while, whatever is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from engine.errors import UserError
from iam import LOCAL
from queries.editor import Completions, complete
from queries.editor.completion import MAX_ITEMS
from server.http.known_values import KnownValues
from server.query_service import Question


class Store:
    """A query service whose every answer is what a field holds; remembers the texts it was asked."""

    def __init__(self, values: Sequence[str]) -> None:
        self.values = values
        self.texts: list[str] = []

    def answer(self, question: Question, _who: Any) -> Any:
        """Return the values, those that hold the letters a text asks for, best first."""
        self.texts.append(question.text)
        if not self.values:
            raise UserError("No.", code="x")
        letters = question.text.partition('contains "')[2].partition('"')[0]
        kept = [value for value in self.values if letters.lower() in value.lower()][:MAX_ITEMS]
        table = pa.table({"value": [*kept, None], "count": list(range(len(kept) + 1))})
        return type("Answer", (), {"table": table})


def typed(text: str) -> Completions:
    """What the editor knows at the end of a text."""
    return complete(text, len(text))


def labels(known: KnownValues, text: str, projects: tuple[int, ...] = (1,)) -> list[str]:
    """The values offered at the end of a text."""
    return [row["value"] for row in known.of(typed(text), Question(text), LOCAL, projects)]


def test_what_is_typed_next_is_found_among_the_values_of_a_field() -> None:
    """In any case of its letters; for other projects the store is asked anew."""
    store = Store(["shop@1.0", "Shop@2.0", "mail@1.0"])
    known = KnownValues(store)  # type: ignore[arg-type]
    assert labels(known, "from errors release:") == ["shop@1.0", "Shop@2.0", "mail@1.0"]
    assert labels(known, "from errors release:shop") == ["shop@1.0", "Shop@2.0"]
    assert labels(known, "from errors release:shop@2") == ["Shop@2.0"]
    assert len(store.texts) == 1
    labels(known, "from errors release:", projects=(1, 2))
    assert len(store.texts) == 2


def test_of_a_field_with_many_values_the_store_is_asked_for_the_letters() -> None:
    """The commonest ones say nothing of the others; each beginning is asked once."""
    store = Store([f"server-{number}" for number in range(200)])
    known = KnownValues(store)  # type: ignore[arg-type]
    assert len(labels(known, "from errors server_name:")) == MAX_ITEMS
    for _ in range(2):
        assert labels(known, "from errors server_name:server-19")[0] == "server-19"
        assert "server-199" in labels(known, "from errors server_name:server-19")
    assert len(store.texts) == 2


def test_what_cannot_be_looked_up_is_not_offered() -> None:
    """And asked for again with the next key."""
    known = KnownValues(Store([]))  # type: ignore[arg-type]
    assert labels(known, "from errors release:") == []
    assert labels(known, "from errors | summ") == []

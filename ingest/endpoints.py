"""What an endpoint of ingest is: a path, its methods, and the function that answers.

The tables of endpoints lie beside their functions; `ingest.http` puts them together, and the reference page and the
tests read them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ingest.answers import Answer, preflight, refused
from ingest.calls import Call
from ingest.edge import Edge
from ingest.errors import Refused

_PART = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route of the client protocol.

    Attributes:
        name: what it is called, unique among all.
        rule: the path in Flask's form, without a trailing slash; both spellings are served.
        answer: answers a call; Refused is turned into an answer and counted.
        methods: besides OPTIONS.
        doc: one sentence for the reference page.
    """

    name: str
    rule: str
    answer: Callable[[Edge, Call], Answer]
    methods: tuple[str, ...] = ("POST",)
    doc: str = ""

    def pattern(self) -> re.Pattern[str]:
        """Return the path as a regular expression, with or without a trailing slash."""
        return re.compile(_PART.sub(r"(?P<\1>[^/]+)", self.rule) + "/?")


def answer_to(endpoint: Endpoint, edge: Edge, call: Call) -> Answer:
    """Return the answer of an endpoint, to OPTIONS too; a refusal has been counted."""
    if call.method == "OPTIONS":
        return preflight()
    try:
        return endpoint.answer(edge, call)
    except Refused as refusal:
        edge.count_refusal(refusal, call)
        return refused(refusal)

"""Root-cause analyses from Python: what is sent, what is given back, and how it is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import amber
from amber._rca import RootCause

HOSTILE = "<script>alert(1)</script>"
QUESTION = {
    "title": "Latency",
    "query": "from spans <b>",
    "start": "2026-01-01T10:00:00Z",
    "end": "2026-01-01T11:00:00Z",
    "page": "/discover?q=1",
}
DOCUMENT: dict[str, Any] = {
    "subject": {"title": "cart"},
    "verdict": "cause",
    "why": "One cause explains it.",
    "onset": {"at": "2026-01-01T10:05:00Z"},
    "hypotheses": [
        {
            "kind": "deploy",
            "node": "cart",
            "title": HOSTILE,
            "confidence": 0.91,
            "change": {"id": "c1", "title": "cart@2"},
            "chain": [{"text": "cart got slow"}],
            "evidence": [
                {"key": "latency", "text": "It began then.", "weight": 2.5},
                {"key": None, "text": "Nothing else changed.", "weight": None},
            ],
            "commits": [{"sha": "abc"}],
        },
        {
            "kind": "traffic",
            "node": "",
            "title": "More was asked",
            "confidence": None,
            "change": None,
            "chain": [],
            "evidence": [],
            "commits": [],
        },
    ],
    "evidence": {"latency": QUESTION},
    "notes": ["Logs: not looked at."],
}


class Asked:
    """A transport that makes analyses, and nothing else."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def rca(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(asked)
        return DOCUMENT


def test_only_what_was_given_is_sent() -> None:
    """Lengths of time as the API reads them; times with a zone; projects as texts."""
    transport = Asked()
    client = amber.Client(transport)  # type: ignore[arg-type]
    client.rca("SHOP-1")
    client.rca(
        query=amber.transactions.where(service="cart"),
        range=timedelta(minutes=30),
        baseline="6h",
        project=[7, "shop"],
    )
    client.rca(service="cart", signal="latency", start="2026-01-01T10:00:00", end=datetime(2026, 1, 1, 11, tzinfo=UTC))
    assert transport.asked == [
        {"issue": "SHOP-1"},
        {
            "query": 'from transactions | where service = "cart"',
            "range": "1800s",
            "baseline": "6h",
            "project": ["7", "shop"],
        },
        {
            "service": "cart",
            "signal": "latency",
            "start": "2026-01-01T10:00:00+00:00",
            "end": "2026-01-01T11:00:00+00:00",
        },
    ]


def test_hypotheses_come_with_the_questions_behind_their_evidence() -> None:
    """Most probable first; as rows for pandas as well."""
    found = RootCause(DOCUMENT)
    first, second = found
    assert (first.rank, first.kind, first.service, first.chain) == (1, "deploy", "cart", ("cart got slow",))
    assert first.evidence[0].question is not None
    assert first.evidence[0].question.query == "from spans <b>"
    assert first.evidence[1].question is None
    assert (second.service, second.confidence, second.change) == (None, None, None)
    assert found.onset == datetime(2026, 1, 1, 10, 5, tzinfo=UTC)
    assert (len(found), found.verdict) == (2, "cause")
    frame = pytest.importorskip("pandas") and found.df()
    assert (frame["change"][0], frame["change"].isna().tolist()) == ("cart@2", [False, True])
    assert frame["evidence"][0] == "It began then.\nNothing else changed."


def test_a_report_is_text_whatever_the_data_hold() -> None:
    """In a notebook titles and queries are no markup; elsewhere it reads as plain lines."""
    found = RootCause(DOCUMENT)
    page = found._repr_html_()
    assert "<script" not in page
    assert "from spans &lt;b&gt;" in page
    assert "Logs: not looked at." in page
    assert repr(found).startswith("Root cause of cart: Possible causes were found, since 2026-01-01 10:05:00+00:00.")
    assert "1. 91% deploy:" in repr(found)
    nothing = RootCause({**DOCUMENT, "verdict": "nothing", "onset": None, "hypotheses": [], "notes": []})
    assert "Nothing out of the ordinary was found" in nothing._repr_html_()
    assert len(nothing) == 0


def test_a_server_is_asked_for_it(fake: Any) -> None:
    """By POST, with the token; its refusal is raised as any other."""
    with amber.connect(fake.url, "secret") as client, pytest.raises(amber.AmberError):
        client.rca("SHOP-1")
    (sent,) = [one for one in fake.seen if one.path == "/api/v1/rca"]
    assert (sent.method, sent.body) == ("POST", {"issue": "SHOP-1"})
    assert sent.headers["Authorization"] == "Bearer secret"


def test_a_transport_without_analyses_says_so() -> None:
    """It is an error with a code, not a missing attribute."""
    with pytest.raises(amber.AmberError) as caught:
        amber.Client(object()).rca("SHOP-1")  # type: ignore[arg-type]
    assert caught.value.code == "rca-unsupported"

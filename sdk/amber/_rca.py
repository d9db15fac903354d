"""Root-cause analyses: what may have caused something, most probable first, and the question behind each evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict, runtime_checkable

from amber._errors import AmberError

if TYPE_CHECKING:
    import pandas as pd

    from amber._builder import Query

_STYLE = (
    "<style scoped>.amber-rca li{margin:.3em 0}.amber-rca small{opacity:.65}"
    ".amber-rca meter{width:6em;vertical-align:middle}.amber-rca summary{cursor:pointer}</style>"
)
_VERDICTS = {
    "cause": "Possible causes were found",
    "nothing": "Nothing out of the ordinary was found",
    "not-enough-data": "There is not enough data to tell",
}


class RcaAsked(TypedDict, total=False):
    """What `client.rca` is asked about. Exactly one of an issue, a query, and a transaction or service is given."""

    query: Query | str
    """Over one data set; its first aggregate, or the usual one of the data set, is what went wrong."""
    transaction: str
    """Name of a transaction."""
    service: str
    """Service of the transaction, or a service by itself."""
    signal: Literal["", "latency", "errors", "traffic"]
    """Of a transaction or service; the one furthest off when left out."""
    range: timedelta | str
    """How long it has been bad, such as `1h`; when left out, what the issue or the query says, else the last hour."""
    start: datetime | date | timedelta | str | None
    """When it begins to be bad, in place of `range`; as for `Client.query`."""
    end: datetime | date | timedelta | str | None
    """When that ends; as for `Client.query`."""
    baseline: timedelta | str
    """How long before that all was well, such as `6h`; six times as long as it was bad when left out."""
    project: str | int | Sequence[str | int] | None
    """Slug or id, or several; all the token may see when left out."""


@runtime_checkable
class RcaTransport(Protocol):
    """A transport that also makes root-cause analyses."""

    def rca(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer of `POST /api/v1/rca`.

        Args:
            asked: its members; those without a value are left out.

        Raises:
            AmberError: as any call.
        """
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A query behind a part of an analysis.

    Attributes:
        title: in a few words.
        query: Discover text.
        start: begin of its range, inclusive.
        end: end of its range, exclusive.
        page: path of the page that asks it.
    """

    title: str
    query: str
    start: datetime
    end: datetime
    page: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a cause, or against it.

    Attributes:
        text: in one sentence.
        weight: in units of log odds; negative speaks against; None where it is not known.
        question: what shows it; None where there is none.
    """

    text: str
    weight: float | None
    question: Question | None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One possible cause.

    Attributes:
        rank: 1 is the most probable one.
        kind: in a word, such as `deploy` or `slow-query`.
        service: that is blamed; None when the cause is not of one.
        title: in one line.
        confidence: how probable, 0 to 1; None where it is not known.
        change: what is blamed of what was changed, as the API tells it; None for nothing.
        chain: what followed of what, from the cause to the symptom.
        evidence: strongest first.
        commits: suspected ones, as the API tells them.
    """

    rank: int
    kind: str
    service: str | None
    title: str
    confidence: float | None
    change: Mapping[str, Any] | None
    chain: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    commits: tuple[Mapping[str, Any], ...]


class RootCause:
    """An analysis. Iterating gives its hypotheses, most probable first; a notebook shows it as a report."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """What `POST /api/v1/rca` answers."""
        self.document = document

    @property
    def verdict(self) -> str:
        """`cause`, `nothing` or `not-enough-data`."""
        return str(self.document["verdict"])

    @property
    def why(self) -> str:
        """What the verdict stands on, in one sentence."""
        return str(self.document.get("why") or "")

    @property
    def onset(self) -> datetime | None:
        """When it began; None where that is not known."""
        found = self.document.get("onset")
        return _moment(found["at"]) if found else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be looked at."""
        return tuple(self.document.get("notes") or ())

    @property
    def questions(self) -> Mapping[str, Question]:
        """The queries behind the parts of the analysis, by key."""
        found = self.document.get("evidence") or {}
        return {
            key: Question(one["title"], one["query"], _moment(one["start"]), _moment(one["end"]), one["page"])
            for key, one in found.items()
        }

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """The possible causes, most probable first."""
        questions = self.questions
        return tuple(_hypothesis(rank, one, questions) for rank, one in enumerate(self.document["hypotheses"], 1))

    def df(self) -> pd.DataFrame:
        """The hypotheses as a pandas frame: rank, kind, service, change, confidence, why, evidence.

        Raises:
            AmberError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - optional
        except ImportError as error:
            raise AmberError("This needs pandas.", code="pandas-missing", suggestion="pip install pandas") from error
        rows = [
            {
                "rank": one.rank,
                "kind": one.kind,
                "service": one.service,
                "change": None if one.change is None else one.change["title"] or one.change["id"],
                "confidence": one.confidence,
                "why": one.title,
                "evidence": "\n".join(piece.text for piece in one.evidence),
            }
            for one in self
        ]
        return pd.DataFrame(rows, columns=["rank", "kind", "service", "change", "confidence", "why", "evidence"])

    def __iter__(self) -> Iterator[Hypothesis]:
        return iter(self.hypotheses)

    def __len__(self) -> int:
        return len(self.document["hypotheses"])

    def __repr__(self) -> str:
        began = "" if self.onset is None else f", since {self.onset.isoformat(sep=' ', timespec='seconds')}"
        lines = [f"{self._title()}: {_VERDICTS.get(self.verdict, self.verdict)}{began}. {self.why}".rstrip()]
        for one in self:
            lines.append(f"{one.rank}. {_percent(one.confidence)} {one.kind}: {one.title}")
            lines += [f"      {piece.text}" for piece in one.evidence[:3]]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        began = (
            "" if self.onset is None else f" Since <b>{escape(self.onset.isoformat(sep=' ', timespec='seconds'))}</b>."
        )
        items = "".join(_item(one) for one in self)
        notes = "<br>".join(escape(note) for note in self.notes)
        return (
            f'<div class="amber-rca">{_STYLE}<h4>{escape(self._title())}</h4>'
            f"<p>{escape(_VERDICTS.get(self.verdict, self.verdict))}. {escape(self.why)}{began}</p>"
            f"<ol>{items}</ol><small>{notes}</small></div>"
        )

    def _title(self) -> str:
        return f"Root cause of {self.document['subject']['title']}"


def body_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a request, without those that say nothing; lengths of time are whole seconds."""
    return {name: _written(value) for name, value in given.items() if value not in (None, "", [])}


def _written(value: Any) -> Any:
    if isinstance(value, timedelta):
        return f"{max(1, round(value.total_seconds()))}s"
    return value.isoformat() if isinstance(value, datetime) else value


def _hypothesis(rank: int, one: Mapping[str, Any], questions: Mapping[str, Question]) -> Hypothesis:
    return Hypothesis(
        rank=rank,
        kind=one["kind"],
        service=one["node"] or None,
        title=one["title"],
        confidence=one["confidence"],
        change=one["change"],
        chain=tuple(step["text"] for step in one["chain"]),
        evidence=tuple(
            Evidence(piece["text"], piece["weight"], questions.get(piece["key"] or "")) for piece in one["evidence"]
        ),
        commits=tuple(one["commits"]),
    )


def _item(one: Hypothesis) -> str:
    share = 0.0 if one.confidence is None else one.confidence
    chain = "".join(f"<li>{escape(step)}</li>" for step in one.chain)
    evidence = "".join(
        f"<li>{escape(piece.text)}"
        + ("" if piece.question is None else f"<br><small><code>{escape(piece.question.query)}</code></small>")
        + "</li>"
        for piece in one.evidence
    )
    shown = " open" if one.rank == 1 else ""
    return (
        f'<li><meter min="0" max="1" value="{share:.3f}"></meter> {_percent(one.confidence)} '
        f"<b>{escape(one.title)}</b> <small>{escape(one.kind)}</small>"
        f"<details{shown}><summary>Evidence</summary><ul>{chain}{evidence}</ul></details></li>"
    )


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{share:.0%}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)

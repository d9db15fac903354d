"""Re-clustering of a project: what is new is compared with what is there; sure merges are made, the rest is suggested.

A run looks at the issues behind the project's cursor. What it compares of each, its representative, is read once by
Discover and kept in the metadata database, so that the cost of a run follows the new issues and not the history. It
writes nothing but decisions, suggestions and what it has learned: event rows stay as they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from engine.clock import Clock
from engine.errors import Changed, NotFound, UserError
from engine.metadata import Author, IssueRow, MetadataStore, NewSuggestion
from ml.clustering import (
    Clustering,
    Corpus,
    Model,
    Proposal,
    Trace,
    causes,
    evidence,
    fitted_model,
    learned,
    unpacked,
)
from ml.clustering import trace_of_columns as trace_of
from queries import ast
from queries.plan import PlanContext
from queries.printer import print_query
from queries.result import Result

AUTHOR = "model:recluster"
KEPT = timedelta(days=400)
_MOST_A_RUN = 2000
_PAGE = 500
_AFTER_FIRST = timedelta(hours=1)
_COLUMNS = (
    'concat(ifnull(error.type, ""), "\\t", join(stack.module, "\\n"), "\\t", join(stack.function, "\\n"), "\\t", '
    'join(stack.filename, "\\n"), "\\t", join(stack.in_app, "\\n"), "\\t", ifnull(error.value, ifnull(message, "")))'
)
_FIELDS = 6
_SAMPLED = 20
"""Issues of a run whose own events are looked at for several causes: those with most events."""

_EVENTS = 30
_LEAST_OF_A_CAUSE = 2
_MOST_VERDICTS = 2000
"""Of pairs, that a run learns from."""

Ask = Callable[[str, PlanContext], Result]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did to a project.

    Attributes:
        looked_at: new issues.
        known: fingerprints they were compared with.
        merged: pairs of short ids, each with the probability.
        suggested: merges left to people.
        splits: issues that seem to hold several causes.
        more: whether there are further new issues, which the next run looks at.
        dry_run: whether nothing was written.
        seconds: how long it took.
    """

    project: str
    looked_at: int
    known: int
    merged: list[dict[str, Any]] = field(default_factory=list)
    suggested: list[dict[str, Any]] = field(default_factory=list)
    splits: list[dict[str, Any]] = field(default_factory=list)
    more: bool = False
    dry_run: bool = False
    seconds: float = 0.0

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


class Reclustering:
    """Runs the second stage of grouping.

    Args:
        ask: answers a Discover text in a context.
        metadata: where issues, decisions and features are.
        sync: makes the store see what changed.
        clock: what tells the time.
        model: says how probable one cause is.
    """

    def __init__(
        self,
        ask: Ask,
        metadata: MetadataStore,
        sync: Callable[[], object],
        clock: Clock,
        model: Model | None = None,
    ) -> None:
        self._ask = ask
        self._metadata = metadata
        self._sync = sync
        self._clock = clock
        self._model = model or fitted_model()

    def run(self, slug: str, *, dry_run: bool = False, stopping: Callable[[], bool] = lambda: False) -> Report:
        """Look at new issues of a project, by slug, at most two thousand; with `dry_run` only say what would be done.

        Raises:
            NotFound: there is no such project.
        """
        began = time.monotonic()
        project = next((row for row in self._metadata.projects() if row.slug == slug), None)
        if project is None:
            raise NotFound(f"There is no project called {slug[:100]!r}.", code="project-unknown")
        fresh, more = self._fresh(project.id)
        traces = {f: unpacked(body) for f, body in self._metadata.features(project.id).items()} if fresh else {}
        learned = self._learned(project.id, [row for row in fresh if row.fingerprint not in traces], stopping)
        traces |= learned
        report = Report(slug, len(fresh), len(traces), more=more, dry_run=dry_run)
        if fresh and not stopping():
            self._compare(project.id, fresh, traces, report)
            if not dry_run:
                self._metadata.learn_features(project.id, {f: trace.packed() for f, trace in learned.items()})
                self._metadata.advance_cluster_cursor(project.id, fresh[-1].number, self._model.version)
                self._sync()
        return Report(**{**asdict(report), "seconds": round(time.monotonic() - began, 3)})

    def _fresh(self, project_id: int) -> tuple[list[IssueRow], bool]:
        """Return the issues behind the cursor and whether there are more; all count when another model has set it."""
        number, version = self._metadata.cluster_cursor(project_id)
        after = (project_id, number if version == self._model.version else 0)
        found = [row for row in self._metadata.issue_page(after, _MOST_A_RUN + 1) if row.project_id == project_id]
        return found[:_MOST_A_RUN], len(found) > _MOST_A_RUN

    def _learned(self, project_id: int, issues: Sequence[IssueRow], stopping: Callable[[], bool]) -> dict[int, Trace]:
        """Return fingerprint -> its representative, by an event near its first; those without events are absent."""
        found: dict[int, Trace] = {}
        ordered = sorted(issues, key=lambda row: row.first_seen)
        now = self._clock.now()
        for first in range(0, len(ordered), _PAGE):
            if stopping():
                break
            page = ordered[first : first + _PAGE]
            near = (page[0].first_seen, page[-1].first_seen + _AFTER_FIRST)
            wanted = [row.fingerprint for row in page]
            found |= self._representatives(project_id, wanted, near)
            if missing := [fingerprint for fingerprint in wanted if fingerprint not in found]:
                found |= self._representatives(project_id, missing, (now - KEPT, now + timedelta(days=1)))
        return found

    def _representatives(
        self, project_id: int, fingerprints: Sequence[int], within: tuple[datetime, datetime]
    ) -> dict[int, Trace]:
        text = f"{_of(fingerprints)} | summarize face=any({_COLUMNS}) by fingerprint | limit {len(fingerprints)}"
        return {row["fingerprint"]: _trace(row["face"]) for row in self._rows(project_id, text, within)}

    def _rows(self, project_id: int, text: str, within: tuple[datetime, datetime]) -> list[dict[str, Any]]:
        context = PlanContext(now=self._clock.now(), projects={project_id: str(project_id)}, time_range=within)
        rows: list[dict[str, Any]] = self._ask(text, context).table.to_pylist()
        return rows

    def _compare(self, project_id: int, fresh: Sequence[IssueRow], traces: Mapping[int, Trace], report: Report) -> None:
        book = _Book(self._metadata, project_id, fresh, traces)
        corpus = Corpus(traces, [row.fingerprint for row in fresh])
        scored = Clustering(corpus, (), self._model)
        model = learned(self._model, [(scored.probability(*pair), together) for pair, together in book.verdicts])
        clustering = Clustering(corpus, book.groups, model, book.parted)
        new: list[NewSuggestion] = []
        for proposal in clustering.propose(row.fingerprint for row in fresh if row.fingerprint in traces):
            target, source = book.issues_of(proposal)
            if target.issue_id == source.issue_id:
                continue
            shown = {"into": target.short_id, "issue": source.short_id, "probability": round(proposal.probability, 4)}
            if proposal.merge and (report.dry_run or self._merged(project_id, target, source, proposal)):
                book.join(target, source)
                report.merged.append(shown)
            elif not proposal.merge:
                report.suggested.append(shown)
                new.append(self._suggestion("merge", target, source, proposal.probability, proposal.evidence))
        new += self._splits(project_id, fresh, corpus, report)
        new += self._mixed(book, fresh, corpus, report)
        if not report.dry_run:
            self._metadata.suggest(new)

    def _merged(self, project_id: int, target: IssueRow, source: IssueRow, proposal: Proposal[int]) -> bool:
        author = Author(AUTHOR, self._model.version)
        try:
            self._metadata.merge_issues(project_id, target.issue_id, [source.issue_id], author, proposal.evidence)
        except (Changed, UserError):
            return False  # somebody was faster: it is one issue already, or a person has parted them
        return True

    def _suggestion(
        self, kind: str, target: IssueRow, other: IssueRow | None, probability: float, why: Mapping[str, Any]
    ) -> NewSuggestion:
        other_id = 0 if other is None else other.issue_id
        version = self._model.version
        return NewSuggestion(
            target.project_id, kind, target.issue_id, other_id, (), round(probability, 4), version, dict(why)
        )

    def _splits(
        self, project_id: int, fresh: Sequence[IssueRow], corpus: Corpus[int], report: Report
    ) -> Iterator[NewSuggestion]:
        """Yield suggestions to split issues whose own events fall into stacks that have nothing in common."""
        for row, events in self._samples(project_id, fresh):
            sets, probability = causes(corpus, dict(enumerate(events)), self._model)
            sets = [found for found in sets if len(found) >= _LEAST_OF_A_CAUSE]
            if len(sets) < 2:
                continue
            report.splits.append({"issue": row.short_id, "causes": len(sets), "probability": round(probability, 4)})
            why = evidence(corpus, events[sets[0][0]], events[sets[1][0]]) | {"events": [len(found) for found in sets]}
            yield self._suggestion("split", row, None, probability, why)

    def _mixed(
        self, book: _Book, fresh: Sequence[IssueRow], corpus: Corpus[int], report: Report
    ) -> Iterator[NewSuggestion]:
        """Yield suggestions to split issues whose fingerprints, joined by a rule or a model, have several causes."""
        traces = corpus.traces
        new = {row.fingerprint for row in fresh}
        for group in book.groups:
            if len(group) < 2 or not new.intersection(group):
                continue
            row = book.home(group[0])
            sets, probability = causes(corpus, {fingerprint: traces[fingerprint] for fingerprint in group}, self._model)
            stays = next((found for found in sets if row.fingerprint in found), sets[:1][0] if sets else [])
            out = [fingerprint for found in sets if found is not stays for fingerprint in found]
            if not out or any(book.joined(one, other) for one in out for other in stays):
                continue
            report.splits.append({"issue": row.short_id, "causes": len(sets), "probability": round(probability, 4)})
            why = evidence(corpus, traces[stays[0]], traces[out[0]])
            yield replace(self._suggestion("split", row, None, probability, why), fingerprints=tuple(out))

    def _samples(self, project_id: int, fresh: Sequence[IssueRow]) -> Iterator[tuple[IssueRow, list[Trace]]]:
        now = self._clock.now()
        within = (min(row.first_seen for row in fresh), now + timedelta(days=1))
        by_fingerprint = {row.fingerprint: row for row in fresh}
        listed = list(by_fingerprint)[-_PAGE:]
        most = f"{_of(listed)} | summarize n=count() by fingerprint | sort n desc | limit {_SAMPLED}"
        often = [r["fingerprint"] for r in self._rows(project_id, most, within) if r["n"] >= 2 * _LEAST_OF_A_CAUSE]
        for fingerprint in often:
            text = f"{_of([fingerprint])} | project face={_COLUMNS} | limit {_EVENTS}"
            yield by_fingerprint[fingerprint], [_trace(r["face"]) for r in self._rows(project_id, text, within)]


class _Book:
    """Which issue each fingerprint belongs to during a run, and what people said."""

    def __init__(
        self, metadata: MetadataStore, project_id: int, fresh: Sequence[IssueRow], traces: Mapping[int, Trace]
    ) -> None:
        self._metadata = metadata
        self._project_id = project_id
        self._home = metadata.homes(project_id)
        held: dict[int, list[int]] = {}
        for fingerprint in traces:
            if fingerprint in self._home:
                held.setdefault(self._home[fingerprint], []).append(fingerprint)
        self.groups = list(held.values())
        self._rows = {row.issue_id: row for row in fresh}
        self._into: dict[int, IssueRow] = {}
        said = metadata.verdicts(project_id)
        self._said = {frozenset((one.one, one.other)): one.together for one in said}
        self.verdicts = [
            ((one.one, one.other), one.together) for one in said if one.one in traces and one.other in traces
        ][-_MOST_VERDICTS:]

    def parted(self, one: int, other: int) -> bool:
        """Return whether a person said that two fingerprints do not belong together."""
        return self._said.get(frozenset((one, other))) is False

    def joined(self, one: int, other: int) -> bool:
        """Return whether a person said that two fingerprints belong together."""
        return self._said.get(frozenset((one, other))) is True

    def home(self, fingerprint: int) -> IssueRow:
        """Return the issue a fingerprint belongs to."""
        issue_id = self._home[fingerprint]
        if issue_id not in self._rows:
            self._rows |= {row.issue_id: row for row in self._metadata.issues([(self._project_id, issue_id)]).values()}
        return self._present(self._rows[issue_id])

    def issues_of(self, proposal: Proposal[int]) -> tuple[IssueRow, IssueRow]:
        """Return the issues of a proposal's two members, the older one first."""
        rows = (self.home(name) for name in (proposal.one, proposal.other))
        older, newer = sorted(rows, key=lambda row: row.number)
        return older, newer

    def join(self, target: IssueRow, source: IssueRow) -> None:
        """Remember that a run has merged one issue into another."""
        self._into[source.issue_id] = target

    def _present(self, row: IssueRow) -> IssueRow:
        while row.issue_id in self._into:
            row = self._into[row.issue_id]
        return row


def _of(fingerprints: Sequence[int]) -> str:
    """Return the text of the errors with these fingerprints, numbers we have from the metadata."""
    listed = ast.NumberList(tuple(ast.Number(number) for number in fingerprints))
    search = ast.Search(ast.Filter(ast.Key("fingerprint"), ast.Op.EQ, listed))
    return print_query(ast.Query((), ast.Pipeline(ast.Source((ast.Name("errors"),)), search)))


def _trace(face: str) -> Trace:
    kind, modules, functions, files, own, message = face.split("\t", _FIELDS - 1)
    columns = [each.split("\n") if each else [] for each in (modules, functions, files, own)]
    return trace_of([kind] if kind else [], columns[0], columns[1], columns[2], columns[3], message)

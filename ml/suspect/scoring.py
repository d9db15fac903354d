"""How much each commit is under suspicion: one sum of what points to it, the same for every language and project.

What points to a commit, the strongest first: it wrote the line that failed, or lines around it, in a frame near the
failure; it changed a file of the stack, lately rather than long ago; its message speaks of what the error speaks of.
Changes of style count for nothing, and a commit that changed very much counts for less in each place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

NEAR_LINES: Final = 5
"""How far from a line of the stack lines are looked at."""

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_MIN_WORD = 4
_COMMON = frozenset({"error", "exception", "expected", "test", "tests", "null", "undefined", "failed", "this", "with"})
_TEST_FILE = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|testing|junit)/|(?:^|/)(?:Test[A-Z]\w*|\w+Tests?|\w+TestCase|test_\w+|\w+_test|"
    r"\w+[._-](?:test|spec))\.\w+$"
)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of evidence is worth.

    Attributes:
        line: having written a line of the stack.
        near: having written the lines around it, all of them.
        file: having been the last to change a file of the stack.
        words: a message that shares all its words with the error.
        frame_decay: what a frame counts against the one below it, nearer to the failure.
        rank_decay: exponent by which older changes of a file fade with their place in its history.
        half_life_days: time after which a change of a file counts half.
        size_power: exponent by which commits of many files fade.
        related: what a file counts that is not in the stack but belongs to one that is (the code a test is for).
    """

    line: float = 1.0
    near: float = 0.6
    file: float = 0.5
    words: float = 0.3
    frame_decay: float = 0.7
    rank_decay: float = 0.5
    half_life_days: float = 365.0
    size_power: float = 0.15
    related: float = 0.6


WEIGHTS: Final = Weights()
"""Frozen before anything was scored on data kept aside."""


class Reason(StrEnum):
    """What points to a commit."""

    LINE = "line"
    NEAR = "near"
    FILE = "file"
    RELATED = "related"
    WORDS = "words"


class Confidence(StrEnum):
    """How far the evidence carries."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Place:
    """A frame of the project's own code whose file is known.

    Attributes:
        position: 0 for the frame where it failed, then outwards.
        line: from 1; None when it is not known.
        related: the file is not in the stack, but what the file of a frame is about (the code a test is for).
    """

    path: str
    position: int
    line: int | None = None
    function: str = ""
    related: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit that may be to blame; `size` is how many files it changed, None when that is not known."""

    sha: str
    at: datetime
    message: str = ""
    size: int | None = None


@dataclass(frozen=True)
class Known:
    """What is known of a stack and of the history of its files.

    Attributes:
        places: the stack, innermost first.
        commits: candidates by id; commits that are not here are not suspected.
        history: ids of the commits that changed each file, newest first.
        blame: by file, which commit wrote which line.
        style: (id, path as in the stack) of changes that are of style only.
        first_seen: when the error was met first; later commits are not suspected.
        words: what the error says: its type, message, functions.
        in_release: whether the candidates are those of the release that brought the error.
    """

    places: Sequence[Place]
    commits: Mapping[str, Candidate]
    first_seen: datetime
    history: Mapping[str, Sequence[str]] = field(default_factory=dict)
    blame: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    style: Collection[tuple[str, str]] = ()
    words: str = ""
    in_release: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason to suspect a commit.

    Attributes:
        score: what it adds.
        path: the file it is about, empty for words.
        line: of the stack.
        words: those shared.
    """

    reason: Reason
    score: float
    path: str = ""
    line: int | None = None
    function: str = ""
    position: int = 0
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspect:
    """A commit with all that points to it, the strongest first."""

    sha: str
    score: float
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    before_first: timedelta


def is_test(path: str) -> bool:
    """Return whether a file is one of tests, by its name or directory."""
    return _TEST_FILE.search(path) is not None


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, identifiers cut at capitals, in lower case; short and common ones are left out."""
    found = (word.lower() for word in _WORD.findall(text))
    return frozenset(word for word in found if len(word) >= _MIN_WORD and word not in _COMMON)


def rank(known: Known, limit: int = 10, weights: Weights = WEIGHTS) -> list[Suspect]:
    """Return the commits under suspicion, the first the most; those nothing but words points to are left out."""
    shares = _place_shares(known.places, weights)
    found: dict[str, list[Evidence]] = {}
    for place, share in zip(known.places, shares, strict=True):
        for sha, evidence in (*_of_lines(known, place, share, weights), *_of_file(known, place, share, weights)):
            candidate = known.commits.get(sha)
            if candidate is not None and candidate.at <= known.first_seen and (sha, place.path) not in known.style:
                found.setdefault(sha, []).append(evidence)
    theirs = words_of(known.words)
    suspects = [
        _suspect(known, known.commits[sha], _best(evidence), theirs, weights) for sha, evidence in found.items()
    ]
    suspects.sort(key=lambda one: (-one.score, one.before_first, one.sha))
    return suspects[:limit]


def _place_shares(places: Sequence[Place], weights: Weights) -> list[float]:
    """Return what each place counts; together 1, so that long stacks do not count more than short ones."""
    raw = [weights.frame_decay**place.position * (weights.related if place.related else 1.0) for place in places]
    total = sum(raw)
    return [one / total for one in raw] if total else raw


def _of_lines(known: Known, place: Place, share: float, weights: Weights) -> list[tuple[str, Evidence]]:
    lines = known.blame.get(place.path)
    if place.line is None or not lines or place.related:
        return []
    found = []
    author = lines.get(place.line)
    if author is not None:
        found.append((author, _evidence(Reason.LINE, share * weights.line, place)))
    near: dict[str, float] = {}
    total = 0.0
    for line, sha in lines.items():
        distance = abs(line - place.line)
        if 0 < distance <= NEAR_LINES:
            near[sha] = near.get(sha, 0.0) + 1 / distance
            total += 1 / distance
    found += [(sha, _evidence(Reason.NEAR, share * weights.near * part / total, place)) for sha, part in near.items()]
    return found


def _of_file(known: Known, place: Place, share: float, weights: Weights) -> list[tuple[str, Evidence]]:
    found = []
    reason = Reason.RELATED if place.related else Reason.FILE
    number = 0
    for sha in known.history.get(place.path, ()):
        candidate = known.commits.get(sha)
        if candidate is None or (sha, place.path) in known.style or candidate.at > known.first_seen:
            continue
        days = max((known.first_seen - candidate.at) / timedelta(days=1), 0.0)
        fresh = 0.5 ** (days / weights.half_life_days) / (1 + number) ** weights.rank_decay
        found.append((sha, _evidence(reason, share * weights.file * fresh, place)))
        number += 1
    return found


def _evidence(reason: Reason, score: float, place: Place) -> Evidence:
    return Evidence(reason, score, place.path, place.line, place.function, place.position)


def _best(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the evidence with one entry a file for having changed it: recursion does not change it twice."""
    kept: dict[tuple[Reason, str, int | None], Evidence] = {}
    for one in evidence:
        key = (one.reason, one.path, None if one.reason in {Reason.FILE, Reason.RELATED} else one.line)
        if key not in kept or kept[key].score < one.score:
            kept[key] = one
    return list(kept.values())


def _suspect(
    known: Known, candidate: Candidate, evidence: list[Evidence], theirs: frozenset[str], weights: Weights
) -> Suspect:
    damp = 1.0 if not candidate.size else candidate.size**-weights.size_power
    shared = tuple(sorted(words_of(candidate.message) & theirs))
    score = sum(one.score for one in evidence) * damp
    if shared:
        gain = score * weights.words * (1 - math.exp(-len(shared) / 2))
        evidence = [*evidence, Evidence(Reason.WORDS, gain, words=shared)]
        score += gain
    evidence.sort(key=lambda one: (-one.score, one.path, one.line or 0))
    before = known.first_seen - candidate.at
    return Suspect(candidate.sha, score, _confidence(known, evidence), tuple(evidence), before)


def _confidence(known: Known, evidence: Sequence[Evidence]) -> Confidence:
    reasons = {one.reason for one in evidence}
    if known.in_release and Reason.LINE in reasons:
        return Confidence.HIGH
    if known.in_release and known.blame and reasons & {Reason.NEAR, Reason.FILE}:
        return Confidence.MEDIUM
    return Confidence.MEDIUM if Reason.LINE in reasons and any(not one.position for one in evidence) else Confidence.LOW

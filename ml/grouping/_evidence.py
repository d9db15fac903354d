"""From stack frames to the few that tell the cause: frames are weighed, and enough is enough."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from ml.grouping._frames import FrameKeys, compiled, rewritten
from ml.grouping._read import FRAME_OPTION, text
from ml.grouping._rules import Evidence, Rules

_MAX_NAME_CHARS: Final = 256
_ANONYMOUS: Final = "<anonymous>"
_SHORT_NAME: Final = 2
_WINDOW: Final = 100  # innermost frames in which a runaway recursion shows
_SHORT_RECEIVER = re.compile(r"^[a-zA-Z_$]{1,2}\.(?=[\w$<])")
_MINIFIED = re.compile(r"(?:\.[mc]?jsx?|^https?://[^?#]*)(?:[?#].*)?$")
_NEAR_END: Final = 8
_MAX_KEPT: Final = 32_768  # frames as sent whose worth is remembered, at about 0.5 kB each
_MAX_KEPT_CHARS: Final = 512  # of each of their members; longer ones are read anew each time
Verdict = Literal["counted", "library", "plumbing", "nameless", "enough", "ruled out"]


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a frame is worth.

    Attributes:
        key: `module-or-file function` without what changes from build to build; empty for a frame that says nothing.
        worth: 0 to 1, see `Evidence`.
        plumbing: the plumbing of a library, such as an event loop.
        own_plumbing: middleware or a wrapper by its name, perhaps the project's own.
        named: whether the function has a name.
    """

    key: str
    worth: float
    plumbing: bool
    own_plumbing: bool
    named: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A frame and what became of it: its place in the list that was sent, its key, whether it counts or why not."""

    index: int
    key: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Selection:
    """The frames of a stack, innermost first, and whether they are a runaway recursion."""

    frames: tuple[Judged, ...]
    cycle: bool


class InformedFrames(FrameKeys):
    """Selects frames by what they tell of the cause; see `Evidence`."""

    def __init__(self, rules: Rules, evidence: Evidence) -> None:
        super().__init__(rules)
        self._evidence = evidence
        self._overflows = re.compile(evidence.overflows)
        self._asserted = re.compile(evidence.assertions)
        self._guards = re.compile(evidence.guards)
        self._places = compiled(rules.place_rewrites)
        self._rewritable_place = re.compile(rules.rewritable_place)
        self._known_modules = self._plumbing
        self._patterns = self._plumbing_anywhere
        self._weighed = lru_cache(maxsize=32768)(self._weigh)
        self._as_sent: dict[tuple[object, ...], Weighed] = {}

    def keys(self, frames: Sequence[Mapping[str, Any]], kind: str = "") -> tuple[str, ...]:
        """The keys that stand for a stack, innermost first, each once; those of a runaway recursion in order of name.

        Args:
            frames: frames as sent, oldest first.
            kind: type of the exception.
        """
        wanted = self._wanted(kind)
        if self._may_cycle(frames, kind):
            selection = self.select(frames, kind)
            keys = [entry.key for entry in selection.frames if entry.verdict == "counted"]
            return tuple(sorted(keys) if selection.cycle else keys)
        found: dict[str, dict[str, float]] = {"app": {}, "system": {}, "plumbing": {}}
        app, total, nameless = found["app"], 0.0, False
        for frame in reversed(frames):
            weighed = self.weighed(frame)
            role = _role(frame, weighed, bool(app))
            nameless = nameless or not weighed.key
            if not role or weighed.key in found[role]:
                continue
            found[role][weighed.key] = weighed.worth
            if role == "app":
                total += weighed.worth
                if total >= wanted or len(app) == self._rules.max_frames:
                    break
        # Addresses without names say nothing, and neither does what carries them.
        return self._until_enough(app or found["system"] or ({} if nameless else found["plumbing"]), wanted)

    def _wanted(self, kind: str) -> float:
        return self._evidence.enough_asserted if self._asserted.search(kind) else self._evidence.enough

    def _until_enough(self, worths: Mapping[str, float], wanted: float) -> tuple[str, ...]:
        total = 0.0
        for count, worth in enumerate(worths.values(), 1):
            total += worth
            if total >= wanted or count == self._rules.max_frames:
                return tuple(worths)[:count]
        return tuple(worths)

    def _may_cycle(self, frames: Sequence[Mapping[str, Any]], kind: str) -> bool:
        """Whether a function repeats often enough, by its name as sent; cheap, so that most stacks are not counted."""
        if len(frames) < self._evidence.cycle_repeats or not self._overflows.search(kind):
            return False
        near = frames[-_WINDOW:]
        names = [(frame.get("module"), frame.get("function")) for frame in near if _hashable(frame)]
        counts = Counter(names)
        # What overflows ends within the cycle or a few calls from it; what aborts far from it is another error.
        return max((counts[name] for name in names[-_NEAR_END:]), default=0) >= self._evidence.cycle_repeats

    def select(self, frames: Sequence[Mapping[str, Any]], kind: str = "") -> Selection:
        """Which frames count, and why the others do not."""
        may_cycle = self._may_cycle(frames, kind)
        roles = self._roles(frames, len(frames) - _WINDOW if may_cycle else 0)
        usable = ("app", "system") if any(not weighed.key for _, weighed, _ in roles) else ("app", "system", "plumbing")
        role = next((r for r in usable if any(entry[2] == r for entry in roles)), "none")
        candidates = [(index, weighed) for index, weighed, its in roles if its == role]
        cycle = self._cycle(candidates) if may_cycle else set()
        chosen = cycle or self._enough(candidates, self._wanted(kind))
        return Selection(
            tuple(
                Judged(index, weighed.key, _verdict(index, weighed, its, role, chosen)) for index, weighed, its in roles
            ),
            bool(cycle),
        )

    def in_app_keys(self, frames: Sequence[Mapping[str, Any]]) -> bool:
        """Whether the keys of a stack would be those of the project's own frames."""
        return any(
            frame.get("in_app") is True and _role(frame, self.weighed(frame), False) == "app"
            for frame in reversed(frames)
        )

    def _roles(self, frames: Sequence[Mapping[str, Any]], since: int = 0) -> list[tuple[int, Weighed, str]]:
        """Each frame from a place on with its part, innermost first; a frame a rule takes out has none."""
        found: list[tuple[int, Weighed, str]] = []
        seen_app = False
        for index in range(len(frames) - 1, max(since, 0) - 1, -1):
            frame = frames[index]
            weighed = self.weighed(frame)
            role = _role(frame, weighed, seen_app)
            seen_app = seen_app or role == "app"
            found.append((index, weighed, role))
        return found

    def _enough(self, candidates: Sequence[tuple[int, Weighed]], wanted: float) -> set[int]:
        chosen: set[int] = set()
        seen: set[str] = set()
        total = 0.0
        for index, weighed in candidates:
            if weighed.key in seen:
                continue
            seen.add(weighed.key)
            chosen.add(index)
            total += weighed.worth
            if total >= wanted or len(chosen) == self._rules.max_frames:
                break
        return chosen

    def _cycle(self, candidates: Sequence[tuple[int, Weighed]]) -> set[int]:
        """One frame of each function of a runaway recursion, else none."""
        counts = Counter(weighed.key for _, weighed in candidates)
        most = max(counts.values(), default=0)
        if most < self._evidence.cycle_repeats:
            return set()
        members = {key for key, count in counts.items() if count >= most * self._evidence.cycle_share}
        first = {weighed.key: index for index, weighed in reversed(candidates)}
        return {first[key] for key in members}

    def weighed(self, frame: Mapping[str, Any]) -> Weighed:
        """What a frame is worth by itself."""
        # A service sends the same frames again and again: what was sent is looked up before any of it is read.
        get = frame.get
        sent = (
            get("module"), get("filename"), get("function"), get("abs_path"), get("raw_function"), get("package")
        )  # fmt: skip
        try:
            return self._as_sent[sent]
        except (KeyError, TypeError):  # TypeError: a member that is a list or an object
            found = self._read_and_weighed(frame)
        if all((type(member) is str and len(member) <= _MAX_KEPT_CHARS) or member is None for member in sent):
            if len(self._as_sent) >= _MAX_KEPT:
                self._as_sent.clear()
            self._as_sent[sent] = found
        return found

    def _read_and_weighed(self, frame: Mapping[str, Any]) -> Weighed:
        function = text(frame.get("function")) or text(frame.get("raw_function"))
        module = text(frame.get("module"))
        file = text(frame.get("filename")) or text(frame.get("abs_path"))
        path = text(frame.get("abs_path")) or file
        found = self._weighed(module[:_MAX_NAME_CHARS], file, function[:_MAX_NAME_CHARS], path)
        if found.key or not (package := text(frame.get("package"))):
            return found
        return Weighed(self.file_key(package), self._evidence.anonymous_worth, False, False, False)

    def _weigh(self, module: str, file: str, function: str, path: str) -> Weighed:
        place_of, name_of = self._spread(module, function)
        name = self._name(name_of)
        script = not module and _MINIFIED.search(file) is not None
        name = _SHORT_RECEIVER.sub("", name) if script else name
        short = len(name) <= _SHORT_NAME
        named = name not in self._rules.anonymous_functions and not (script and short)
        place = self._name(place_of) if place_of else self.file_key(file)
        plumbing = self._known_modules.match(module or name_of.lstrip("<&")) is not None or any(
            part in file or part in path for part in self._rules.plumbing_files
        )
        own = (
            name in self._rules.plumbing_functions
            or function in self._rules.plumbing_functions
            or self._patterns.search(f"{module or file} {function}") is not None
        )
        # Without a place of its own it is the run-time's, whatever the client takes for the project's.
        plumbing = plumbing or (own and (not place or place in self._rules.anonymous_functions))
        if not named:
            name = _ANONYMOUS if place else ""
        return Weighed(f"{place} {name}".strip(), self._worth(name, named=named), plumbing, own, named)

    def _spread(self, module: str, function: str) -> tuple[str, str]:
        """Module and function after the rewrites of names that a compiler spread over both."""
        if not module:
            return module, function
        place = f"{module} {function}"
        if not self._rewritable_place.search(place):
            return module, function
        changed = rewritten(place, self._places)
        return (module, function) if changed == place else _split(changed)

    def _worth(self, name: str, *, named: bool) -> float:
        if not named:
            return self._evidence.anonymous_worth
        if self._guards.search(name):
            return 0.0
        last = _last_name(name)
        if last in self._evidence.generic or len(last) <= _SHORT_NAME:
            return self._evidence.generic_worth
        return 1.0


def _role(frame: Mapping[str, Any], weighed: Weighed, seen_app: bool) -> str:
    """The part a frame plays: `app`, `system` or `plumbing`; empty when it plays none."""
    if not weighed.key:
        return ""
    if (ruled := frame.get(FRAME_OPTION)) is not None and isinstance(ruled, bool):
        return "app" if ruled else ""
    in_app = frame.get("in_app") is True
    if weighed.plumbing or (weighed.own_plumbing and (seen_app or not in_app)):
        return "plumbing"
    return "app" if in_app else "system"


def _verdict(index: int, weighed: Weighed, its: str, role: str, chosen: set[int]) -> Verdict:
    if index in chosen:
        return "counted"
    if not its:
        return "ruled out" if weighed.key else "nameless"
    if its != role:
        return "plumbing" if its == "plumbing" else "library"
    return "enough"


def _hashable(frame: Mapping[str, Any]) -> bool:
    return isinstance(frame.get("module") or "", str) and isinstance(frame.get("function") or "", str)


def _split(place: str) -> tuple[str, str]:
    module, _, function = place.rpartition(" ")
    return module, function


def _last_name(name: str) -> str:
    """The function's own name: what stands behind the last dot, colons or hash."""
    for mark in ("::", "#", "."):
        head, _, tail = name.rpartition(mark)
        if head and tail:
            name = tail
    return name

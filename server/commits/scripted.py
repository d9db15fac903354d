"""Scripted git histories with injected bugs, for measuring suspect commits within a release.

They are synthetic: no figure of theirs says how well real bugs are found. What they can show is whether the parts work
together (files, blame, style, the range of a release) where the truth is known by construction. The bug is on the line
that fails in half of the histories, elsewhere in the same function, or in the function that called it in the others.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

from ml.suspect.paths import StackFrame

_START = datetime(2026, 1, 5, 9, tzinfo=UTC)
_WORDS = ("cart", "price", "order", "stock", "mail", "login", "report", "search", "image", "queue", "token", "route")
_VERBS = ("load", "save", "check", "merge", "count", "build", "parse", "render", "apply", "split")
_LINES = 6


@dataclass(frozen=True, slots=True)
class Case:
    """One history and the error its bug causes.

    Attributes:
        path: the bare repository.
        base: what the release before was built from.
        head: what the release with the bug was built from.
        bug: the commit that brought it.
        frames: of the error, innermost first.
        words: what the error says.
        at: when it was met first.
    """

    path: Path
    base: str
    head: str
    bug: str
    frames: tuple[StackFrame, ...]
    words: str
    at: datetime


@dataclass
class _Code:
    """Files of functions; a function is a list of its body's lines."""

    dice: random.Random
    files: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    count: int = 0

    def line(self) -> str:
        self.count += 1
        return f"value_{self.count} = {self.dice.choice(_VERBS)}({self.dice.randrange(1000)})"

    def function(self, path: str) -> None:
        name = f"{self.dice.choice(_VERBS)}_{self.dice.choice(_WORDS)}_{len(self.files[path])}"
        self.files[path][name] = [self.line() for _ in range(_LINES)]

    def text(self, path: str) -> str:
        parts = [
            f"def {name}():\n" + "".join(f"    {one}\n" for one in body) for name, body in self.files[path].items()
        ]
        return "\n\n".join(parts)

    def number(self, path: str, function: str, line: int) -> int:
        """Return where a line of a function stands in its file, from 1."""
        before = self.text(path).partition(f"def {function}():\n")[0].count("\n")
        return before + 2 + line

    def place(self) -> tuple[str, str]:
        path = self.dice.choice(sorted(self.files))
        return path, self.dice.choice(sorted(self.files[path]))


def scripted(root: Path, seed: int) -> Case:
    """Build a history in `root` and return it; the same seed gives the same commits."""
    dice = random.Random(seed)  # noqa: S311 - test data, no secret
    code = _Code(dice)
    for word in dice.sample(_WORDS, 8):
        code.files[f"src/{word}.py"] = {}
        for _ in range(dice.randint(3, 6)):
            code.function(f"src/{word}.py")
    path = root / f"scripted-{seed}.git"
    git = pygit2.init_repository(str(path), bare=True)
    at = _START
    base = head = _write(git, code, at, "Begin", 0)
    before, inside = dice.randint(10, 25), dice.randint(4, 20)
    bug_at = dice.randrange(inside)
    for number in range(before + bug_at):
        at += timedelta(hours=dice.randint(1, 30))
        base = head if number == before else base
        head = _write(git, code, at, _change(code), dice.randrange(5))
    base = base if bug_at else head
    wrong = _Bug(code)
    at += timedelta(hours=dice.randint(1, 30))
    head = bug = _write(git, code, at, f"{dice.choice(_VERBS).title()} it better", dice.randrange(5))
    for _ in range(inside - bug_at):
        at += timedelta(hours=dice.randint(1, 30))
        head = _write(git, code, at, _change(code), dice.randrange(5))
    frames = wrong.frames()
    met = at + timedelta(hours=dice.randint(1, 50))
    return Case(path, base, head, bug, frames, f"ValueError {frames[0].function}", met)


class _Bug:
    """A line that is wrong, and the stack of the error: it fails there, later in the function, or a call deeper."""

    def __init__(self, code: _Code) -> None:
        self._code = code
        self._path, self._function = code.place()
        body = code.files[self._path][self._function]
        self._line = code.dice.randrange(len(body))
        body[self._line] = code.line()
        self._wrong = body[self._line]
        self._kind = code.dice.choice(("line", "line", "function", "caller"))
        self._inner = code.place()

    def frames(self) -> tuple[StackFrame, ...]:
        body = self._code.files[self._path][self._function]
        line = body.index(self._wrong) if self._wrong in body else min(self._line, len(body) - 1)
        if self._kind == "function":
            line = min(len(body) - 1, line + 2)
        own = self._frame(self._path, self._function, line)
        outer = self._frame(*self._code.place(), 0)
        if self._kind == "caller":
            return (self._frame(*self._inner, 1), own, outer)
        return (own, outer)

    def _frame(self, path: str, function: str, line: int) -> StackFrame:
        return StackFrame(function, "", path, f"/srv/app/{path}", self._code.number(path, function, line))


def _change(code: _Code) -> str:
    """Change the code as people do, and return the message."""
    path, function = code.place()
    body = code.files[path][function]
    kind = code.dice.choices(("edit", "line", "function", "style", "wide"), (4, 3, 2, 2, 1))[0]
    match kind:
        case "edit":
            body[code.dice.randrange(len(body))] = code.line()
        case "line":
            body.insert(code.dice.randrange(len(body)), code.line())
        case "function":
            code.function(path)
        case "style":
            _restyle(body)
            return f"Tidy {path}"
        case _:
            for other in code.files:
                body = code.files[other][min(code.files[other])]
                body[0] = code.line()
            return "Change all modules"
    return f"Change {function}"


def _restyle(body: list[str]) -> None:
    """Change blanks of every line and nothing else."""
    for number, line in enumerate(body):
        name, _, call = line.partition(" = ")
        body[number] = f"{name} = {call.replace('(', '( ').replace(')', ' )')}" if "( " not in call else line


def _write(git: pygit2.Repository, code: _Code, at: datetime, message: str, author: int) -> str:
    directory = git.TreeBuilder()
    for path in code.files:
        directory.insert(path.removeprefix("src/"), git.create_blob(code.text(path).encode()), FileMode.BLOB)
    root = git.TreeBuilder()
    root.insert("src", directory.write(), FileMode.TREE)
    who = pygit2.Signature(f"author{author}", f"author{author}@example.org", int(at.timestamp()), 0)
    parents = [] if git.is_empty else [git.head.target]
    return str(git.create_commit("HEAD", who, who, message, root.write(), parents))

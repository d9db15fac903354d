"""The source code of services: small files in their languages, whose lines stacks point into.

A line has a marker when something can fail there. Texts and line numbers come from one place, so that a frame names the
line that is in the repository at the commit its release was built from.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ml.chaos._model import Node, Operation

_ENDINGS: Final = {"python": "py", "nodejs": "js", "java": "java", "go": "go"}
_WORDS: Final = (
    "total",
    "items",
    "window",
    "owner",
    "batch",
    "state",
    "quota",
    "stamp",
    "entry",
    "scope",
    "detail",
    "result",
)
_VERBS: Final = ("merge", "check", "apply", "count", "build", "select", "resolve", "collect", "normalise", "prepare")
_ASSIGN: Final = {
    "python": "{name} = {text}",
    "nodejs": "const {name} = {text};",
    "java": "var {name} = {text};",
    "go": "{name} := {text}",
}
_DOES: Final = {"python": "{text}", "nodejs": "{text};", "java": "{text};", "go": "{text}"}
_HELPER_LINES: Final = 5

BUGS: Final[Mapping[str, Sequence[tuple[str, str, str, str]]]] = {
    "python": (
        ("limit = settings.get('limit', 50)", "limit = settings['limit']", "KeyError", "'limit'"),
        ("first = next(iter(items), None)", "first = items[0]", "IndexError", "list index out of range"),
        ("amount = Decimal(text or '0')", "amount = Decimal(text)", "decimal.InvalidOperation", "ConversionSyntax"),
        (
            "name = (owner or {}).get('name')",
            "name = owner.get('name')",
            "AttributeError",
            "'NoneType' object has no attribute 'get'",
        ),
    ),
    "nodejs": (
        (
            "const limit = settings?.limit ?? 50;",
            "const limit = settings.limit;",
            "TypeError",
            "Cannot read properties of undefined (reading 'limit')",
        ),
        ("const first = (items ?? [])[0];", "const first = items.at(0);", "TypeError", "items.at is not a function"),
        (
            "const body = parse(text || '{}');",
            "const body = JSON.parse(text);",
            "SyntaxError",
            "Unexpected end of JSON input",
        ),
    ),
    "java": (
        (
            'var limit = settings.getOrDefault("limit", 50);',
            'int limit = settings.get("limit");',
            "java.lang.NullPointerException",
            'the return value of "java.util.Map.get(Object)" is null',
        ),
        (
            "var first = items.isEmpty() ? null : items.get(0);",
            "var first = items.get(0);",
            "java.lang.IndexOutOfBoundsException",
            "Index 0 out of bounds for length 0",
        ),
        (
            "var amount = parseOrZero(text);",
            "var amount = new BigDecimal(text);",
            "java.lang.NumberFormatException",
            "Character array is missing an exponent",
        ),
    ),
    "go": (
        (
            "limit := settings.Limit(50)",
            "limit := settings.Quota.Limit",
            "runtime.errorString",
            "invalid memory address or nil pointer dereference",
        ),
        ("first := firstOf(items)", "first := items[0]", "runtime.boundsError", "index out of range [0] with length 0"),
    ),
}
"""By language: a line as it was, as a commit breaks it, and the type and value of what is raised there."""

SLOW_LINES: Final[Mapping[str, tuple[str, str]]] = {
    "python": ("rows = cached(scope, items)", "rows = [score(one, items) for one in items]"),
    "nodejs": ("const rows = cached(scope, items);", "const rows = items.map((one) => score(one, items));"),
    "java": ("var rows = cached(scope, items);", "var rows = items.stream().map(one -> score(one, items)).toList();"),
    "go": ("rows := cached(scope, items)", "rows := scoreAll(items, items)"),
}
"""By language: a line as it was, and as a commit makes it slow."""

REPEATED_LINES: Final[Mapping[str, tuple[str, str]]] = {
    "python": ("found = store.load_many(items)", "found = [store.load(one) for one in items]"),
    "nodejs": (
        "const found = await store.loadMany(items);",
        "const found = await Promise.all(items.map((one) => store.load(one)));",
    ),
    "java": ("var found = store.loadMany(items);", "var found = items.stream().map(store::load).toList();"),
    "go": ("found := store.LoadMany(ctx, items)", "found := loadEach(ctx, store, items)"),
}
"""By language: a line that asks once, and as a commit makes it ask once for each item."""

BUG: Final = "bug"
WORK: Final = "work"


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its name and lines of `(marker, text)`; most markers are empty."""

    name: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of functions.

    Attributes:
        path: within the repository.
        language: as `telemetry.sdk.language` says it.
        functions: in order.
        notes: lines of comment at its top, so that commits can move what is below.
    """

    path: str
    language: str
    functions: tuple[Function, ...]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the content."""
        return "".join(f"{line}\n" for line, _, _ in self._lines())

    def line_of(self, function: str, marker: str) -> int:
        """Return the number of a marked line, from 1; that of the function's first line when nothing is marked so."""
        first = 0
        for number, (_, name, mark) in enumerate(self._lines(), 1):
            if name == function:
                if mark == marker:
                    return number
                first = first or number + 1
        return first or 1

    def _lines(self) -> Iterator[tuple[str, str, str]]:
        """Yield text, function and marker of each line."""
        sign = "#" if self.language == "python" else "//"
        yield from ((f"{sign} {note}", "", "") for note in self.notes)
        if self.language == "go":
            yield "package main", "", ""
        inner = "    " if self.language != "java" else "        "
        if self.language == "java":
            yield f"final class {_class_of(self.path)} {{", "", ""
        for number, function in enumerate(self.functions):
            if number or self.language != "java":
                yield "", "", ""
            yield _opening(self.language, function.name), function.name, ""
            for marker, line in function.lines:
                yield f"{inner}{line}", function.name, marker
            if self.language != "python":
                yield "    }" if self.language == "java" else "}", function.name, ""
        if self.language == "java":
            yield "}", "", ""


@dataclass(frozen=True, slots=True)
class Code:
    """The code of one service.

    Attributes:
        service: its name.
        handlers: a function for each operation.
        rules: what they use.
    """

    service: str
    handlers: SourceFile
    rules: SourceFile

    @property
    def files(self) -> tuple[SourceFile, SourceFile]:
        """Both files."""
        return self.handlers, self.rules


def made_code(dice: random.Random, node: Node) -> Code:
    """Return the first code of a service."""
    language, folder = node.system, f"services/{node.name}"
    ending = _ENDINGS[language]
    names = list(
        dict.fromkeys(f"{dice.choice(_VERBS)}_{dice.choice(_WORDS)}" for _ in range(2 * len(node.operations) + 3))
    )
    rules = [Function(_cased(language, name), tuple(_body(dice, language))) for name in names]
    handlers = []
    for number, operation in enumerate(node.operations):
        helper = rules[number % len(rules)]
        handlers.append(_handler(dice, language, operation, helper.name))
    first, second = ("Handlers", "Rules") if language == "java" else ("handlers", "rules")
    return Code(
        node.name,
        SourceFile(f"{folder}/{first}.{ending}", language, tuple(handlers), (f"Requests of {node.name}.",)),
        SourceFile(f"{folder}/{second}.{ending}", language, tuple(rules), (f"What {node.name} decides.",)),
    )


def function_of(language: str, operation: str) -> str:
    """Return the name of the function that handles an operation."""
    words = [word for word in re.split(r"[^A-Za-z]+", operation) if word]
    return _cased(language, "_".join(word.lower() for word in words))


def helper_of(code: Code, operation: str) -> str:
    """Return the name of the function of `rules` an operation uses."""
    name = function_of(code.handlers.language, operation)
    handler = next(one for one in code.handlers.functions if one.name == name)
    line = next(text for marker, text in handler.lines if marker == WORK)
    return next(one.name for one in code.rules.functions if f"{one.name}(" in line)


def with_line(code: Code, function: str, line: tuple[str, str], at: int | None = None) -> Code:
    """Return the code with a line of `rules` put in, or in the place of the one with the same marker."""
    functions = []
    for one in code.rules.functions:
        if one.name == function:
            lines = list(one.lines)
            old = next((number for number, (marker, _) in enumerate(lines) if line[0] and marker == line[0]), None)
            if old is None:
                lines.insert(len(lines) // 2 if at is None else at, line)
            else:
                lines[old] = line
            functions.append(replace(one, lines=tuple(lines)))
        else:
            functions.append(one)
    return replace(code, rules=replace(code.rules, functions=tuple(functions)))


def edited(dice: random.Random, code: Code, spared: str = "") -> tuple[Code, str]:
    """Return the code as an innocent commit leaves it, and the message.

    Args:
        dice: decide what is done.
        code: as it is.
        spared: a function of `rules` that is left alone.
    """
    open_ones = [one.name for one in code.rules.functions if one.name != spared]
    name = dice.choice(open_ones)
    match dice.choices(("edit", "line", "note", "tidy"), (4, 3, 2, 1))[0]:
        case "edit":
            return _line_changed(dice, code, name), f"{code.service}: {_said(dice)} {_plain(name)}"
        case "line":
            line = ("", _statement(dice, code.rules.language))
            return with_line(code, name, line, 0), f"{code.service}: {_said(dice)} {_plain(name)}"
        case "note":
            note = f"{dice.choice(_VERBS).title()} {dice.choice(_WORDS)} before {dice.choice(_WORDS)}."
            made = replace(code.handlers, notes=(*code.handlers.notes, note))
            return replace(code, handlers=made), f"{code.service}: explain {dice.choice(_WORDS)}"
        case _:
            note = f"See also {dice.choice(open_ones)}."
            return replace(code, rules=replace(code.rules, notes=(*code.rules.notes, note))), f"Tidy {code.service}"


def _line_changed(dice: random.Random, code: Code, name: str) -> Code:
    functions = []
    for one in code.rules.functions:
        lines = list(one.lines)
        plain = [number for number, (marker, _) in enumerate(lines[:-1]) if not marker]
        if one.name == name and plain:
            lines[dice.choice(plain)] = ("", _statement(dice, code.rules.language))
        functions.append(replace(one, lines=tuple(lines)))
    return replace(code, rules=replace(code.rules, functions=tuple(functions)))


def _said(dice: random.Random) -> str:
    return dice.choice(("simplify", "speed up", "fix rounding in", "handle empty", "log more in", "rename values in"))


def _plain(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower()


def _statement(dice: random.Random, language: str) -> str:
    name, verb = dice.choice(_WORDS), _cased(language, f"{dice.choice(_VERBS)}_{dice.choice(_WORDS)}")
    return _ASSIGN[language].format(name=name, text=f"{verb}({dice.choice(_WORDS)}, {dice.randrange(2, 900)})")


def _body(dice: random.Random, language: str) -> Iterator[tuple[str, str]]:
    for _ in range(_HELPER_LINES):
        yield "", _statement(dice, language)
    yield "", "return result" + ("" if language in {"python", "go"} else ";")


def _handler(dice: random.Random, language: str, operation: Operation, helper: str) -> Function:
    lines = [("", _statement(dice, language))]
    lines.append((WORK, _DOES[language].format(text=f"{helper}(request, scope)")))
    for call in operation.calls:
        target = _cased(language, re.sub(r"[^a-z]+", "_", call.target))
        does = function_of(language, call.operation)[:40]
        lines.append((mark_of(call.target, call.operation), _DOES[language].format(text=f"{target}.{does}(request)")))
    lines.append(("", "return result" + ("" if language in {"python", "go"} else ";")))
    return Function(function_of(language, operation.name), tuple(lines))


def mark_of(target: str, operation: str) -> str:
    """Return the marker of the line that makes a call."""
    return f"call {target} {operation}"


def _cased(language: str, name: str) -> str:
    words = [word for word in name.split("_") if word]
    if language == "python":
        return "_".join(words)
    return words[0] + "".join(word.title() for word in words[1:])


def _opening(language: str, name: str) -> str:
    match language:
        case "python":
            return f"def {name}(request, scope, items, owner, text, settings):"
        case "nodejs":
            return f"export async function {name}(request, scope, items, settings, text) {{"
        case "java":
            return f"    Object {name}(Request request, Scope scope, List<Item> items) {{"
        case _:
            return f"func {name}(request Request, scope Scope, items []Item) Result {{"


def _class_of(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]

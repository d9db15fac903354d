"""A project's own rules over decoded data: a walk along the paths they name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ingest.jsontext import decode_json, encode_json
from ingest.scrub.actions import Action, Verb
from ingest.scrub.patterns import BY_NAME
from ingest.scrub.rules import Rule, compiled_expression
from ingest.scrub.substitution import substituted

Place = tuple[int, int]
"""A rule and how many of its steps are done."""

_ANY = "**"
_ITEMS = "items"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule, ready to run.

    Attributes:
        steps: of its selector.
        apply: gives what stands for a text or number; the value itself when the rule finds nothing in it.
        empties: whether the value as a whole becomes null.
    """

    steps: tuple[str, ...]
    apply: Callable[[Any], Any]
    empties: bool = False


def compiled(rule: Rule, key: str) -> Compiled:
    """Return a rule ready to run; `key` is that of the project's hashes."""
    if rule.verb is None:
        return Compiled(rule.selector.steps, lambda value: value)
    action = Action(rule.verb, rule.by, key)
    if rule.pattern:
        return Compiled(rule.selector.steps, _on_pattern(rule.pattern, action))
    if rule.expression:
        return Compiled(rule.selector.steps, _on_expression(rule.expression, action))
    return Compiled(rule.selector.steps, lambda value: action.on(_text(value)), rule.verb is Verb.REMOVE)


def kept_again(before: Any, after: Any, rules: Sequence[Compiled]) -> Any:
    """Return scrubbed data with what the `keep` rules name as it was before; both have the same shape above it."""
    walk = _Walk(rules)
    start = tuple((number, 0) for number in range(len(rules)))
    if isinstance(before, dict) and isinstance(before.get(_ITEMS), list) and isinstance(after.get(_ITEMS), list):
        items = [walk.kept(b, a, start) for b, a in zip(before[_ITEMS], after[_ITEMS], strict=True)]
        return {**after, _ITEMS: items}
    return walk.kept(before, after, start)


def apply_rules(value: Any, rules: Sequence[Compiled]) -> tuple[Any, bool]:
    """Return decoded data after the rules, and whether any of them found something; the data is not changed in place.

    The elements of an item container (`{"items": […]}`) are each the top of a path.
    """
    walk = _Walk(rules)
    start = tuple((number, 0) for number in range(len(rules)))
    if isinstance(value, dict) and isinstance(value.get(_ITEMS), list):
        items = [walk.node(item, start) for item in value[_ITEMS]]
        return ({**value, _ITEMS: items} if walk.found else value), walk.found
    return walk.node(value, start), walk.found


class _Walk:
    """One walk over one item."""

    def __init__(self, rules: Sequence[Compiled]) -> None:
        self._rules = rules
        self.found = False

    def node(self, value: Any, places: tuple[Place, ...]) -> Any:
        """Return a value after the rules that are at `places` when they reach it."""
        here = [self._rules[n] for n, done in places if self._is_done(n, done)]
        if any(rule.empties for rule in here) and value is not None:
            self.found = True
            return None
        if isinstance(value, dict):
            return self._object(value, places)
        if isinstance(value, list):
            return self._list(value, places)
        if value is None or isinstance(value, bool):
            return value
        # Every text is reached by `$string`, wherever it stands.
        texts = [rule for rule in self._rules if rule.steps == ("$string",)] if isinstance(value, str) else []
        for rule in (*here, *texts):
            changed = rule.apply(value)
            if changed != value:
                self.found = True
                value = changed
        return value

    def kept(self, before: Any, after: Any, places: tuple[Place, ...]) -> Any:
        """Return `after`, with the parts of `before` that a rule is done at."""
        if any(self._is_done(n, done) for n, done in places):
            return before
        if isinstance(before, dict) and isinstance(after, dict):
            return {k: self.kept(before[k], v, self._below(k, places)) if k in before else v for k, v in after.items()}
        if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            return [self.kept(b, a, self._below("", places)) for b, a in zip(before, after, strict=True)]
        return after

    def _object(self, value: dict[str, Any], places: tuple[Place, ...]) -> dict[str, Any]:
        typed = "value" in value and value.keys() <= {"value", "type", "unit"}
        if typed:
            return {k: self.node(v, self._below(k, places) + places) if k == "value" else v for k, v in value.items()}
        pair = _pair_name(value)
        if pair:
            name, member = pair
            return {k: self.node(v, self._below(name, places) if k == member else ()) for k, v in value.items()}
        return {k: self.node(v, self._below(k, places)) for k, v in value.items()}

    def _list(self, value: list[Any], places: tuple[Place, ...]) -> list[Any]:
        if value and all(isinstance(e, list) and len(e) == 2 and isinstance(e[0], str) for e in value):
            return [[e[0], self.node(e[1], self._below(e[0], places))] for e in value]
        if value and all(_pair_name(e) for e in value):
            return [self.node(e, places) for e in value]
        return [self.node(v, self._below("", places) + self._through(places)) for v in value]

    def _through(self, places: tuple[Place, ...]) -> tuple[Place, ...]:
        """Return the places that hold for the elements of a list as for the list: finished rules hold for all below."""
        return tuple(p for p in places if p[1] == len(self._rules[p[0]].steps))

    def _is_done(self, number: int, done: int) -> bool:
        steps = self._rules[number].steps
        return steps != ("$string",) and all(step == _ANY for step in steps[done:])

    def _below(self, name: str, places: tuple[Place, ...]) -> tuple[Place, ...]:
        """Return where the rules are one step further down, at a member called `name`."""
        lowered = name.lower()
        reached: dict[Place, None] = {}
        for number, done in places:
            steps = self._rules[number].steps
            if done == len(steps):
                reached[number, done] = None  # what a rule names, it names with everything below
                continue
            at = done
            while at < len(steps) and steps[at] == _ANY:
                reached[number, at] = None
                at += 1
            if at == len(steps):
                reached[number, at] = None
            elif steps[at] == "*" or (lowered and steps[at] == lowered):
                reached[number, at + 1] = None
        return tuple(reached)


def _pair_name(value: object) -> tuple[str, str] | None:
    """Return name and the member that holds the value, of an object that stands for one pair."""
    if not isinstance(value, dict) or len(value) != 2 or "value" not in value:
        return None
    for member in ("key", "name"):
        if isinstance(value.get(member), str):
            return value[member], "value"
    return None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float | Decimal) else encode_json(value).decode("utf-8", "replace")


def _on_pattern(name: str, action: Action) -> Callable[[Any], Any]:
    pattern = BY_NAME[name]

    def apply(value: Any) -> Any:
        # Patterns are written for JSON text: that is how the value is shown to them.
        text = encode_json(_text(value))
        changed = substituted(text, pattern, lambda found: action.on(found, name))
        return value if changed is text else decode_json(changed).value

    return apply


def _on_expression(expression: str, action: Action) -> Callable[[Any], Any]:
    search = compiled_expression(expression)

    def apply(value: Any) -> Any:
        text = _text(value)
        changed = search.sub(lambda match: action.on(match.group()), text)
        return changed if changed != text else value

    return apply

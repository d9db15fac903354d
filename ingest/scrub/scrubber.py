"""One project's scrubber: default rules and the project's own, over JSON texts, decoded attributes and single texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
import re2

from engine.errors import StateError
from engine.snapshot import ProjectConfig
from ingest.errors import InvalidItem
from ingest.jsontext import Document, decode_json, encode_json
from ingest.scrub.actions import Action, Verb
from ingest.scrub.echoes import echoing, without_echoes
from ingest.scrub.grammars import NAME_RULES
from ingest.scrub.model import Scrubbed, ScrubbedValues
from ingest.scrub.names import strength
from ingest.scrub.patterns import BY_NAME, PATTERNS
from ingest.scrub.rules import Rule, ScrubRulesInvalid, parse_rules
from ingest.scrub.substitution import spliced, substituted
from ingest.scrub.tree import Compiled, apply_rules, compiled, kept_again

_SCREEN_BYTES = 64 * 1024 * 1024
_REMOVE = Action(Verb.REMOVE)

_HIDING = rb"(?:[^\\]|\A)(?:\\\\)*\\[u/]"
"""Escapes that hide letters from patterns: `\\u0070assword`, `https:\\/\\/user`."""

_DATASET_NAMES = {"sessions": frozenset({"session_id"})}
"""Names that mean something else in a dataset: the number of a session of release health opens no door."""


class Scrubber:
    """Takes personal data and secrets out of what a project sends, before anything of it is kept.

    Args:
        project: whose rules hold.

    Raises:
        ScrubRulesInvalid: its rules cannot be read.
    """

    def __init__(self, project: ProjectConfig) -> None:
        rules = parse_rules(project.scrub_rules)
        kept = [rule for rule in rules if rule.verb is None]
        self._key = project.scrub_key or f"project {project.id}"
        self._kept_names = frozenset(r.selector.steps[1] for r in kept if _is_name(r))
        self._kept = kept
        self._rules = [rule for rule in rules if rule.verb is not None]
        self._by_dataset: dict[str, tuple[Sequence[Compiled], Sequence[Compiled]]] = {}
        self._actions = _actions(project, self._key)
        self._screen_names, self._screen = _screen(tuple(self._actions), defaults=project.scrub_defaults)

    def payload(self, text: bytes, dataset: str = "") -> Scrubbed:
        """Return a JSON text scrubbed; broken JSON is scrubbed as far as patterns find something in it."""
        rules, keeps = self._of_dataset(dataset)
        plain, hits = text, self._screen.Match(text)
        if not hits and not rules:
            return Scrubbed(text)
        if hits and 0 in hits:
            plain = _plain(text)
            hits = self._screen.Match(plain)
        remarks: list[str] = []
        scrubbed = plain
        told: set[bytes] = set()
        for number in sorted(hits or ()):
            if number == 0:
                continue
            changed = self._without(self._screen_names[number], scrubbed, dataset, told)
            if changed is not scrubbed:
                _note(remarks, self._screen_names[number])
                scrubbed = changed
        if told:
            scrubbed = without_echoes(scrubbed, told)
        if rules or (keeps and remarks):
            scrubbed = self._by_rules(plain, scrubbed, (rules, keeps), remarks)
        return Scrubbed(scrubbed, tuple(remarks)) if scrubbed is not plain else Scrubbed(text)

    def document(self, document: Document, dataset: str = "") -> Document:
        """Return a document scrubbed: value, text and remarks. One whose value is bytes is no JSON, but text."""
        if isinstance(document.value, bytes):
            return self._plain_document(document, dataset)
        scrubbed = self.payload(document.text, dataset)
        if scrubbed.text is document.text:
            return document
        return Document(decode_json(scrubbed.text).value, scrubbed.text, (*document.remarks, *scrubbed.remarks))

    def _plain_document(self, document: Document, dataset: str) -> Document:
        encoded = encode_json(document.text.decode("utf-8", "replace"))
        scrubbed = self.payload(encoded, dataset)
        if scrubbed.text is encoded:
            return document
        text = str(decode_json(scrubbed.text).value).encode()
        return Document(text, text, (*document.remarks, *scrubbed.remarks))

    def attributes(self, values: dict[str, Any], dataset: str = "") -> ScrubbedValues:
        """Return decoded attributes (flat or nested) scrubbed; rules see them below `attributes`.

        Only the members that hold something to scrub are made anew, in the types of JSON.
        """
        whole = self.payload(_encoded({"attributes": values}), dataset)
        if not whole.remarks:
            return ScrubbedValues(values)
        scrubbed = decode_json(whole.text).value["attributes"]
        before = decode_json(_encoded(values)).value
        kept = {name: value if scrubbed[name] == before[name] else scrubbed[name] for name, value in values.items()}
        return ScrubbedValues(kept, whole.remarks)

    def text(self, value: str, dataset: str = "") -> str:
        """Return one text (a log's body, a span's name) scrubbed."""
        encoded = _encoded(value)
        scrubbed = self.payload(encoded, dataset)
        if scrubbed.text is encoded:
            return value
        found = decode_json(scrubbed.text).value
        return found if isinstance(found, str) else ""

    def address(self, ip: str) -> str:
        """Return an inferred IP address by the project's policy; empty when it is to be removed."""
        action = self._actions.get("ip")
        if action is None or not ip:
            return ip
        return "" if action.verb is Verb.REMOVE else action.on(ip, "ip")

    def _strength(self, name: str) -> int:
        return 0 if self._kept_names and name.lower() in self._kept_names else strength(name)

    def _without(self, what: str, text: bytes, dataset: str, told: set[bytes]) -> bytes:
        """Return a text without what one default rule finds; `told` gets the secrets that stood within texts."""
        also_kept = _DATASET_NAMES.get(dataset, frozenset())

        def secret(name: str) -> int:
            return 0 if name in also_kept else self._strength(name)

        rule = NAME_RULES.get(what)
        if rule is not None:
            splices = sorted(rule.splices(text, secret), key=_outermost_first)
            told.update(echoing(text, splices))
            return spliced(text, splices)
        action = self._actions.get(what, _REMOVE)
        return substituted(text, BY_NAME[what], lambda found: action.on(found, what))

    def _of_dataset(self, dataset: str) -> tuple[Sequence[Compiled], Sequence[Compiled]]:
        """Return the project's rules and its kept paths for a dataset."""
        found = self._by_dataset.get(dataset)
        if found is None:
            both = (self._rules, self._kept)
            rules, keeps = ([compiled(r, self._key) for r in some if r.selector.meets(dataset)] for some in both)
            found = self._by_dataset[dataset] = (rules, keeps)
        return found

    def _by_rules(
        self,
        plain: bytes,
        scrubbed: bytes,
        both: tuple[Sequence[Compiled], Sequence[Compiled]],
        remarks: list[str],
    ) -> bytes:
        """Return a text after the project's own rules and exceptions."""
        rules, keeps = both
        try:
            before = decode_json(plain).value
            after = decode_json(scrubbed).value
        except InvalidItem:
            return scrubbed
        found = False
        if rules:
            after, found = apply_rules(after, rules)
        if keeps:
            after = kept_again(before, after, keeps)
            if after == before:
                remarks.clear()
                return plain
        elif not found:
            return scrubbed
        if found:
            remarks.append("scrubbed:rule")
        return encode_json(after)


@lru_cache(maxsize=1000)
def scrubber_for(project: ProjectConfig) -> Scrubber:
    """Return the scrubber of a project.

    Raises:
        StateError: the project's rules cannot be read; processing must stop.
    """
    try:
        return Scrubber(project)
    except ScrubRulesInvalid as error:
        raise StateError(
            f"The scrub rules of the project {project.slug} cannot be read: {error.message}",
            code="scrub-rules-unreadable",
            hint="Mend them with `amber scrub set`; what arrives waits in the raw spool.",
        ) from error


def _is_name(rule: Rule) -> bool:
    """Tell whether a `keep` rule names members wherever they stand, in every dataset."""
    steps = rule.selector.steps
    return len(steps) == 2 and steps[0] == "**" and steps[1] not in {"*", "**"} and not rule.selector.datasets


def _actions(project: ProjectConfig, key: str) -> dict[str, Action]:
    """Return the actions of the patterns that are a matter of policy and are on."""
    policies = {"email": project.scrub_email, "ip": project.scrub_ip}
    return {name: Action(Verb(policy), key=key) for name, policy in policies.items() if policy != "keep"}


@lru_cache(maxsize=16)
def _screen(policies: tuple[str, ...], *, defaults: bool) -> tuple[tuple[str, ...], Any]:
    """Return the names of the rules that hold, in their order, and one automaton that looks for all of them."""
    chosen: list[tuple[str, bytes]] = [("", _HIDING)]
    if defaults:
        names = [(name, rule.screen) for name, rule in NAME_RULES.items()]
        chosen += [*names[:1], *((p.name, p.screen) for p in PATTERNS if p.default), *names[1:]]
    chosen += [(name, BY_NAME[name].screen) for name in policies]
    options = re2.Options()
    options.max_mem = _SCREEN_BYTES
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    automaton = re2.Set.SearchSet(options)
    for _, expression in chosen:
        automaton.Add(expression)
    automaton.Compile()
    return tuple(name for name, _ in chosen), automaton


def _plain(text: bytes) -> bytes:
    """Return JSON text in which every letter stands for itself; broken JSON as it is."""
    try:
        return encode_json(decode_json(text).value)
    except InvalidItem:
        return text


def _note(remarks: list[str], what: str) -> None:
    rule = NAME_RULES.get(what)
    remark = f"scrubbed:{what}" if rule is None else rule.remark
    if remark not in remarks:
        remarks.append(remark)


def _outermost_first(splice: tuple[int, int, bytes]) -> tuple[int, int]:
    return splice[0], -splice[1]


def _encoded(value: object) -> bytes:
    try:
        return encode_json(value)
    except (TypeError, UnicodeEncodeError, msgspec.MsgspecError):
        return encode_json(_jsonable(value))


def _jsonable(value: object) -> object:
    """Return data in the types of JSON: lone surrogates replaced, anything unknown as its text."""
    if isinstance(value, dict):
        return {str(_jsonable(str(k))): _jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(v) for v in value]
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value if isinstance(value, int | float | bool | None) else str(value)

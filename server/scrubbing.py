"""Scrub rules tried out: what they would make of an event, before anybody saves them."""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.errors import UserError
from engine.rules import RuleProblem, RulesInvalid
from engine.snapshot import ProjectConfig
from ingest.errors import InvalidItem
from ingest.jsontext import decode_json, encode_json
from ingest.normalise.stackrules import parse_stack_rules
from ingest.scrub import Scrubber
from ingest.scrub.rules import DATASETS, parse_rules
from ml.grouping.project import parse_fingerprint_rules

OPTIONS = ("scrub_rules", "scrub_defaults", "scrub_ip", "scrub_email")
"""The options of a project that say how its data is scrubbed."""
MAX_DIFF_LINES = 2000
_MAX_LINE = 300


@dataclass(frozen=True, slots=True)
class Trial:
    """What rules make of one event.

    Attributes:
        before: the event as it stands now, indented.
        after: the same after the rules.
        diff: unified diff of the two, without its head.
        remarks: `scrubbed:<rule>` for each rule that found something.
        problems: what is wrong with the rules; then nothing was tried.
    """

    before: str = ""
    after: str = ""
    diff: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    problems: tuple[RuleProblem, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything would be taken out."""
        return bool(self.remarks)

    def as_dict(self) -> dict[str, Any]:
        """Return it as the API answers it."""
        return {
            "changed": self.changed,
            "before": self.before,
            "after": self.after,
            "diff": list(self.diff),
            "remarks": list(self.remarks),
            "problems": [
                {"line": p.line, "start": p.start, "end": p.end, "message": p.message, "hint": p.hint}
                for p in self.problems
            ],
        }


def check_options(options: Mapping[str, Any] | None) -> None:
    """Return when the rules among a project's options can be read.

    Raises:
        RulesInvalid: with every problem and its place; nothing would be processed with such rules.
    """
    rules = (options or {}).get("scrub_rules")
    if isinstance(rules, str):
        parse_rules(rules)
    stack_rules = (options or {}).get("in_app_rules")
    if isinstance(stack_rules, str):
        parse_stack_rules(stack_rules)
    fingerprint_rules = (options or {}).get("fingerprint_rules")
    if isinstance(fingerprint_rules, str):
        parse_fingerprint_rules(fingerprint_rules)


def tried(project: ProjectConfig, draft: Mapping[str, Any], event: bytes, dataset: str = "errors") -> Trial:
    """Return what a project's rules, changed by a draft, make of an event; its hashes are of this trial alone.

    Args:
        project: whose present rules hold where the draft says nothing.
        draft: some of `OPTIONS` with other values.
        event: JSON text, as a client sends it or as it is stored.
        dataset: what it is, for rules that are for some datasets only.

    Raises:
        UserError: the event is no JSON, or there is no such dataset.
    """
    if dataset not in DATASETS:
        raise UserError(
            f"There is no dataset {dataset!r} to scrub.", code="dataset-unknown", hint=f"One of {', '.join(DATASETS)}."
        )
    wanted = {name: value for name, value in draft.items() if name in OPTIONS and value is not None}
    # A key of its own: with the project's, whoever may try could hash guesses and find them among the stored hashes.
    wanted["scrub_key"] = secrets.token_hex(16)
    try:
        scrubber = Scrubber(msgspec.structs.replace(project, **wanted))
    except RulesInvalid as error:
        return Trial(problems=error.problems)
    try:
        document = decode_json(event)
        scrubbed = scrubber.document(document, dataset)
        before, after = (_indented(value.value) for value in (document, scrubbed))
    except InvalidItem as error:
        raise UserError(f"This is no event: {error.message}.", code="event-invalid", hint="Give it as JSON.") from error
    return Trial(before, after, _diff(before, after), scrubbed.remarks)


def _indented(value: object) -> str:
    # By way of the encoder of payloads, so that numbers keep their digits.
    return msgspec.json.format(encode_json(value), indent=2).decode()


def _diff(before: str, after: str) -> tuple[str, ...]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm="")
    kept = [line[:_MAX_LINE] + ("…" if len(line) > _MAX_LINE else "") for line in lines][2:]
    return tuple(kept[:MAX_DIFF_LINES])

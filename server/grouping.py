"""How a project groups: its version and rules, trying them on an event, and moving to a newer version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from engine.errors import StateError, UserError
from engine.rules import RuleProblem, RulesInvalid
from engine.snapshot import ProjectConfig
from ingest.errors import InvalidItem
from ingest.jsontext import decode_json, encode_json
from ingest.normalise.event import SECOND_NS, event_and_grounds
from ingest.normalise.model import Arrival
from ingest.symbols import Symbolicator
from ml.grouping import NEWEST_VERSION, VERSIONS, FrameReason, explain
from server.scrubbing import check_options

OPTIONS: Final[Mapping[str, str]] = {
    "version": "grouping_version",
    "before": "grouping_before",
    "before_until": "grouping_before_until",
    "fingerprint_rules": "fingerprint_rules",
    "stack_rules": "in_app_rules",
}
"""Members of the API's document, and the options of a project they stand for."""
WINDOW_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class GroupingTrial:
    """What an event would be grouped as, and why.

    Attributes:
        version: of the algorithm.
        fingerprint: decimal digits of the 64-bit key.
        source: what decided: `exception`, `stacktrace`, `message`, `template`, `report`, `client`, `rule`, `fallback`.
        parts: what was hashed, in order.
        title: of the issue, were it new.
        rule: the fingerprint rule that decided, as it is written; empty for none.
        rule_line: where it stands, 0 for none.
        wrappers: types of exceptions that only wrap the cause.
        frames: what became of each frame that was looked at.
        fingerprint_before: by the version before, while that counts; empty otherwise.
        problems: what is wrong with the rules; then nothing was tried.
    """

    version: str = ""
    fingerprint: str = ""
    source: str = ""
    parts: tuple[str, ...] = ()
    title: str = ""
    rule: str = ""
    rule_line: int = 0
    wrappers: tuple[str, ...] = ()
    frames: tuple[FrameReason, ...] = ()
    fingerprint_before: str = ""
    problems: tuple[RuleProblem, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as the API answers it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def shown(project: ProjectConfig) -> dict[str, Any]:
    """Return the document of how a project groups."""
    return {
        **{member: getattr(project, option) for member, option in OPTIONS.items()},
        "newest": NEWEST_VERSION,
        "versions": sorted(VERSIONS),
    }


def options_of(draft: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that members of the document stand for, those that are None left out.

    Raises:
        RulesInvalid: rules of some kind cannot be read.
        UserError: there is no such version.
    """
    options = {OPTIONS[name]: value for name, value in draft.items() if name in OPTIONS and value is not None}
    check_options(options)
    version = options.get("grouping_version")
    if version is not None and version not in VERSIONS:
        raise UserError(
            f"There is no grouping version {version!r}.",
            code="unknown-grouping-version",
            hint=f"One of {', '.join(sorted(VERSIONS))}.",
        )
    return options


def upgraded(
    project: ProjectConfig, now: datetime, days: int = WINDOW_DAYS, version: str = NEWEST_VERSION
) -> dict[str, Any]:
    """Return the options that move a project to a version, with a window in which its issues go on.

    Until the window ends, an event whose old fingerprint has an issue stays in it, under the new fingerprint too.

    Raises:
        StateError: the project has the version already.
        UserError: the window is shorter than nothing or longer than a year, or there is no such version.
    """
    if project.grouping_version == version:
        raise StateError(f"{project.slug} groups by {version} already.", code="grouping-is-newest")
    if not 0 <= days <= 366:
        raise UserError("A window is 0 to 366 days.", code="window-invalid")
    until = int((now + timedelta(days=days)).timestamp()) if days else 0
    return options_of({"version": version, "before": project.grouping_version if days else "", "before_until": until})


def tried(
    project: ProjectConfig,
    draft: Mapping[str, Any],
    event: bytes,
    now: datetime,
    symbols: Symbolicator | None = None,
) -> GroupingTrial:
    """Return what a project's rules, changed by a draft, make of an event; nothing is changed.

    Args:
        project: whose present rules hold where the draft says nothing.
        draft: some members of the document with other values.
        event: JSON text, as a client sends it or as it is stored.
        now: when it would arrive.
        symbols: resolves minified frames; None to leave them.

    Raises:
        UserError: the event is no JSON object, or there is no such version.
    """
    try:
        changed = msgspec.structs.replace(project, **options_of(draft))
    except RulesInvalid as error:
        return GroupingTrial(problems=error.problems)
    try:
        document = decode_json(event)
        if not isinstance(document.value, dict):
            raise UserError("This is no event: it is no JSON object.", code="event-invalid")
        if symbols is not None:
            resolved, _ = symbols.event(document.value, project.id, project.artifacts)
            document = decode_json(encode_json(resolved))
    except InvalidItem as error:
        raise UserError(f"This is no event: {error.message}.", code="event-invalid", hint="Give it as JSON.") from error
    row, grounds, rule = event_and_grounds(document, Arrival(changed, int(now.timestamp()) * SECOND_NS))
    found = explain(grounds, changed.grouping_version)
    return GroupingTrial(
        version=found.grouping.version,
        fingerprint=str(row["fingerprint"]),
        source="rule" if rule is not None else found.grouping.source,
        parts=found.grouping.parts,
        title=str(row["title"]),
        rule=rule.text if rule is not None else "",
        rule_line=rule.line if rule is not None else 0,
        wrappers=found.wrappers,
        frames=found.frames,
        fingerprint_before=str(row.get("fingerprint_before") or ""),
    )

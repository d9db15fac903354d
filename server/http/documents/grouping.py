"""Documents of how a project groups."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from server.http.documents.common import Document, Input

DRAFT = ("version", "fingerprint_rules", "stack_rules")
"""Members that stand for options of the project."""


class GroupingDraft(Input):
    """How a project is to group; what is absent stays as it is."""

    version: str | None = Field(default=None, max_length=20, description="Version of the algorithm, such as v2.")
    fingerprint_rules: str | None = Field(default=None, max_length=20_000, description="Rules, one a line.")
    stack_rules: str | None = Field(default=None, max_length=20_000, description="Stack-trace rules, one a line.")


class GroupingTest(GroupingDraft):
    """Rules to try, and an event to try them on; what is absent is as the project has it."""

    event: Any = Field(default=None, description="An event as JSON, as a client sends it.")
    event_id: str | None = Field(default=None, max_length=36, description="The id of a stored event instead.")


class GroupingUpgrade(Input):
    """How to move to another version."""

    version: str | None = Field(default=None, max_length=20, description="Version to move to; the newest by default.")
    days: int = Field(default=30, ge=0, le=366, description="Days in which events stay in the issues they were in.")


class ProjectGrouping(Document):
    """How a project groups."""

    version: str = Field(description="Version of the algorithm.")
    before: str = Field(description="The version before, while events stay in the issues it made; else empty.")
    before_until: int = Field(description="When that ends, in seconds since 1970; 0 for never begun.")
    fingerprint_rules: str = Field(description="Rules that say which events are one issue, one a line.")
    stack_rules: str = Field(description="Rules that say whose code a frame is and whether it counts, one a line.")
    newest: str = Field(description="The newest version there is.")
    versions: list[str]


class GroupingProblem(Document):
    """One thing wrong in the rules."""

    line: int = Field(description="From 1.")
    start: int = Field(description="First column, from 1.")
    end: int = Field(description="The column after the last one.")
    message: str
    hint: str = Field(description="What to write instead.")


class GroupingFrame(Document):
    """What became of a frame."""

    exception: int = Field(description="Place of its exception, oldest first; -1 for the event's own stack.")
    frame: int = Field(description="Place in its stack, oldest first.")
    key: str = Field(description="What of it would be hashed.")
    counts: bool
    why: str


class GroupingTrialDocument(Document):
    """What an event is grouped as, and why."""

    version: str
    fingerprint: str = Field(description="The 64-bit key in decimal digits; empty when the rules have problems.")
    source: str = Field(description="What decided: exception, stacktrace, message, template, report, client, rule, ...")
    parts: list[str] = Field(description="What was hashed, in order.")
    title: str
    rule: str = Field(description="The fingerprint rule that decided, empty for none.")
    rule_line: int
    wrappers: list[str] = Field(description="Types of exceptions that only wrap the cause.")
    frames: list[GroupingFrame]
    fingerprint_before: str = Field(description="By the version before, while that counts.")
    problems: list[GroupingProblem]

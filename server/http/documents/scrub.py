"""Documents of the trial of scrub rules."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from server.http.documents.common import Document, Input

DRAFT = ("scrub_rules", "scrub_defaults", "scrub_ip", "scrub_email")
"""Members that stand for options of the project."""

Policy = Literal["keep", "mask", "hash", "remove"]


class ScrubTest(Input):
    """Rules to try, and an event to try them on; what is absent is as the project has it."""

    scrub_rules: str | None = Field(default=None, max_length=20_000, description="Rules, one a line.")
    scrub_defaults: bool | None = Field(default=None, description="Whether the default rules hold too.")
    scrub_ip: Policy | None = Field(default=None, description="What becomes of IP addresses.")
    scrub_email: Policy | None = Field(default=None, description="What becomes of e-mail addresses.")
    dataset: str = Field(default="errors", max_length=40, description="What the event is.")
    event: Any = Field(default=None, description="An event as JSON, as a client sends it.")
    event_id: str | None = Field(default=None, max_length=36, description="The id of a stored event instead.")


class ScrubProblem(Document):
    """One thing wrong in the rules."""

    line: int = Field(description="From 1.")
    start: int = Field(description="First column, from 1.")
    end: int = Field(description="The column after the last one.")
    message: str
    hint: str = Field(description="What to write instead.")


class ScrubTrial(Document):
    """What the rules make of the event."""

    changed: bool = Field(description="Whether anything would be taken out.")
    before: str = Field(description="The event as it stands, as indented JSON; empty when the rules have problems.")
    after: str = Field(description="The same after the rules.")
    diff: list[str] = Field(description="Lines of a unified diff of the two.")
    remarks: list[str] = Field(description="`scrubbed:<rule>` for each rule that found something.")
    problems: list[ScrubProblem]

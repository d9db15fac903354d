"""Documents of profiles."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from server.http.documents.common import Document, Look


class FlameQuery(Look):
    """Which stacks, and what they are compared with."""

    query: str = Field(default="", max_length=65536, description="A Discover search over profiles.")
    compare: bool = Field(default=False, description="Whether there is something to compare with.")
    base: str = Field(default="", max_length=65536, description="The search of what it is compared with.")
    base_start: datetime | None = Field(default=None, description="Its begin; without one the same range.")
    base_end: datetime | None = Field(default=None, description="Its end.")


class FlameDocument(Document):
    """Stacks merged into a tree, in columns; a parent stands before its children, frame 0 is the root."""

    unit: str = Field(description="ns, or samples when no stack has a weight.")
    stacks: list[int] = Field(description="Folded stacks of what is looked at, and of what it is compared with.")
    samples: list[int]
    truncated: bool = Field(description="Whether there are more stacks than are read.")
    cut: int = Field(description="Frames that were too light to be told.")
    names: list[str]
    in_app: list[bool] = Field(description="By name: whether it is the project's own code.")
    packages: list[str]
    package: list[int] = Field(description="By name: number of its package.")
    name: list[int] = Field(description="Number of the name of each frame, -1 for the root.")
    parent: list[int]
    own: list[int] = Field(description="Weight in which the frame was the innermost.")
    total: list[int]
    first: list[int] = Field(description="Order of first sight.")
    base_own: list[int] | None
    base_total: list[int] | None

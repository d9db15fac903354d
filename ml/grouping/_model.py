"""What grouping answers: a versioned fingerprint and the reasons for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["client", "exception", "stacktrace", "message", "template", "report", "fallback"]


@dataclass(frozen=True, slots=True)
class Grouping:
    """The group of one event under one version of the algorithm.

    Attributes:
        version: name of the algorithm, stored beside the fingerprint.
        fingerprint: unsigned 64-bit group key; equal keys are one group inside a project.
        parts: what was hashed, in order, readable by a person.
        source: which material decided: the client's own fingerprint, the exception chain, a bare
            stack trace, a message, a message template with parameters, the report of a crash, or the fallback.
    """

    version: str
    fingerprint: int
    parts: tuple[str, ...]
    source: Source

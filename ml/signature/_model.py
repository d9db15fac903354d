"""What a crash report comes down to."""

from __future__ import annotations

from dataclasses import dataclass

MAX_FRAMES = 3
"""Lines of a state: its reason, if it has one, and the frames nearest to the crash."""
MAX_LINE_CHARS = 80
NOTHING = "NULL"


@dataclass(frozen=True, slots=True)
class Signature:
    """Type and state of a crash, in the terms of ClusterFuzz (google.github.io/clusterfuzz/reference/glossary).

    Attributes:
        kind: `Heap-use-after-free`, `CHECK failure`, `Uncaught exception` …; empty when nothing was recognised.
        access: `READ 8`, `WRITE`, empty where a crash is no access.
        reason: the condition of a failed check, the message of a panic; empty where the frames tell all.
        frames: functions nearest to the crash, innermost first, without those that never tell a cause.
        program: the program that crashed, for reports that name nothing else.
    """

    kind: str
    access: str = ""
    reason: str = ""
    frames: tuple[str, ...] = ()
    program: str = ""

    @property
    def type(self) -> str:
        """The type as one text; the access stands on a line of its own when its size is known."""
        if not self.access:
            return self.kind
        return f"{self.kind}{chr(10) if self.access[-1].isdigit() else ' '}{self.access}"

    @property
    def state(self) -> str:
        """The state as one text, a line each; `NULL` when there is nothing to tell."""
        lines = [line[:MAX_LINE_CHARS] for line in (self.reason, *self.frames) if line][:MAX_FRAMES]
        if not lines and self.program:
            lines = [self.program[:MAX_LINE_CHARS]]
        return "".join(f"{line}\n" for line in lines) or NOTHING

    def parts(self) -> tuple[str, ...]:
        """The parts a grouping hashes, readable by a person."""
        lines = [line for line in self.state.splitlines() if line != NOTHING]
        return (f"crash {' '.join(self.type.split())}", *(f"at {line}" for line in lines))

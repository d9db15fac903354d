"""The shape of a grouping version: every table and number the algorithm reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much a frame tells of the cause, and how much is enough; a version without it counts frames alone.

    A frame whose function has a name of its own is worth 1. Frames are taken from the innermost outwards until
    `enough` is reached, so that most errors are known by the place they come from, and those raised by a helper by
    the place that called it.

    Attributes:
        guards: pattern of functions whose job is to raise for others (`checkIndex`, `raise_for_status`); worth 0.
        generic: function names that many classes have (`get`, `run`, `__init__`); worth `generic_worth`.
        generic_worth: what a generic or very short name is worth.
        anonymous_worth: what a function without a name is worth.
        enough: the sum at which no further frame is taken.
        cycle_repeats: a frame seen this often makes the stack a runaway recursion, whose innermost frame is chance.
        assertions: pattern of exception types that helpers of tests raise for many causes, so that more is needed.
        enough_asserted: the sum at which no further frame of such an exception is taken.
        overflows: pattern of exception types that may be a stack that overflowed; elsewhere a repeat is only depth.
        cycle_share: frames seen at least this share of the most frequent one are the cycle.
    """

    guards: str
    generic: frozenset[str]
    generic_worth: float
    anonymous_worth: float
    enough: float
    cycle_repeats: int
    cycle_share: float
    overflows: str
    assertions: str
    enough_asserted: float


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of the grouping algorithm, as data.

    Attributes:
        name: the version's name, for example `v1`.
        masks: (label, pattern) pairs, tried at each place of a message in this order; what a label that begins with
            `keep` finds stays as it is.
        rewritable_name: pattern that is found in every name a function rewrite changes; it saves trying them.
        function_rewrites: (pattern, replacement) pairs applied in order to function and module names.
        file_rewrites: (pattern, replacement) pairs applied in order to the last part of a path.
        anonymous_functions: rewritten function names that say nothing.
        vague_files: file names (without extension) that need their folder to mean something.
        plumbing_modules: module prefixes (matched at a `.`, `:` or `/` boundary) of event loops, thread
            pools, reflection and request middleware; such a frame counts only as the
            innermost in-app one, or when nothing else is there.
        plumbing_functions: function names of compiler and runtime helpers, treated likewise.
        plumbing_files: parts of a path that mark such a frame.
        plumbing_patterns: patterns found in `module-or-file function` of middleware, decorators and generated
            classes, in the project's own code too.
        max_frames: number of innermost distinct frames of one exception that count.
        max_exceptions: number of exceptions of a chain that count, the root causes first.
        max_message_chars: length of a masked message that counts.
        place_rewrites: (pattern, replacement) pairs applied to `module-or-file function`, for names that a compiler
            spread over both.
        rewritable_place: pattern that is found in every place such a rewrite changes.
        chain: which exceptions count: `all` of them, or the `root` cause of each chain.
        evidence: what frames are worth; None where only their number counts.
        reports: whether a message that is the report of a crash is read as one (`ml.signature`).
    """

    name: str
    masks: tuple[tuple[str, str], ...]
    rewritable_name: str
    function_rewrites: tuple[tuple[str, str], ...]
    file_rewrites: tuple[tuple[str, str], ...]
    anonymous_functions: frozenset[str]
    vague_files: frozenset[str]
    plumbing_modules: tuple[str, ...]
    plumbing_functions: frozenset[str]
    plumbing_files: tuple[str, ...]
    plumbing_patterns: tuple[str, ...]
    max_frames: int
    max_exceptions: int
    max_message_chars: int
    place_rewrites: tuple[tuple[str, str], ...] = ()
    rewritable_place: str = ""
    chain: Literal["all", "root"] = "all"
    evidence: Evidence | None = None
    reports: bool = False

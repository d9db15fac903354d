"""The shape of a grouping version: every table and number the algorithm reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of the grouping algorithm, as data.

    Attributes:
        name: the version's name, for example `v1`.
        masks: (label, pattern) pairs, tried at each place of a message in this order.
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

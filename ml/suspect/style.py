"""Whether a change of a file is one of style only: blanks, line breaks, comments, imports."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

_HASH = frozenset({"rb", "sh", "yml", "yaml", "toml", "pl", "r", "ex", "exs"})
_COMMENT_HASH = re.compile(r"^#(?!!)")
_COMMENT_SLASH = re.compile(r"^(?://|/\*|\*(?:/|\s|$))")
_IMPORT = re.compile(
    r"^(?:import\b|from\s+\S+\s+import\b|using\s+[\w.]+;|package\s|require(?:_relative)?\s|use\s+[\w\\]+)"
)
_BLANKS = re.compile(r"\s+")
_SKIPPED = frozenset({tokenize.NL, tokenize.COMMENT, tokenize.ENCODING})
_CLOSING = frozenset(")]}")
_MAX_CHARS = 2_000_000


def style_only(before: str, after: str, path: str) -> bool:
    """Return whether two versions of a file say the same; too long ones are taken to differ.

    In most languages lines are compared without blanks, comment lines and imports. Python is cut into tokens, because
    its indentation means something.
    """
    if len(before) + len(after) > _MAX_CHARS:
        return before == after
    if path.endswith(".py"):
        try:
            return list(_python(before)) == list(_python(after))
        except (tokenize.TokenError, SyntaxError):
            return False
    return meaning(before, path) == meaning(after, path)


def meaning(text: str, path: str) -> str:
    """Return what a text says without blanks, comment lines and imports, on one line."""
    comment = _COMMENT_HASH if path.rpartition(".")[2].lower() in _HASH else _COMMENT_SLASH
    kept = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not comment.match(stripped) and not _IMPORT.match(stripped):
            kept.append(_BLANKS.sub("", stripped))
    return "".join(kept)


def _python(text: str) -> Iterator[tuple[int, str]]:
    """Yield the tokens that mean something; a comma before a closing bracket means nothing to formatters."""
    held: tuple[int, str] | None = None
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in _SKIPPED:
            continue
        blank = token.type in {tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE, tokenize.ENDMARKER}
        found = (token.type, "" if blank else token.string)
        if held is not None and found[1] not in _CLOSING:
            yield held
        held = found if found[1] == "," else None
        if held is None:
            yield found

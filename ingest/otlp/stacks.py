"""Stack texts as programs print them, to exceptions with frames: one parser a language, the likeliest first."""

from __future__ import annotations

import re

from ingest.otlp.stacks_common import MAX_LINE_CHARS, MAX_LINES, MAX_TEXT_CHARS, ParsedStack, Parser
from ingest.otlp.stacks_dotnet import parse_dotnet
from ingest.otlp.stacks_go import parse_go
from ingest.otlp.stacks_java import parse_java
from ingest.otlp.stacks_javascript import parse_javascript
from ingest.otlp.stacks_php import parse_php
from ingest.otlp.stacks_python import parse_python
from ingest.otlp.stacks_ruby import parse_ruby

_LANGUAGES: dict[str, Parser] = {
    "python": parse_python,
    "java": parse_java,
    "nodejs": parse_javascript,
    "webjs": parse_javascript,
    "go": parse_go,
    "ruby": parse_ruby,
    "dotnet": parse_dotnet,
    "php": parse_php,
}
"""By `telemetry.sdk.language`."""

_SIGNS: tuple[tuple[str, re.Pattern[str], Parser], ...] = tuple(
    (platform, re.compile(pattern, re.MULTILINE), parser)
    for platform, pattern, parser in (
        ("python", r'Traceback \(most recent call last\)|^[ \t]+File "[^"\n]+", line \d+', parse_python),
        ("go", r"^goroutine \d+ \[|^\t\S[^\n]*\.go:\d+", parse_go),
        ("ruby", r":\d+:in [`']", parse_ruby),
        ("php", r"^[ \t]*#\d+ (?:\{main\}|\[internal function\]|[^\n]+\(\d+\): )", parse_php),
        (
            "java",
            r"\((?:[^()\s]{1,200}\.(?:java|kt|kts|scala|groovy|clj)(?::\d+)?|Native Method|Unknown Source)\)",
            parse_java,
        ),
        ("php", r"^[ \t]*at [^\n(]+\([^()\n]+\.php:\d+\)", parse_java),
        ("javascript", r"^[ \t]*at [^\n]*(?::\d+:\d+\)?|<anonymous>\)?|\(native\))(?: \{)?$", parse_javascript),
        (
            "csharp",
            r"^[ \t]*\S{1,4} [^\n(]+\([^\n]*:\S{1,20} \d+\.?$|--- End of|^[ \t]*at [\w.`<>\[\],+]+\(",
            parse_dotnet,
        ),
        ("javascript", r"^[^@\n]*@[^\n]*:\d+:\d+$", parse_javascript),
    )
)
"""What gives a language away where the client does not say which it is, with the platform it means."""


def parse_stack(text: str, language: str = "") -> tuple[ParsedStack | None, str]:
    """Return the exceptions of a stack text and the platform it speaks for; None when nobody understands it.

    Args:
        text: value of `exception.stacktrace`.
        language: value of `telemetry.sdk.language`; its parser goes first.
    """
    lines = [line.rstrip() for line in text[:MAX_TEXT_CHARS].splitlines()]
    kept = "\n".join(line[:MAX_LINE_CHARS] for line in lines[:MAX_LINES])
    found = _parsed(kept, language)
    if found is None:
        return None, ""
    stack, platform = found
    # What was cut is kept by the caller with the whole text.
    whole = len(text) <= MAX_TEXT_CHARS and len(lines) <= MAX_LINES and max(map(len, lines)) <= MAX_LINE_CHARS
    stack.complete = stack.complete and whole
    return stack, platform


def _parsed(text: str, language: str) -> tuple[ParsedStack, str] | None:
    own = _LANGUAGES.get(language)
    if own is not None:
        stack = own(text)
        if stack.frame_count:
            return stack, ""
    for platform, sign, parser in _SIGNS:
        if sign.search(text):
            stack = parser(text)
            if stack.frame_count:
                return stack, platform
    return None

"""Stack texts as programs print them, to exceptions with frames: one parser a language, the likeliest first."""

from __future__ import annotations

import re

from ingest.otlp.stacks_common import MAX_TEXT_CHARS, ParsedStack, Parser
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
        ("python", r'^(?:  \+ Exception Group )?Traceback \(most recent|^\s+File ".+", line \d+', parse_python),
        ("go", r"^goroutine \d+ \[|^\t\S.*\.go:\d+", parse_go),
        ("ruby", r":\d+:in [`']", parse_ruby),
        ("php", r"^\s*#\d+ (?:\{main\}|\[internal function\]|.+\(\d+\): )", parse_php),
        (
            "java",
            r"\((?:[^()\s]+\.(?:java|kt|kts|scala|groovy|clj)(?::\d+)?|Native Method|Unknown Source)\)",
            parse_java,
        ),
        ("php", r"^\s*at .+\([^()]+\.php:\d+\)", parse_java),
        ("javascript", r"^\s*at .*(?::\d+:\d+\)?|<anonymous>\)?|\(native\))\s*$", parse_javascript),
        ("csharp", r"^\s*at .+\).* in .+:line \d+|--- End of|^\s*at [\w.`<>\[\],+]+\(", parse_dotnet),
        ("javascript", r"@.*:\d+:\d+\s*$", parse_javascript),
    )
)
"""What gives a language away where the client does not say which it is, with the platform it means."""


def parse_stack(text: str, language: str = "") -> tuple[ParsedStack | None, str]:
    """Return the exceptions of a stack text and the platform it speaks for; None when nobody understands it.

    Args:
        text: value of `exception.stacktrace`.
        language: value of `telemetry.sdk.language`; its parser goes first.
    """
    kept = text[:MAX_TEXT_CHARS]
    own = _LANGUAGES.get(language)
    if own is not None:
        stack = own(kept)
        if stack.frame_count:
            return stack, ""
    for platform, sign, parser in _SIGNS:
        if sign.search(kept):
            stack = parser(kept)
            if stack.frame_count:
                return stack, platform
    return None, ""

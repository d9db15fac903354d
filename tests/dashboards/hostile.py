"""Strings and shapes that try to break a page: markup, scripts, addresses, directions, sizes."""

from __future__ import annotations

from typing import Any

STRINGS = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "javascript:window.hacked=1",
    "data:text/html,<script>window.hacked=1</script>",
    "</textarea></pre></title><iframe srcdoc='<script>parent.hacked=1</script>'>",
    "{{constructor.constructor('window.hacked=1')()}}",
    "\u202egnp.exe\u202c\u2066\u2067",
    "line\nbreak\r\n\ttab\u2028\u2029\x00\x1b[31m",
    "W" * 100_000,
    "🏴\u200d☠️" * 50,
    "\ud83d",
    "__proto__",
)


def poisoned(document: Any, text: str) -> Any:
    """Return a document with every free text replaced; ids, times, states and addresses of the API stay."""
    kept = {"id", "event_id", "issue_id", "issue", "span_id", "trace_id", "timestamp", "first_seen", "last_seen"}
    kept |= {"created_at", "status", "previous", "next", "payload_url", "start_ns", "at", "start", "end", "url"}
    if isinstance(document, dict):
        return {key: value if key in kept else poisoned(value, text) for key, value in document.items()}
    if isinstance(document, list):
        return [poisoned(value, text) for value in document]
    return text.encode("utf-8", "replace").decode() if isinstance(document, str) else document

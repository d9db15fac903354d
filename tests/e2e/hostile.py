"""Events whose every text tries to become script, markup or a misleading line on the page that shows it."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

MARK = "amber_xss"
"""What a text that got through would call or define: `window.amber_xss`."""

HOSTILE = (
    f"<script>window.{MARK}=1</script>",
    f'<img src=x onerror="window.{MARK}=2">',
    f'"><svg/onload=window.{MARK}=3>',
    f"'-window.{MARK}=4-'",
    f"javascript:window.{MARK}=5//",
    f"</script><script>window.{MARK}=6</script>",
    f"{{{{constructor.constructor('window.{MARK}=7')()}}}}",
    f'<iframe srcdoc="<script>parent.{MARK}=8</script>">',
    f"data:text/html,<script>window.opener.{MARK}=9</script>",
    f"[click](javascript:window.{MARK}=10)",
    f'<a href="javascript:window.{MARK}=11">link</a>',
    f"<style>@import 'http://evil.invalid/{MARK}.css'</style>",
    f"<base href='http://evil.invalid/'><link rel=stylesheet href=//evil.invalid/{MARK}>",
    f"<math><mtext></form><form><mglyph><style></math><img src onerror=window.{MARK}=12>",
    "\u202egnp.exe\u202c\u2066\u200b",
    "\ud7ff\ufffe %00 %s ${7*7} #{7*7} `id`",
)


def _everything(text: str) -> dict[str, Any]:
    """Return an event with `text` in every place a client can put text."""
    frame = {
        "function": text,
        "module": text,
        "filename": text,
        "abs_path": text,
        "lineno": 3,
        "in_app": True,
        "pre_context": [text],
        "context_line": text,
        "post_context": [text],
        "vars": {text[:60]: text, "nested": {text[:60]: [text]}},
    }
    exception = {
        "type": text,
        "value": text,
        "module": text,
        "mechanism": {
            "type": text,
            "handled": False,
            "description": text,
            "help_link": text,
            "data": {text[:60]: text},
        },
        "stacktrace": {"frames": [frame, {**frame, "in_app": False}]},
    }
    return {
        "platform": "python",
        "logger": text,
        "transaction": text,
        "server_name": text,
        "release": text[:150],
        "dist": text[:60],
        "environment": text[:60].replace("/", ""),
        "culprit": text,
        "message": text,
        "exception": {"values": [exception, exception]},
        "threads": {"values": [{"id": 1, "name": text, "crashed": True, "stacktrace": {"frames": [frame]}}]},
        "breadcrumbs": {
            "values": [
                {
                    "timestamp": time.time(),
                    "type": text,
                    "category": text,
                    "level": "info",
                    "message": text,
                    "data": {text[:60]: text, "url": text},
                }
            ]
        },
        "user": {"id": text, "email": text, "username": text, "ip_address": "127.0.0.1", "data": {"a": text}},
        "request": {
            "url": text,
            "method": "GET",
            "query_string": text,
            "data": {text[:60]: text},
            "headers": {"Referer": text, "User-Agent": text},
            "cookies": {text[:60]: text},
            "env": {text[:60]: text},
        },
        "tags": {"hostile": text[:190], "url": text[:190]},
        "extra": {text[:60]: text},
        "contexts": {
            "browser": {"name": text, "version": text},
            "os": {"name": text},
            text[:40]: {"type": text, text[:40]: text},
        },
        "modules": {text[:60]: text},
        "sdk": {"name": text, "version": text, "packages": [{"name": text, "version": text}]},
        "fingerprint": [text],
        "debug_meta": {"images": [{"type": text, "code_file": text}]},
    }


def hostile_envelopes() -> list[tuple[str, bytes]]:
    """Return (event id, envelope) for an error of each hostile text, each in a trace of its own with a hostile span."""
    made = []
    for text in HOSTILE:
        trace_id, span_id = uuid.uuid4().hex, uuid.uuid4().hex[:16]
        trace = {"trace_id": trace_id, "span_id": span_id, "op": text, "description": text, "status": "ok"}
        event = _everything(text)
        event["contexts"]["trace"] = trace
        error_id, transaction_id = uuid.uuid4().hex, uuid.uuid4().hex
        now = time.time()
        error = {**event, "event_id": error_id, "timestamp": now}
        transaction = {
            **{k: v for k, v in event.items() if k not in {"exception", "threads", "message", "culprit"}},
            "type": "transaction",
            "event_id": transaction_id,
            "start_timestamp": now - 1,
            "timestamp": now,
            "transaction": text,
            "spans": [
                {
                    **trace,
                    "span_id": uuid.uuid4().hex[:16],
                    "parent_span_id": span_id,
                    "start_timestamp": now - 0.5,
                    "timestamp": now - 0.1,
                    "data": {text[:60]: text},
                    "tags": {"hostile": text[:190]},
                }
            ],
        }
        header = json.dumps({"event_id": error_id}).encode()
        body = b'\n{"type":"event"}\n' + json.dumps(error).encode()
        more = b'\n{"type":"transaction"}\n' + json.dumps(transaction).encode()
        made += [(error_id, header + body), (transaction_id, json.dumps({"event_id": transaction_id}).encode() + more)]
    return made

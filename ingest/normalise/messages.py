"""Messages, titles and culprits: the words people see in lists."""

from __future__ import annotations

import re
from typing import Any

from ingest.normalise.remarks import Remarks
from ingest.normalise.stack import Chain
from ingest.normalise.urlnames import named_by_url
from ingest.normalise.values import fitted, mapping, short, text

MAX_MESSAGE_CHARS = 8192
MAX_TITLE_CHARS = 256
UNLABELED = "<unlabeled event>"

_PERCENT = re.compile(r"%(?:\((\w+)\))?[-+ #0]*\d*(?:\.\d+)?([sdifrxXeEgGc%])")
_BRACES = re.compile(r"\{(\w*)\}")


def message_of(data: dict[str, Any], remarks: Remarks) -> tuple[str, dict[str, str]]:
    """Return the formatted message, and `{"formatted", "message"}` (the template) for grouping."""
    entry = data.get("logentry") or data.get("message")
    if isinstance(entry, dict):
        template = text(entry.get("message"))
        formatted = text(entry.get("formatted")) or _formatted(template, entry.get("params"))
        if not formatted and isinstance(data.get("message"), str):
            formatted = text(data.get("message"))
    else:
        formatted = template = text(entry)
    if len(formatted) > MAX_MESSAGE_CHARS:
        remarks.add("message:trimmed")
        formatted = formatted[:MAX_MESSAGE_CHARS]
    if not formatted:
        return "", {}
    return formatted, {"formatted": formatted, "message": template[:MAX_MESSAGE_CHARS] or formatted}


def _formatted(template: str, params: object) -> str:
    """Fill `%s`, `%(name)s`, `{}`, `{0}` and `{name}`; a placeholder without a parameter stays as it is."""
    if params is None or len(template) > MAX_MESSAGE_CHARS:
        return template
    named = {str(k): text(v) for k, v in params.items()} if isinstance(params, dict) else {}
    if isinstance(params, list):
        ordered = [text(p) for p in params]
    else:
        ordered = [] if isinstance(params, dict) else [text(params)]
    if _PERCENT.search(template):
        left = iter(ordered)
        return _PERCENT.sub(lambda m: _percent(m, named, left), template)
    named.update({str(i): p for i, p in enumerate(ordered)})
    left = iter(ordered)
    return _BRACES.sub(lambda m: named.get(m[1], m[0]) if m[1] else next(left, m[0]), template)


def _percent(match: re.Match[str], named: dict[str, str], left: Any) -> str:
    name, conversion = match.groups()
    if conversion == "%":
        return "%"
    whole = match.group()
    return named.get(name, whole) if name else next(left, whole)


def title_of(found: Chain, message: str) -> str:
    """Return what an issue list shows: type and first line of the value, or the first line of the message.

    A synthetic exception's type says nothing, so the function it was seen in stands for it (Sentry's `ErrorEvent`).
    """
    if not found.exceptions:
        return (_first_line(message) or UNLABELED)[:MAX_TITLE_CHARS]
    root = found.root
    kind, value = root["type"], _first_line(root["value"])
    if root["mechanism"].get("synthetic") is True or not kind:
        kind = found.blamed_frame().get("function") or kind
    if kind and value:
        return f"{kind}: {value}"[:MAX_TITLE_CHARS]
    return (kind or value or _first_line(message) or "<unknown>")[:MAX_TITLE_CHARS]


def culprit_of(data: dict[str, Any], found: Chain, transaction: str) -> str:
    """Return the culprit as sent by old clients, else the transaction, else the innermost own function."""
    culprit = short(data.get("culprit"), 200) or transaction[:200]
    if culprit:
        return culprit
    frame = found.blamed_frame()
    where = frame.get("module") or frame.get("filename") or ""
    function = frame.get("function") or ""
    return (f"{where} in {function}" if where and function else where or function)[:200]


def transaction_of(data: dict[str, Any], remarks: Remarks) -> str:
    """Return the name of the transaction an event happened in."""
    name = fitted(data.get("transaction") or mapping(data.get("tags")).get("transaction"), 200, remarks)
    return named_by_url(name, text(mapping(data.get("transaction_info")).get("source")), remarks)[0]


def _first_line(value: str) -> str:
    return value.strip().partition("\n")[0].strip()

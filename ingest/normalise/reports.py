"""Reports browsers send by themselves, as event documents: CSP, Reporting API, NEL, Expect-CT, Expect-Staple, HPKP.

CSP level 3 (`report-uri`, section 5.3), the Reporting API, Network Error Logging (section 4), RFC 9163 (Expect-CT) and
RFC 7469 (HPKP) say what they hold. The document is then normalised as any other event; the report itself stays in it
under the name of its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from ingest.errors import InvalidItem
from ingest.normalise.model import Arrival
from ingest.normalise.values import short, small_int

_MAX_AGE_MS = 30 * 86_400_000
_MAX_WORDS = 200
_WHAT = {
    "base-uri": "base URI",
    "child-src": "frame or worker",
    "connect-src": "connection",
    "font-src": "font",
    "form-action": "form action",
    "frame-ancestors": "embedding",
    "frame-src": "frame",
    "img-src": "image",
    "manifest-src": "manifest",
    "media-src": "media",
    "object-src": "object",
    "script-src": "script",
    "style-src": "style",
    "worker-src": "worker",
}
"""What a directive is about; `-elem` and `-attr` are forms of `script-src` and `style-src`."""

_KEYWORDS = {"inline": "inline", "eval": "eval", "wasm-eval": "WebAssembly eval", "self": "self"}


@dataclass(frozen=True, slots=True)
class _Told:
    """What a report comes to.

    Attributes:
        kind: value of the column `type`.
        message: the title.
        group: what reports must have in common to be one issue.
        url: the page it happened on.
    """

    kind: str
    message: str
    group: tuple[str, ...]
    url: str = ""
    culprit: str = ""
    level: str = "error"
    referrer: str = ""
    tags: Mapping[str, Any] = field(default_factory=dict)


def report_document(report: Mapping[str, Any], arrival: Arrival) -> dict[str, Any]:
    """Return the event document of one report.

    Raises:
        InvalidItem: reason `report`, it is none that is known.
    """
    told, body = _told(report)
    agent = short(report.get("user_agent"), 500) or arrival.user_agent
    headers = [["User-Agent", agent]] if agent else []
    headers += [["Referer", told.referrer]] if told.referrer else []
    header = arrival.item_header
    document = {
        "event_id": short(header.get("event_id"), 40),
        "timestamp": _time(report, arrival),
        "platform": "javascript",
        "logger": told.kind,
        "level": told.level,
        "message": told.message,
        "culprit": told.culprit,
        "fingerprint": [told.kind, *told.group],
        "tags": {name: text for name, value in told.tags.items() if (text := short(value, _MAX_WORDS))},
        "request": {"url": told.url, "headers": headers},
        "user": {"ip_address": arrival.remote_addr} if arrival.remote_addr else None,
        "release": short(header.get("sentry_release"), _MAX_WORDS) or None,
        "environment": short(header.get("sentry_environment"), _MAX_WORDS) or None,
        told.kind: dict(body),
    }
    return {name: value for name, value in document.items() if value not in (None, "")}


def report_type(document: Mapping[str, Any]) -> str:
    """Return the event type of a document of `report_document`: csp, nel, expectct, expectstaple, hpkp or report."""
    return str(document["logger"])


def _told(report: Mapping[str, Any]) -> tuple[_Told, Mapping[str, Any]]:
    for member, read in _WRAPPED.items():
        body = report.get(member)
        if isinstance(body, dict):
            return read(body), body
    body = report.get("body")
    kind = short(report.get("type"), 64)
    if isinstance(body, dict) and kind:
        if kind == "csp-violation":
            return _csp({**body, "document-uri": body.get("documentURL") or report.get("url")}), body
        if kind == "network-error":
            return _nel(body, short(report.get("url"), 2000)), body
        return _other(kind, body, short(report.get("url"), 2000)), body
    if "known-pins" in report:
        return _hpkp(report), report
    raise InvalidItem("report", "neither a CSP, NEL, Expect-CT, Expect-Staple nor Reporting API report")


def _csp(body: Mapping[str, Any]) -> _Told:
    def of(dashed: str, camel: str) -> str:
        return short(body.get(dashed) or body.get(camel), 2000)

    directive = (of("effective-directive", "effectiveDirective") or of("violated-directive", "")).partition(" ")[0]
    page, blocked = of("document-uri", "documentURL"), of("blocked-uri", "blockedURL")
    what = _WHAT.get(directive.removesuffix("-elem").removesuffix("-attr"), directive or "resource")
    source = _source(blocked, page)
    if source in {"inline", "eval", "WebAssembly eval"}:
        message = f"Blocked {source} {what}"
    else:
        message = f"Blocked {what}" + (f" from '{source}'" if source else "")
    disposition = of("disposition", "disposition")
    return _Told(
        "csp",
        message,
        (directive, source),
        page,
        directive,
        "warning" if disposition == "report" else "error",
        of("referrer", "referrer"),
        {
            "effective-directive": directive,
            "blocked-uri": blocked,
            "disposition": disposition,
            "source-file": of("source-file", "sourceFile"),
            "status-code": str(small_int(body.get("status-code") or body.get("statusCode"), 999) or ""),
        },
    )


def _source(blocked: str, page: str) -> str:
    """Return where something came from, in a word that groups: a host, `self`, `inline`, a scheme such as `data`."""
    word = blocked.strip("'").lower()
    if word in _KEYWORDS or not word:
        return _KEYWORDS.get(word, "")
    host = _host(blocked)
    if host:
        return "self" if host == _host(page) else host
    return word.partition(":")[0][:100]


def _nel(body: Mapping[str, Any], url: str) -> _Told:
    kind = short(body.get("type"), 64) or "unknown"
    method, host = short(body.get("method"), 20), _host(url)
    status = small_int(body.get("status_code"), 999)
    words = f"{kind} {status}" if kind == "http.error" and status else kind
    return _Told(
        "nel",
        f"Network error {words}" + (f" at {host}" if host else ""),
        (kind, host),
        url,
        f"{method} {url.partition('?')[0]}".strip()[:_MAX_WORDS],
        "info" if kind == "ok" else "error",
        short(body.get("referrer"), 2000),
        {
            "nel.type": kind,
            "nel.phase": body.get("phase"),
            "nel.protocol": body.get("protocol"),
            "nel.server_ip": body.get("server_ip"),
            "nel.status_code": str(status or ""),
        },
    )


def _other(kind: str, body: Mapping[str, Any], url: str) -> _Told:
    """A report of the Reporting API without an entry of its own: deprecation, crash and others."""
    what = short(body.get("id") or body.get("reason") or body.get("featureId") or body.get("policyId"), 100)
    said = short(body.get("message"), 500)
    title = f"{kind}: {said or what}" if said or what else kind
    level = "error" if kind == "crash" else "warning"
    return _Told("report", title, (kind, what or said), url, what, level, tags={"report.type": kind, "report.id": what})


def _certificate(kind: str, title: str) -> Callable[[Mapping[str, Any]], _Told]:
    def read(body: Mapping[str, Any]) -> _Told:
        host = short(body.get("hostname"), 255)
        url = f"https://{host}" if host else ""
        status = short(body.get("response-status") or body.get("failure-mode"), 64)
        tags = {"hostname": host, "port": str(small_int(body.get("port"), 65535) or ""), "status": status}
        return _Told(kind, f"{title} failed for '{host}'", (host,), url, host, tags=tags)

    return read


_hpkp = _certificate("hpkp", "Public key pinning")
_WRAPPED: Mapping[str, Callable[[Mapping[str, Any]], _Told]] = {
    "csp-report": _csp,
    "expect-ct-report": _certificate("expectct", "Expect-CT"),
    "expect-staple-report": _certificate("expectstaple", "Expect-Staple"),
    "hpkp-report": _hpkp,
}


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()[:255]
    except ValueError:
        return ""


def _time(report: Mapping[str, Any], arrival: Arrival) -> str:
    """Return when it happened: `age` milliseconds before it was sent."""
    age_ms = small_int(report.get("age"), _MAX_AGE_MS)
    at_us = arrival.received_at_ns // 1000 - age_ms * 1000
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).replace(microsecond=at_us % 1_000_000).isoformat()

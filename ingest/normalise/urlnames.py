"""Names of transactions that clients made of raw URLs: what identifies one thing becomes `*`.

`GET /users/1234/orders` is one name for every user: `GET /users/*/orders`. Only names whose client says that they are
URLs (`transaction_info.source`, `sentry.segment.name.source`) are changed; their source becomes `sanitized`, as in
Relay (docs.sentry.io, "Transaction Clustering"; its normaliser takes the same kinds of segments: two digits in a row,
UUIDs, hashes, hexadecimal numbers). What Relay learns from a project's traffic is not done: the same name gives the
same row whatever came before. Versions of an API (`/v12/`) stay, which Relay replaces.
"""

from __future__ import annotations

import re

from ingest.normalise.remarks import Remarks

URL = "url"
SANITIZED = "sanitized"
REMARK = "transaction:sanitized"
PLACEHOLDER = "*"

_HEX = "[0-9a-fA-F]"
_IDENTIFIER = re.compile(
    rf"[0-9][0-9]|{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"
    rf"|(?<![0-9A-Za-z])(?:0[xX]{_HEX}+|{_HEX}{{16,}})(?![0-9A-Za-z])"
)
_VERSION = re.compile(r"[vV][0-9]{1,3}(?:\.[0-9]{1,3})*")
_ESCAPE = re.compile(rf"%{_HEX}{{2}}")


def named_by_url(name: str, source: str, remarks: Remarks) -> tuple[str, str]:
    """Return the name of a transaction and its source: those of a URL without what identifies one thing."""
    if source != URL:
        return name, source
    cleaned = without_identifiers(name)
    if cleaned == name:
        return name, source
    remarks.add(REMARK)
    return cleaned, SANITIZED


def without_identifiers(name: str) -> str:
    """Return a URL or path, with or without its method, whose identifying segments are `*` and that has no query.

    What stands before the first slash of the path (the method, scheme and host) is kept.
    """
    path = name.partition("?")[0]
    start = path.find("/", path.find("://") + 3) if "://" in path else path.find("/")
    if start < 0:
        return path
    segments = path[start:].split("/")
    return path[:start] + "/".join(PLACEHOLDER if _identifies(segment) else segment for segment in segments)


def _identifies(segment: str) -> bool:
    """Tell whether a segment of a path holds an identifier; the digits of escapes (`%20`) are none."""
    return _IDENTIFIER.search(_ESCAPE.sub("%", segment)) is not None and _VERSION.fullmatch(segment) is None

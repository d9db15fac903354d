"""Browser and operating system from a User-Agent header: the few families that make up nearly all traffic.

Only used when the client sent no such context. The order matters: every browser also claims to be the ones before it.
"""

from __future__ import annotations

import re
from functools import lru_cache

_BROWSERS = (
    ("Edge", re.compile(r"\b(?:Edg|EdgA|EdgiOS|Edge)/(\d+(?:\.\d+)?)")),
    ("Opera", re.compile(r"\bOPR/(\d+(?:\.\d+)?)")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/(\d+(?:\.\d+)?)")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d+(?:\.\d+)?)")),
    ("HeadlessChrome", re.compile(r"\bHeadlessChrome/(\d+(?:\.\d+)?)")),
    ("Chrome", re.compile(r"\b(?:Chrome|CriOS)/(\d+(?:\.\d+)?)")),
    ("Safari", re.compile(r"\bVersion/(\d+(?:\.\d+)?).*\bSafari/")),
)
_SYSTEMS = (
    ("Windows", re.compile(r"\bWindows NT (\d+(?:\.\d+)?)")),
    ("iOS", re.compile(r"\b(?:iPhone|iPad|iPod).*? OS (\d+(?:_\d+)?)")),
    ("Android", re.compile(r"\bAndroid (\d+(?:\.\d+)?)")),
    ("macOS", re.compile(r"\bMac OS X (\d+(?:[._]\d+)?)")),
    ("Linux", re.compile(r"\bLinux()\b")),
)


@lru_cache(maxsize=5_000)
def parse_user_agent(header: str) -> tuple[tuple[str, str], ...]:
    """Return context members such as `("browser.name", "Firefox")`; none for what is not recognised."""
    found: list[tuple[str, str]] = []
    for context, families in (("browser", _BROWSERS), ("os", _SYSTEMS)):
        for name, pattern in families:
            match = pattern.search(header)
            if match:
                version = match.group(1).replace("_", ".")
                found += [(context, f"{name} {version}".strip()), (f"{context}.name", name)]
                found += [(f"{context}.version", version)] if version else []
                break
    return tuple(found)

"""What scrubbing gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FILTERED = "[Filtered]"
"""What stands where a secret stood; the word Sentry's clients use."""

SCRUB_REMARKS: dict[str, str] = {
    "scrubbed:member": "The value of a member, header or parameter whose name means a secret was filtered.",
    "scrubbed:text": "A secret after its name within a text (`password=…`) was filtered.",
    "scrubbed:place": "A secret that its place tells (`mysql -p…`, `/reset/…`, an OAuth `code`) was filtered.",
    "scrubbed:pem": "A private key was filtered.",
    "scrubbed:jwt": "A JSON web token was filtered.",
    "scrubbed:bearer": "What followed Bearer or Basic was filtered.",
    "scrubbed:vendor": "A key with the form of a known vendor's was filtered.",
    "scrubbed:url": "The password in a URL was filtered.",
    "scrubbed:card": "A payment card number was filtered.",
    "scrubbed:iban": "An account number (IBAN) was filtered.",
    "scrubbed:ssn": "A social security number was filtered.",
    "scrubbed:email": "An e-mail address was masked, hashed or removed, as the project wants.",
    "scrubbed:ip": "An IP address was masked, hashed or removed, as the project wants.",
    "scrubbed:rule": "A rule of the project's own changed something.",
}
"""What scrubbing leaves in the `remarks` column, with its meaning."""


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A JSON text without what had to go.

    Attributes:
        text: the very same bytes when nothing had to go.
        remarks: `scrubbed:<rule>` for each rule that found something, in a fixed order.
    """

    text: bytes
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScrubbedValues:
    """Decoded attributes without what had to go.

    Attributes:
        values: the very same mapping when nothing had to go.
        remarks: as of `Scrubbed`.
    """

    values: dict[str, Any]
    remarks: tuple[str, ...] = ()

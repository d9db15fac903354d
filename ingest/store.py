"""Bodies of the legacy store endpoint: JSON, or base64 of JSON, or base64 of zlib of JSON (Relay's `store` handler).

raven-node sends the last form without saying so in any header.
"""

from __future__ import annotations

import base64
import binascii

from ingest.encodings import inflate
from ingest.errors import Malformed

_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_BLANK = b" \t\r\n\xef\xbb\xbf"


def store_text(body: bytes, max_bytes: int) -> bytes:
    """Return the JSON text of a store body that has been freed of its content encoding.

    Raises:
        Malformed: it is none of the three forms.
        TooLarge: the JSON would exceed `max_bytes`.
    """
    text = body.strip(_BLANK)
    if text.startswith(b"{"):
        return text
    try:
        compact = text.translate(_URL_SAFE, b" \t\r\n")
        decoded = base64.b64decode(compact + b"=" * (-len(compact) % 4), validate=True)
    except binascii.Error as error:
        raise Malformed("bad event", "neither JSON nor base64") from error
    if not decoded.startswith(b"{"):
        decoded = inflate(decoded, max_bytes).strip(_BLANK)
    if not decoded.startswith(b"{"):
        raise Malformed("bad event", "the decoded body is not a JSON object")
    return decoded

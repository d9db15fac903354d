"""Double submit for forms of people who have no session yet: a cookie and a hidden field that must be equal.

Another site can neither read nor set the cookie, so it cannot sign a visitor in under somebody else's name. `Lax`, not
`Strict`: a link in a mail must not replace the cookie of a form that is open in another tab.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Any

from flask import Response, request

COOKIE = "amber_form"
FIELD = "form_token"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
_AGE_S = 12 * 3600
_OWN = {"", "same-origin", "none"}


def form_token() -> str:
    """Return the token of this browser, a new one when it has none."""
    given = request.cookies.get(COOKIE, "")
    return given if _SHAPE.fullmatch(given) else secrets.token_urlsafe(32)


def form_is_ours() -> bool:
    """Whether the posted form was made by us for this browser."""
    if request.headers.get("Sec-Fetch-Site", "") not in _OWN:
        return False
    cookie, field = request.cookies.get(COOKIE, ""), request.form.get(FIELD, "")
    return bool(_SHAPE.fullmatch(cookie)) and hmac.compare_digest(cookie.encode(), field.encode())


def keep_form_token(response: Response, token: str) -> None:
    """Remember the token in the browser."""
    options: dict[str, Any] = {"httponly": True, "samesite": "Lax", "secure": request.is_secure}
    response.set_cookie(COOKIE, token, max_age=_AGE_S, path="/", **options)

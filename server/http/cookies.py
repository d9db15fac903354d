"""Cookies of a signed-in browser, and the checks that a request that carries them was meant by its user.

The session's secret is in a cookie no script can read. A second cookie holds the session's CSRF token, which our pages
copy into a header (double submit); it is bound to the session, so that a cookie planted by a sibling domain is of no
use. `Sec-Fetch-Site` and `Origin` are checked besides: either defence alone would do in a current browser.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from urllib.parse import urlsplit

from flask import Request, Response

from engine.errors import AccessError
from iam import OpenedSession, Session

SESSION_COOKIE = "amber_session"
CSRF_COOKIE = "_csrf_token"
CSRF_HEADER = "X-CSRFToken"
"""The names Dash's renderer uses: it copies the cookie into the header of its own requests."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ForeignRequest(AccessError):
    """A request with a session's cookie that does not prove to come from our own pages."""

    code = "csrf-failed"


class Cookies:
    """Sets, clears and checks the cookies.

    Args:
        public_url: the address people use, None when it is that of the request.
    """

    def __init__(self, public_url: str | None) -> None:
        self._secure = (public_url or "").startswith("https://")
        self._origin = _origin(public_url) if public_url else ""

    def let_in(self, response: Response, opened: OpenedSession, now: datetime) -> None:
        """Give the browser the cookies of a session just opened."""
        session = opened.session
        lasts_s = max(0, round((session.expires_at - now).total_seconds()))
        response.set_cookie(
            SESSION_COOKIE, opened.secret, max_age=lasts_s, secure=self._secure, httponly=True, samesite="Lax", path="/"
        )
        response.set_cookie(
            CSRF_COOKIE, session.csrf_token, max_age=lasts_s, secure=self._secure, samesite="Strict", path="/"
        )

    def let_out(self, response: Response) -> None:
        """Take the cookies from the browser."""
        response.delete_cookie(SESSION_COOKIE, secure=self._secure, httponly=True, samesite="Lax", path="/")
        response.delete_cookie(CSRF_COOKIE, secure=self._secure, samesite="Strict", path="/")

    def check_site(self, request: Request) -> None:
        """Refuse a request that writes and comes from another site, as far as the browser says.

        Raises:
            ForeignRequest: it does.
        """
        if request.method in SAFE_METHODS:
            return
        site = request.headers.get("Sec-Fetch-Site")
        origin = request.headers.get("Origin")
        own = {_origin(request.host_url), self._origin}
        if (site is not None and site not in {"same-origin", "none"}) or (origin is not None and origin not in own):
            raise ForeignRequest(
                "The request comes from a page of another site.",
                hint="Programs send `Authorization: Bearer TOKEN` instead of a cookie; behind a proxy set public_url.",
            )

    def check_token(self, request: Request, session: Session) -> None:
        """Refuse a request that writes without the session's CSRF token in the header and the cookie.

        Raises:
            ForeignRequest: one of them is missing or another.
        """
        if request.method in SAFE_METHODS:
            return
        wanted = session.csrf_token.encode()
        given = (request.headers.get(CSRF_HEADER, ""), request.cookies.get(CSRF_COOKIE, ""))
        if not all(hmac.compare_digest(one.encode("utf-8", "replace"), wanted) for one in given):
            raise ForeignRequest(
                f"The header {CSRF_HEADER} and the cookie {CSRF_COOKIE} must both hold the session's CSRF token.",
                hint="Reload the page; `GET /api/v1/session` tells the token.",
            )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

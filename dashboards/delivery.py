"""Scripts and styles go over the wire compressed, and stay in the browser as long as their names say they may."""

from __future__ import annotations

import re
from threading import Lock
from typing import Final

import brotli
from flask import Flask, Response, request

_MARK: Final = "/_dash-component-suites/"
_HASHED: Final = re.compile(r"-[A-Z0-9]{8}\.(js|css)$")
_LEAST_BYTES: Final = 1024
_QUALITY: Final = 9
_FOREVER: Final = "public, max-age=31536000, immutable"


def serve_compactly(app: Flask, base: str) -> None:
    """Compress the component files of Dash below `base` once each, and let hashed names be kept for ever."""
    prefix = f"{base}{_MARK}"
    packed: dict[str, bytes] = {}
    lock = Lock()

    @app.after_request
    def compact(response: Response) -> Response:
        if not request.path.startswith(prefix) or response.status_code != 200:
            return response
        if _HASHED.search(request.path):
            response.headers["Cache-Control"] = _FOREVER
        if not request.accept_encodings.quality("br") or response.content_encoding:
            return response
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) < _LEAST_BYTES:
            return response
        with lock:
            if request.path not in packed:
                packed[request.path] = brotli.compress(body, quality=_QUALITY)
        response.set_data(packed[request.path])
        response.headers["Content-Encoding"] = "br"
        response.vary.add("Accept-Encoding")
        return response

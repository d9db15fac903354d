"""Scripts and styles go over the wire compressed, and stay in the browser as long as their names say they may."""

from __future__ import annotations

import re
from hashlib import sha256
from threading import Lock
from typing import Final

import brotli
from dash.exceptions import DependencyException
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

_MARK: Final = "/_dash-component-suites/"
_HASHED: Final = re.compile(r"-[A-Z0-9]{8}\.(js|css)$")
_LEAST_BYTES: Final = 1024
_QUALITY: Final = 9
_FOREVER: Final = "public, max-age=31536000, immutable"


def serve_compactly(app: Flask, base: str) -> None:
    """Compress the component files of Dash below `base` once each, and let hashed names be kept for ever."""
    prefix = f"{base}{_MARK}"

    @app.errorhandler(DependencyException)
    def unknown_file(_error: DependencyException) -> ResponseReturnValue:
        # Anybody may ask for a file; that there is none is no defect, and not worth a trace in the log.
        return app.handle_http_exception(NotFound())

    # By what is in the file: Dash takes any version in a name, so that one file has names without end.
    packed: dict[bytes, bytes] = {}
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
        key = sha256(body).digest()
        with lock:
            if key not in packed:
                packed[key] = brotli.compress(body, quality=_QUALITY)
        response.set_data(packed[key])
        response.headers["Content-Encoding"] = "br"
        response.vary.add("Accept-Encoding")
        return response

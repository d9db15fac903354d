"""The document that plays recordings: a page within a page, whose policy is stricter than that of the pages.

What is recorded comes from strangers. rrweb rebuilds it in a frame below this document that is sandboxed without
`allow-scripts` and inherits this policy, so that no script runs, whatever the recording holds (rrweb-io/rrweb issues
1817, 1913), and nothing is fetched: pictures that are not part of the recording stay away.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response

from dashboards.bundle import FOLDER, PACKAGE, lazy_file
from dashboards.urls import BASE

PATH: Final = f"{BASE}/replay-frame"
_MODULE: Final = "replays/frame"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; "
    "font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_DOCUMENT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Recording</title>
<style>
html, body, #stage {{ height: 100%; margin: 0; overflow: hidden; background: transparent; }}
.replayer-wrapper {{ position: absolute; top: 0; left: 0; transform-origin: 0 0; }}
.replayer-wrapper iframe {{ border: 0; background: #fff; }}
.replayer-mouse {{ position: absolute; z-index: 2; width: 20px; height: 20px; margin: -2px 0 0 -2px; border-radius: 50%;
  background: rgb(180 83 9 / 55%); box-shadow: 0 0 0 2px #fff; transition: left .05s linear, top .05s linear; }}
.replayer-mouse.active {{ background: rgb(192 38 45 / 80%); box-shadow: 0 0 0 6px rgb(192 38 45 / 30%); }}
.replayer-mouse-tail {{ display: none; }}
@media (prefers-reduced-motion: reduce) {{ .replayer-mouse {{ transition: none; }} }}
</style>
<div id="stage"></div>
<script type="module" src="{script}"></script>
</html>
"""


def serve_frame(app: Flask) -> None:
    """Serve the document below the pages.

    Raises:
        BundleMissing: the scripts were not built.
    """
    script = f"{BASE}/_dash-component-suites/{PACKAGE}/{FOLDER}/{lazy_file(_MODULE)}"

    @app.get(PATH)
    def replay_frame() -> Response:
        headers = {"Content-Security-Policy": _POLICY, "X-Frame-Options": "SAMEORIGIN", "Cache-Control": "no-cache"}
        return Response(_DOCUMENT.format(script=script), headers=headers, content_type="text/html; charset=utf-8")

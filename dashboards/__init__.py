"""The pages: a Dash application on the same Flask app as the API, and its own React components.

`mount` (in `dashboards.app`) puts the pages under `/app/`. Dash finds the scripts and styles of the components by the
two lists below, which name what `npm run build` in `dashboards/frontend` wrote to `dashboards/assets`.
"""

from __future__ import annotations

from dashboards.bundle import css_dist, js_dist, version

__version__ = version()
_js_dist = js_dist()
_css_dist = css_dist()

"""Addresses of scripts: how a frame names its file, how an upload does, and what a source map calls its sources."""

from __future__ import annotations

import posixpath
from urllib.parse import urljoin, urlsplit

_VENDORS = ("/node_modules/", "/bower_components/", "webpack/bootstrap", "webpack/runtime", "(webpack)")


def candidates(path: str) -> list[str]:
    """Return the names an upload may have given to the file of a frame, the most exact first.

    `https://cdn.example/static/app.js?v=1` may be uploaded under itself, without the query, or under `~/static/app.js`,
    where the tilde stands for any scheme and host (sentry-cli's `--url-prefix`, whose default is `~/`).
    """
    bare = path.partition("?")[0].partition("#")[0]
    found = [path, bare]
    parts = urlsplit(path)
    if parts.scheme and len(parts.scheme) > 1:
        query = f"?{parts.query}" if parts.query else ""
        found += [f"~{parts.path}{query}", f"~{parts.path}"]
    elif path.startswith("/"):
        found.append(f"~{bare}")
    else:
        found.append(f"~/{bare.removeprefix('./')}")
    return list(dict.fromkeys(found))


def beside(url: str, reference: str) -> str:
    """Return the address a file's reference means, such as `app.js.map` in `~/static/app.js`."""
    if url.startswith("~/"):
        joined = urljoin(f"http://tilde{url[1:]}", reference)
        return f"~{joined.removeprefix('http://tilde')}" if joined.startswith("http://tilde/") else joined
    if urlsplit(url).scheme in {"http", "https"} or not urlsplit(url).scheme:
        return urljoin(url, reference)
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{urljoin(rest, reference)}"


def source_names(source: str, script: str) -> tuple[str, str]:
    """Return `filename` and `abs_path` of a source as a map names it, for a frame of the script.

    `webpack://app/./src/a.ts` is the file `./src/a.ts`; `../src/a.ts` lies beside the script.
    """
    parts = urlsplit(source)
    if parts.scheme.startswith("webpack"):
        path = source.partition("://")[2].partition("/")[2] if "://" in source else source.partition(":")[2]
        return path.lstrip("/") or source, source
    if parts.scheme and parts.netloc:
        return parts.path or source, source
    filename = posixpath.normpath(source) if source else source
    while filename.startswith("../"):
        filename = filename[3:]
    if source.startswith("/"):
        return source, source
    return filename, beside(script, source)


def is_vendor(source: str) -> bool:
    """Tell whether a source belongs to a library or to the bundler, not to the project."""
    path = f"/{source}"
    return any(vendor in path for vendor in _VENDORS)

"""The built scripts and styles: what Dash serves, under which names, and how long a browser may keep them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Final

from engine.errors import StateError

PACKAGE: Final = "dashboards"
FOLDER: Final = "assets"
MAIN_SCRIPT: Final = "amber_ui.js"
MAIN_STYLES: Final = "amber_ui.css"
LOGIN_STYLES: Final = "login.css"


class BundleMissing(StateError):
    """The scripts of the pages were not built."""

    code = "bundle-missing"
    http_status = 503

    def __init__(self) -> None:
        super().__init__("The scripts of the pages are not built.", hint="Run `make setup`.")


@cache
def _manifest() -> dict[str, object] | None:
    file = files(PACKAGE).joinpath(FOLDER, "manifest.json")
    if not file.is_file():
        return None
    loaded: dict[str, object] = json.loads(file.read_text("utf-8"))
    return loaded


def is_built() -> bool:
    """Whether the scripts and styles exist."""
    return _manifest() is not None


def version() -> str:
    """Return the version of the built files, which changes when any of them does."""
    manifest = _manifest()
    return "0" if manifest is None else str(manifest["version"])


def built_files() -> tuple[str, ...]:
    """Return the names of all built files, relative to the folder of assets.

    Raises:
        BundleMissing: nothing was built.
    """
    manifest = _manifest()
    if manifest is None:
        raise BundleMissing
    listed = manifest["files"]
    return tuple(str(name) for name in listed) if isinstance(listed, list) else ()


def lazy_file(module: str) -> str:
    """Return the file of a module that is loaded when it is needed, such as `discover/grid`.

    Raises:
        BundleMissing: nothing was built, or not this module.
    """
    lazy = (_manifest() or {}).get("lazy")
    if not isinstance(lazy, dict) or module not in lazy:
        raise BundleMissing
    return str(lazy[module])


def js_dist() -> list[dict[str, object]]:
    """Return what Dash shall load: the main script at once; the rest is only served when a page asks for it."""
    if not is_built():
        return []
    main: dict[str, object] = {"relative_package_path": f"{FOLDER}/{MAIN_SCRIPT}", "namespace": PACKAGE}
    later: list[dict[str, object]] = [
        {"relative_package_path": f"{FOLDER}/{name}", "namespace": PACKAGE, "dynamic": True}
        for name in built_files()
        if name.endswith((".js", ".txt")) and name != MAIN_SCRIPT
    ]
    return [main, *later]


def css_dist() -> list[dict[str, object]]:
    """Return the style sheets of the pages."""
    if not is_built():
        return []
    return [{"relative_package_path": f"{FOLDER}/{MAIN_STYLES}", "namespace": PACKAGE}]

"""Whose code a frame is where the client did not say: the project's rules first, then what the paths tell."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from engine.snapshot import ProjectConfig
from ingest.normalise.stackrules import in_app_by_rules, parse_stack_rules
from ingest.normalise.values import short

_LIBRARY_PATHS = re.compile(
    r"(?:^|[/\\])(?:site-packages|dist-packages|node_modules|bower_components|vendor|gems|\.cargo|pkg[/\\]mod|rustc)"
    r"[/\\]|[/\\]lib[/\\]python\d|^node:|^internal/|^<frozen |^\(internal|^/usr/(?:lib|include|local/go/src)/"
    r"|^/System/Library/|^/lib(?:64)?/|^/build/|^[A-Za-z]:\\Windows\\|(?:chrome|moz|safari-web)-extension:"
)
_LIBRARY_MODULES = {
    "java": ("java.", "javax.", "jdk.", "sun.", "com.sun.", "android.", "androidx.", "kotlin.", "kotlinx.", "dalvik."),
    "csharp": ("System", "Microsoft."),
    "go": ("runtime", "net/http", "reflect", "testing", "main.init"),
    "elixir": ("Elixir.Plug.", "Elixir.Phoenix."),
}
_NATIVE_PLATFORMS = frozenset({"native", "cocoa", "objc", "swift", "c"})


def in_app(frame: dict[str, Any], platform: str, project: ProjectConfig) -> bool:
    """Return whether a frame is the project's own code."""
    own_platform = short(frame.get("platform"), 64) or platform
    if project.in_app_rules:
        ruled = in_app_by_rules(frame, own_platform, parse_stack_rules(project.in_app_rules))
        if ruled is not None:
            return ruled
    said = frame.get("in_app")
    has_rules = project.in_app_include or project.in_app_exclude
    if isinstance(said, bool) and not has_rules:
        return said
    module = short(frame.get("module"), 500)
    path = short(frame.get("abs_path"), 1000)
    filename = short(frame.get("filename"), 1000)
    if has_rules:
        if _matches((module, path, filename), project.in_app_include):
            return True
        if _matches((module, path, filename), project.in_app_exclude):
            return False
        if isinstance(said, bool):
            return said
    return _inferred(own_platform, module, short(frame.get("package"), 1000), path or filename)


def _matches(where: tuple[str, ...], prefixes: tuple[str, ...]) -> bool:
    return any(text.startswith(prefixes) for text in where if text)


@lru_cache(maxsize=20_000)
def _inferred(platform: str, module: str, package: str, path: str) -> bool:
    """Return what the names say; cached, because a program has few frames and sends them often."""
    if module and module.startswith(_LIBRARY_MODULES.get(platform, ())):
        return False
    if platform in _NATIVE_PLATFORMS:
        return bool(package) and not _LIBRARY_PATHS.search(package) and not package.startswith("/usr/")
    return not _LIBRARY_PATHS.search(path)

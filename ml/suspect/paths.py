"""From a stack frame to a file of a repository: rules of each platform, code mappings, and unique endings.

A code mapping has the meaning it has at Sentry: a path of a frame that begins with the stack root lies in the
repository where the source root stands in its place (https://docs.sentry.io/organization/integrations/source-code-mgmt/).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_SCHEME = re.compile(r"^(?:webpack-internal|webpack|app|file|https?|ng|turbopack):/{2,3}", re.IGNORECASE)
_DRIVE = re.compile(r"^[A-Za-z]:")
_NOT_A_FILE = re.compile(r"^(?:<.*>|\[.*\]|native|Native Method|Unknown Source|)$")
_MAX_SEGMENTS = 40


@dataclass(frozen=True, slots=True)
class StackFrame:
    """A frame as an event has it.

    Attributes:
        filename: as sent, empty for none.
        line: from 1; None when it is not known.
    """

    function: str = ""
    module: str = ""
    filename: str = ""
    abs_path: str = ""
    line: int | None = None
    in_app: bool = True


@dataclass(frozen=True, slots=True)
class Root:
    """A code mapping: paths of frames that begin with `stack` lie below `source` in `repository`."""

    stack: str
    source: str
    repository: int


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a repository a frame leads to, and by what: the mapping used, or None for a unique ending."""

    repository: int
    path: str
    root: Root | None = None


@dataclass(frozen=True)
class FileIndex:
    """The files of a repository, found by how they end.

    Args:
        paths: from the root of the repository, with `/`.
    """

    paths: frozenset[str]
    _by_name: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Group the paths by their last part."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.paths):
            found.setdefault(path.rpartition("/")[2], []).append(path)
        object.__setattr__(self, "_by_name", {name: tuple(paths) for name, paths in found.items()})

    def named(self, name: str) -> tuple[str, ...]:
        """Return the paths of the files with a name, without directories."""
        return self._by_name.get(name, ())

    def ending(self, path: str) -> str | None:
        """Return the only file that ends as `path` does, None for none or several.

        Leading directories of `path` that no file has (`/srv/app`) are left away, one after the other.
        """
        parts = [part for part in path.split("/") if part not in {"", "."}][-_MAX_SEGMENTS:]
        if not parts:
            return None
        same_name = self._by_name.get(parts[-1], ())
        for first in range(len(parts)):
            tail = "/".join(parts[first:])
            found = [one for one in same_name if one == tail or one.endswith(f"/{tail}")]
            if found:
                return found[0] if len(found) == 1 else None
        return None


def tidy(path: str) -> str:
    """Return a path without scheme, drive, query and back-slashes; empty when it names no file."""
    if _NOT_A_FILE.match(path):
        return ""
    path = path.replace("\\", "/")
    scheme = _SCHEME.match(path)
    if scheme:
        rest = path[scheme.end() :]
        path = rest.partition("/")[2] if scheme[0].lower().startswith("http") else rest
        path = path.partition("?")[0].partition("#")[0]
    path = _DRIVE.sub("", path)
    while path.startswith(("./", "~/")):
        path = path[2:]
    return path


def paths_of(frame: StackFrame, platform: str) -> tuple[str, ...]:
    """Return the paths a frame may have, the most trusted first: what its module says, then what was sent."""
    sent = [tidy(frame.filename), tidy(frame.abs_path)]
    rule = _RULES.get(platform.split("-", maxsplit=1)[0].lower())
    made = [*(rule(frame) if rule is not None else ()), *sent]
    return tuple(dict.fromkeys(path for path in made if path))


def locate(frame: StackFrame, platform: str, roots: Sequence[Root], indexes: Mapping[int, FileIndex]) -> Found | None:
    """Return the file a frame leads to.

    Args:
        frame: of an event.
        platform: of the event.
        roots: code mappings in the order they are tried.
        indexes: files by repository; a repository without one is believed to have every file.
    """
    paths = paths_of(frame, platform)
    for root in roots:
        for path in (frame.abs_path, frame.filename, *paths):
            found = _mapped(path, root)
            index = indexes.get(root.repository)
            if found and (index is None or found in index.paths):
                return Found(root.repository, found, root)
    for path in paths:
        hits = [(number, hit) for number, index in sorted(indexes.items()) if (hit := index.ending(path))]
        if len(hits) == 1:
            return Found(*hits[0])
    return None


def _mapped(path: str, root: Root) -> str:
    """Return where a mapping says a path lies, empty when it says nothing of it."""
    path = path.replace("\\", "/")
    stack = root.stack.replace("\\", "/")
    if not path.startswith(stack):
        return ""
    rest = path[len(stack) :].partition("?")[0]
    # A stack root ends where a name of a directory ends: `src` is no root of `srcery/x.py`.
    if stack and not stack.endswith("/") and rest and not rest.startswith("/"):
        return ""
    joined = f"{root.source.rstrip('/')}/{rest.lstrip('/')}" if root.source.strip("/") else rest.lstrip("/")
    return joined.lstrip("/")


def derive(frames: Iterable[tuple[StackFrame, str]], indexes: Mapping[int, FileIndex]) -> list[Root]:
    """Return the code mappings that frames (with their platform) show: those that no frame contradicts.

    A frame shows one when its file ends as exactly one file of all repositories does; the parts before the common end
    are the roots. Two frames whose paths begin alike and lead to different roots take the mapping away.
    """
    shown: dict[str, set[tuple[str, int]]] = {}
    for frame, platform in frames:
        found = locate(frame, platform, (), indexes) if frame.in_app else None
        path = tidy(frame.abs_path) or tidy(frame.filename)
        if found is not None and path:
            stack, source = _split(path, found.path)
            shown.setdefault(stack, set()).add((source, found.repository))
    return [Root(stack, *next(iter(ends))) for stack, ends in sorted(shown.items()) if len(ends) == 1]


def _split(path: str, file: str) -> tuple[str, str]:
    """Return what two paths begin with before their common end, with a `/` at the end unless empty."""
    left, right = path.split("/"), file.split("/")
    while left and right and left[-1] == right[-1]:
        left.pop()
        right.pop()
    return tuple("/".join(parts) + "/" if parts else "" for parts in (left, right))  # type: ignore[return-value]


def _python(frame: StackFrame) -> Iterator[str]:
    if frame.module and not frame.filename:
        yield f"{frame.module.replace('.', '/')}.py"
        yield f"{frame.module.replace('.', '/')}/__init__.py"


def _java(frame: StackFrame) -> Iterator[str]:
    package, _, name = frame.module.rpartition(".")
    outer = name.partition("$")[0]
    file = tidy(frame.filename).rpartition("/")[2] or (f"{outer}.java" if outer else "")
    if file:
        yield f"{package.replace('.', '/')}/{file}".lstrip("/")


def _go(frame: StackFrame) -> Iterator[str]:
    """Name files of a module by the package's path: its host, owner and repository are no directories."""
    file = (tidy(frame.abs_path) or tidy(frame.filename)).rpartition("/")[2]
    parts = frame.module.split("/")
    if file and "." in parts[0] and len(parts) > 3:
        yield "/".join([*parts[3:], file])


def _dotnet(frame: StackFrame) -> Iterator[str]:
    if frame.module and not (frame.filename or frame.abs_path):
        name = re.split(r"[+`<]", frame.module)[0]
        yield f"{name.replace('.', '/')}.cs"
        yield f"{name.rpartition('.')[2]}.cs"


def _php(frame: StackFrame) -> Iterator[str]:
    """Name files of classes by PSR-4: the first part of a namespace usually stands for `src` or `app`."""
    if frame.module and not (frame.filename or frame.abs_path):
        name = frame.module.strip("\\").replace("\\", "/")
        yield f"{name}.php"
        yield f"{name.partition('/')[2]}.php" if "/" in name else ""


def _ruby(frame: StackFrame) -> Iterator[str]:
    if frame.module and not (frame.filename or frame.abs_path):
        words = [re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", part).lower() for part in frame.module.split("::")]
        yield f"{'/'.join(words)}.rb"


_RULES: Mapping[str, Callable[[StackFrame], Iterator[str]]] = {
    "python": _python,
    "java": _java,
    "kotlin": _java,
    "android": _java,
    "scala": _java,
    "go": _go,
    "csharp": _dotnet,
    "dotnet": _dotnet,
    "php": _php,
    "ruby": _ruby,
}
"""How a module names its file, where frames lack paths or have only the last part of one."""

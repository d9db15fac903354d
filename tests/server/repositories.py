"""Git repositories tests build from scripted commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pygit2


class ScriptedRepository:
    """A bare repository; each commit says which files it writes (None removes one)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git = pygit2.init_repository(str(path), bare=True, initial_head="main")
        self.files: dict[str, str] = {}

    def commit(
        self,
        files: Mapping[str, str | None],
        at: datetime,
        message: str = "a change",
        author: str = "ada@example.org",
        branch: str = "main",
        merged: str | None = None,
    ) -> str:
        """Write a commit on a branch and return its id; `merged` is a second parent."""
        for path, text in files.items():
            if text is None:
                del self.files[path]
            else:
                self.files[path] = text
        who = pygit2.Signature(author.partition("@")[0], author, int(at.timestamp()), 0)
        ref = f"refs/heads/{branch}"
        tip = self.git.references.get(ref) or self.git.references.get("refs/heads/main")
        parents = [tip.target] if tip is not None else []
        if merged is not None:
            parents.append(pygit2.Oid(hex=merged))
        return str(self.git.create_commit(ref, who, who, message, self._tree(self.files), parents))

    def _tree(self, files: Mapping[str, str]) -> pygit2.Oid:
        below: dict[str, dict[str, str]] = {}
        builder = self.git.TreeBuilder()
        for path, text in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = text
            else:
                builder.insert(name, self.git.create_blob(text.encode()), pygit2.enums.FileMode.BLOB)
        for name, inside in below.items():
            builder.insert(name, self._tree(inside), pygit2.enums.FileMode.TREE)
        return builder.write()

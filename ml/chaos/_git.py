"""A git repository from planned commits, as the files of a bare repository; nothing is read, no program is run.

Formats: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects and gitformat-loose(5). Ids are SHA-1 because git's
are.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"


@dataclass(slots=True)
class Repository:
    """Objects by id, and what names point to.

    Attributes:
        objects: the loose objects, by id: kind and size, a zero byte, content.
        head: the newest commit; empty before the first.
        tags: ids of commits by tag.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    head: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, files: Mapping[str, str], author: tuple[str, str], at: int, message: str) -> str:
        """Add a commit of the whole content of the repository and return its id.

        Args:
            files: texts by path.
            author: name and address.
            at: seconds since 1970, in UTC.
            message: of the commit.
        """
        tree = self._tree({path: self._add("blob", text.encode()) for path, text in files.items()})
        who = f"{author[0]} <{author[1]}> {at} +0000"
        parent = f"parent {self.head}\n" if self.head else ""
        text = f"tree {tree}\n{parent}author {who}\ncommitter {who}\n\n{message}\n"
        self.head = self._add("commit", text.encode())
        return self.head

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield paths and contents of the bare repository."""
        yield "HEAD", b"ref: refs/heads/main\n"
        yield "config", _CONFIG
        yield "refs/heads/main", f"{self.head}\n".encode()
        for name, sha in sorted(self.tags.items()):
            yield f"refs/tags/{name}", f"{sha}\n".encode()
        for sha, content in sorted(self.objects.items()):
            yield f"objects/{sha[:2]}/{sha[2:]}", zlib.compress(content, 6)

    def _add(self, kind: str, content: bytes) -> str:
        stored = f"{kind} {len(content)}".encode() + b"\0" + content
        sha = hashlib.sha1(stored, usedforsecurity=False).hexdigest()
        self.objects[sha] = stored
        return sha

    def _tree(self, blobs: Mapping[str, str]) -> str:
        """Add the tree of a directory: entries in the order of their names, directories as if they ended with `/`."""
        inside: dict[str, dict[str, str]] = {}
        entries: list[tuple[bytes, bytes]] = []
        for path, sha in blobs.items():
            name, slash, rest = path.partition("/")
            if slash:
                inside.setdefault(name, {})[rest] = sha
            else:
                entries.append((name.encode(), f"100644 {name}".encode() + b"\0" + bytes.fromhex(sha)))
        for name, below in inside.items():
            made = bytes.fromhex(self._tree(below))
            entries.append((f"{name}/".encode(), f"40000 {name}".encode() + b"\0" + made))
        return self._add("tree", b"".join(entry for _, entry in sorted(entries)))

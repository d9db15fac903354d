"""What a test is about: errors of tests often have no other code in their stack.

By its name (`CartTest` is about `Cart`), and by what the lines up to the failing one name.
"""

from __future__ import annotations

import re
from collections import Counter

from ml.suspect.paths import FileIndex
from ml.suspect.scoring import is_test

_AFFIX = re.compile(r"^(?:Test|test_)|(?:Tests?|TestCase|IT|_test|_spec|Spec|\.test|\.spec)$")
_NAME = re.compile(r"\b[A-Za-z_]\w{2,}\b")
_BODY_LINES = 25
MOST = 6


def subjects(path: str, text: str | None, line: int | None, index: FileIndex) -> list[str]:
    """Return the files a test is probably about, the likeliest first, at most six.

    Args:
        path: of the test.
        text: its content, None when it is not known.
        line: where it failed, None when that is not known.
        index: the files of the repository.
    """
    directory, _, file = path.rpartition("/")
    stem, dot, extension = file.rpartition(".")
    votes: Counter[str] = Counter()
    own = _file_of(_AFFIX.sub("", stem), dot + extension, directory, index)
    if own:
        votes[own] += 3
    if text is not None and line is not None:
        body = text.splitlines()[max(0, line - _BODY_LINES) : line]
        for distance, content in enumerate(reversed(body)):
            for name in set(_NAME.findall(content)):
                found = _file_of(name, dot + extension, directory, index)
                if found:
                    votes[found] += 3 if distance == 0 else 1
    return [name for name, _ in sorted(votes.items(), key=lambda pair: (-pair[1], pair[0]))][:MOST]


def _file_of(name: str, extension: str, directory: str, index: FileIndex) -> str | None:
    """Return the file called so that is no test: the one in the like directory when there are several."""
    hits = [path for path in index.named(f"{name}{extension}") if not is_test(path)]
    if len(hits) > 1:
        last = directory.rpartition("/")[2]
        hits = [path for path in hits if path.rpartition("/")[0].rpartition("/")[2] == last]
    return hits[0] if len(hits) == 1 else None

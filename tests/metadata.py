"""A metadata database with its schema, made by the scripts once in a process and copied after that."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from engine.metadata import MetadataStore


@functools.cache
def _made_once() -> Path:
    """Return a file the scripts have made: a tenth of a second of work, and a dozen waits for the disk."""
    directory = Path(tempfile.mkdtemp(prefix="amber-metadata-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    store = MetadataStore(f"sqlite:///{directory / 'meta.sqlite3'}")
    store.upgrade()
    store.close()
    return directory / "meta.sqlite3"


def upgraded(store: MetadataStore) -> MetadataStore:
    """Give a new database its schema; return the store."""
    url = store._database.engine.url
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        assert not path.exists(), "only a new database is copied"
        shutil.copyfile(_made_once(), path)
    store.upgrade()
    return store

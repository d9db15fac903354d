"""The engine's native library, loaded ahead of the code that uses it."""

from __future__ import annotations


def load_engine() -> None:
    """Load the embedded engine into the process: half a gigabyte to relocate, while which Python's lock is free.

    To be called in a thread at the start of a process that will open a store; importing `engine.eventstore` then finds
    it loaded.
    """
    # Start-up time: this is the only module that wants it without the store's driver, Arrow and all.
    import chdb  # noqa: F401, PLC0415

"""An organisation with people in every role, and a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from engine.metadata import MetadataStore
from iam import LOCAL, Administration, Identity, Principal, Role, user_principal
from tests.metadata import upgraded


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost next to nothing, where their cost is not what a test is about."""
    monkeypatch.setattr("iam.passwords._HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@dataclass
class HandClock:
    """A clock that goes on only when told."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 21, 12, 0, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the time it shows."""
        return self.at

    def now_ns(self) -> int:
        """Return the time it shows in nanoseconds."""
        return int(self.at.timestamp() * 1_000_000_000)

    def go(self, **duration: float) -> None:
        """Move on by a `timedelta` of these parts."""
        self.at += timedelta(**duration)


@pytest.fixture
def clock() -> HandClock:
    """The clock of everything in a test."""
    return HandClock()


@pytest.fixture
def metadata(tmp_path: Path, clock: HandClock) -> Iterator[MetadataStore]:
    """A metadata store with an organisation."""
    store = upgraded(MetadataStore(f"sqlite:///{tmp_path / 'meta.sqlite3'}", clock))
    store.create_organisation("acme", "Acme")
    yield store
    store.close()


@pytest.fixture
def identity(metadata: MetadataStore, clock: HandClock) -> Identity:
    """Who asks."""
    return Identity(metadata, clock, "local-secret")


@pytest.fixture
def administration(metadata: MetadataStore, clock: HandClock) -> Administration:
    """What is managed."""
    return Administration(metadata, clock)


@dataclass
class People:
    """People by name, made when first asked for; `ann` is the owner, the others have the role of their name."""

    metadata: MetadataStore
    administration: Administration

    def make(self, name: str, role: Role | None) -> int:
        """Add somebody and return their number."""
        return self.administration.invite_user(LOCAL, f"{name}@example.org", name.title(), role)[0].id

    def as_principal(self, user_id: int) -> Principal:
        """Somebody as they are now."""
        return user_principal(*self.metadata.person(user_id))


@pytest.fixture
def people(metadata: MetadataStore, administration: Administration) -> People:
    """A way to make people; the owner, number 1, is there."""
    made = People(metadata, administration)
    made.make("ann", Role.OWNER)
    return made

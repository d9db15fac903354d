"""Shoppers: sessions that look around, fill a cart and pay, at a steady rate of requests."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from examples.shop.catalogue import DISCONTINUED, DOWNLOADS, GIFTS, PRODUCTS

_PAGES = PRODUCTS // 12
_COUNTRIES = ("DE", "DE", "US", "US", "GB", "JP", "ID", "SE", "FR")
_CURRENCY = {"US": "USD", "GB": "GBP", "JP": "JPY", "ID": "IDR", "SE": "SEK"}
_PLANS = ("free", "free", "free", "plus", "business")
_WORDS = ("lamp", "chair", "mug", "blue", "night", "zebra")
_WORKERS = 8

Step = tuple[str, str, dict[str, Any] | None]


class Pace:
    """Lets callers through at a rate, evenly, whatever their number."""

    def __init__(self, per_second: float) -> None:
        self._gap_s = 1.0 / per_second
        self._next = time.monotonic()
        self._lock = threading.Lock()

    def wait(self, stop: threading.Event) -> bool:
        """Waits for the caller's turn; False when stopped meanwhile."""
        with self._lock:
            now = time.monotonic()
            turn = max(self._next, now)
            self._next = turn + self._gap_s
        return not stop.wait(turn - now)


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who runs a session."""

    user: int
    plan: str
    country: str

    @classmethod
    def drawn(cls, rng: random.Random) -> Shopper:
        """Somebody."""
        return cls(rng.randrange(1, 400), rng.choice(_PLANS), rng.choice(_COUNTRIES))

    def headers(self) -> dict[str, str]:
        """What the shopper's browser sends along."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
            "X-Shop-User": str(self.user),
            "X-Shop-Plan": self.plan,
            "X-Shop-Country": self.country,
        }


def session_steps(rng: random.Random, country: str) -> Iterator[Step]:
    """The requests of one session as (method, path, body)."""
    yield "GET", f"/?page={rng.randrange(_PAGES)}", None
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.3:
            yield "GET", f"/search?q={rng.choice(_WORDS)}", None
        yield "GET", f"/product/{_any_sku(rng)}?quantity={rng.randint(1, 3)}", None
    if rng.random() < 0.35:
        return  # just looking
    for sku in _basket(rng):
        yield "POST", "/cart/items", {"sku": sku, "quantity": rng.randint(1, 4)}
    yield (
        "POST",
        "/checkout",
        {
            "currency": _CURRENCY.get(country, "EUR"),
            "coupon": "WELCOME" if rng.random() < 0.3 else None,
            "card": f"{rng.randrange(10_000):04d}",
            "variant": rng.choice(("classic", "one-page")),
        },
    )


def _any_sku(rng: random.Random) -> str:
    return rng.choice(DISCONTINUED) if rng.random() < 0.04 else f"P-{rng.randrange(PRODUCTS):03d}"


def _basket(rng: random.Random) -> list[str]:
    kind = rng.random()
    if kind < 0.08:
        return [rng.choice(GIFTS)]
    if kind < 0.2:
        return [rng.choice(DOWNLOADS)]
    sellable = [f"P-{number:03d}" for number in range(PRODUCTS) if f"P-{number:03d}" not in DISCONTINUED]
    return rng.sample(sellable, rng.randint(1, 3))


class Traffic:
    """Runs sessions against the shop's pages until stopped.

    Args:
        port: where the pages are, on 127.0.0.1.
        rate: requests per second over all sessions.
        seed: decides what each session does.
    """

    def __init__(self, port: int, rate: float, seed: int) -> None:
        self._port = port
        self._seed = seed
        self._pace = Pace(rate)
        self._numbers = itertools.count(1)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(_WORKERS)]
        self.answers: Counter[str] = Counter()

    def start(self) -> None:
        """Starts the shoppers."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stops them; requests under way are finished."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.is_set():
            number = next(self._numbers)
            rng = random.Random(f"{self._seed}/{number}")
            shopper = Shopper.drawn(rng)
            for method, path, body in session_steps(rng, shopper.country):
                if not self._pace.wait(self._stop):
                    return
                self._count(self._send(method, path, body, shopper.headers()))

    def _send(self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            return str(connection.getresponse().status)
        except (OSError, http.client.HTTPException):
            return "no answer"
        finally:
            connection.close()

    def _count(self, answer: str) -> None:
        with self._lock:
            self.answers[answer] += 1

"""The catalogue in SQLite: products, stock, reviews. Reads are reported as database spans."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sentry_sdk

PRODUCTS = 60
REVIEWS = 20_000
DISCONTINUED = ("P-013", "P-037")  # no price any more, still linked from old pages
GIFTS = ("P-005", "P-050")  # free of charge
DOWNLOADS = ("P-021", "P-042")  # weigh nothing
_ADJECTIVES = ("Amber", "Blue", "Quiet", "Solid", "Folding", "Night", "Copper", "Light")
_NOUNS = ("Lamp", "Chair", "Kettle", "Notebook", "Speaker", "Backpack", "Clock", "Mug")


def create(path: Path, seed: int) -> None:
    """Writes a new catalogue; the same seed gives the same products."""
    rng = random.Random(seed)
    connection = sqlite3.connect(path)
    with connection:
        connection.executescript("""
            CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, price_cents INTEGER, weight_g INTEGER);
            CREATE TABLE stock (sku TEXT PRIMARY KEY, pieces INTEGER);
            CREATE TABLE reviews (sku TEXT, stars INTEGER, body TEXT);
        """)  # reviews has no index: counting the stars of one product reads all of them
        for number in range(PRODUCTS):
            sku = f"P-{number:03d}"
            name = f"{rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)} {rng.randint(1, 9)}"
            price = None if sku in DISCONTINUED else 0 if sku in GIFTS else rng.randint(4, 400) * 100 - 1
            weight = 0 if sku in DOWNLOADS else rng.randint(50, 9000)
            connection.execute("INSERT INTO products VALUES (?, ?, ?, ?)", (sku, name, price, weight))
            connection.execute("INSERT INTO stock VALUES (?, ?)", (sku, rng.randint(0, 80)))
        connection.executemany(
            "INSERT INTO reviews VALUES (?, ?, ?)",
            ((f"P-{rng.randrange(PRODUCTS):03d}", rng.randint(1, 5), "fine") for _ in range(REVIEWS)),
        )
    connection.close()


class Catalogue:
    """Read access; one connection per call, so that it may be used from every request thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def page(self, offset: int, size: int = 12) -> list[dict[str, Any]]:
        """One page of products, each with stock and stars. One query per product and fact: slow on purpose."""
        connection = self._connect()
        try:
            rows = self._read(
                connection, "SELECT sku, name FROM products ORDER BY sku LIMIT ? OFFSET ?", (size, offset)
            )
            return [
                {
                    "sku": row["sku"],
                    "name": row["name"],
                    "pieces": self._read(connection, "SELECT pieces FROM stock WHERE sku = ?", (row["sku"],))[0][0],
                    "stars": self._read(connection, "SELECT avg(stars) FROM reviews WHERE sku = ?", (row["sku"],))[0][
                        0
                    ],
                }
                for row in rows
            ]
        finally:
            connection.close()

    def product(self, sku: str) -> dict[str, Any] | None:
        """One product, or None."""
        connection = self._connect()
        try:
            rows = self._read(
                connection,
                "SELECT sku, name, price_cents, weight_g, pieces FROM products JOIN stock USING (sku) WHERE sku = ?",
                (sku,),
            )
        finally:
            connection.close()
        return dict(rows[0]) if rows else None

    def search(self, words: str) -> list[dict[str, Any]]:
        """Products whose name contains the words."""
        connection = self._connect()
        try:
            rows = self._read(connection, "SELECT sku, name FROM products WHERE name LIKE ? LIMIT 20", (f"%{words}%",))
        finally:
            connection.close()
        return [dict(row) for row in rows]

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        return connection

    @staticmethod
    def _read(connection: sqlite3.Connection, sql: str, values: Sequence[object]) -> list[sqlite3.Row]:
        with sentry_sdk.start_span(op="db.sql.query", name=sql) as span:
            span.set_data("db.system", "sqlite")
            span.set_data("db.name", "catalogue")
            return connection.execute(sql, values).fetchall()

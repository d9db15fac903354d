"""Generated errors with odd texts, numbers, times, versions, addresses and documents in them."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

Row = dict[str, Any]

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
TEXTS = (
    "",
    "héllo wörld",
    "  spaced\t\n",
    "支付失败: code=42",
    "a/b//c",
    "-7.50",
    "ÀÉ",
    "x",
    "code=1 code=22",
    "Quota QUOTA",
    "🙂b🙂",
)
NUMBERS = ("12", "-3.5", "nan", "x", "9223372036854775807", "9223372036854775808", "1e400", "0", "-12", "2.5", " 5")
URLS = (
    "https://shop.example/cart?id=1&q=caf%C3%A9#top",
    "http://api.example:81/v1/pay",
    "",
    "https://a.example/?q=",
    "https://a.example/x?id=5",
)
RELEASES = (
    "shop@1.2.3",
    "shop@1.10.0",
    "1.2.3-rc.1",
    "1.2.3-rc.1.2",
    "1.2.3-rc.10",
    "1.2.3-alpha",
    "latest",
    "",
    "v2.0",
    "pkg@2.0.0+77",
    "1.2.3-01x",
)
ADDRESSES = ("10.1.2.3", "10.200.0.1", "192.168.7.9", "2001:db8::1", "2001:db8:0:1::5", "::1", "no", "", "300.1.1.1")
DOCUMENTS = (
    '{"a": {"b": [1, 2.5, "x"]}, "n": 7, "t": true, "big": 9223372036854775807, "a.b": "dot", "é": "ü"}',
    '{"a": {"b": []}, "n": "8.5", "t": false, "é": null}',
    '{"n": 2.5, "list": ["p", "q"], "a": 5}',
    "not json",
    '[{"n": 1}]',
)
MOMENTS = (
    "2026-03-29T00:59:59.999Z",  # before Berlin springs forward
    "2026-03-29T01:00:00Z",
    "2026-03-29T10:20:30.123456Z",
    "2026-10-25T00:30:00Z",  # the hour that comes twice
    "2026-10-25T01:30:00Z",
    "2026-10-25T23:30:05Z",
    "2026-04-04T15:10:00Z",  # Lord Howe goes back by half an hour
    "2024-02-29T12:00:00Z",
    "2026-12-31T23:15:00Z",
    "2027-01-01T00:00:00Z",
    "soon",
)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo")


def bench_rows(count: int, project: int) -> list[Row]:
    """Return errors in which every optional thing is missing now and then."""
    dice = random.Random(11)
    rows = []
    for number in range(count):
        tags = {
            "num": dice.choice(NUMBERS),
            "doc": dice.choice(DOCUMENTS),
            "at": MOMENTS[number % len(MOMENTS)],
            "list": dice.choice(["b,a,b", "", "c", ",,", "é,ü"]),
            "flag": dice.choice(["true", "False", "1", "0", "maybe"]),
        }
        rows.append(
            {
                "project_id": project,
                "event_id": f"{number:032x}",
                "timestamp": NOW - dt.timedelta(minutes=number, microseconds=dice.randrange(10**6)),
                "fingerprint": dice.choice([1, 2**63, 2**64 - 1]),
                "level": dice.choice(["error", "fatal", "warning"]),
                "message": dice.choice(TEXTS),
                "release": dice.choice(RELEASES),
                "user_ip": dice.choice(ADDRESSES),
                "http_url": dice.choice(URLS),
                "http_status_code": dice.choice([0, 200, 404, 500]),
                "tags": [(k, v) for k, v in tags.items() if dice.random() < 0.85],
                "stack_functions": dice.choice([["main", "charge", "main"], ["ä"], []]),
                "stack_linenos": dice.choice([[3, 1, 2], []]),
                "payload": "{}",
            }
        )
    return rows

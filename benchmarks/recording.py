"""A recording as a browser's client makes it: rrweb records a shop's page in Chromium while somebody uses it.

Wrapped into the envelope Sentry's client sends (developer documentation, "Session Replay"), it shows and measures the
page of replays on what is really recorded.
"""

from __future__ import annotations

import json
import time
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

_RECORDER = (
    Path(__file__).resolve().parent.parent / "dashboards/frontend/node_modules/@rrweb/record/dist/record.umd.min.cjs"
)
_BEGIN = """
window.recorded = [];
const begin = () => {
  window.stopRecording = rrwebRecord.record({ emit: (event) => window.recorded.push(event), maskAllInputs: true });
};
if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin); else begin();
"""
_SHOP = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Amber shop</title><style>
body {{ margin: 0; font: 15px/1.5 system-ui, sans-serif; color: #1d1b18; background: #faf8f5; }}
header {{ display: flex; gap: 24px; align-items: center; padding: 14px 28px; background: #24313f; color: #fff; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 18px; padding: 24px 28px; }}
article {{ padding: 14px; border: 1px solid #ddd6cb; border-radius: 10px; background: #fff; }}
article div {{ height: 90px; border-radius: 8px; background: linear-gradient(135deg, hsl(var(--h) 60% 80%), #fff); }}
button {{ padding: 8px 14px; border: 0; border-radius: 8px; background: #b45309; color: #fff; font: inherit; }}
form {{ position: fixed; right: 28px; bottom: 24px; width: 300px; padding: 18px; border-radius: 12px;
  background: #fff; box-shadow: 0 8px 30px rgb(0 0 0 / 18%); }}
input {{ width: 100%; box-sizing: border-box; margin: 4px 0 10px; padding: 8px; border: 1px solid #bbb; }}
p.bad {{ margin: 10px 0 0; color: #b3261e; font-weight: 600; }}
</style></head><body><header><b>Amber shop</b><span>Cups</span><span>Lamps</span><span>Chairs</span></header>
<main>{things}</main><form onsubmit="return false"><b>Check-out</b><br>
<label>Name <input id="name"></label><label>Card <input id="card"></label><button id="pay">Pay 42.00 EUR</button>
<p class="bad" id="said"></p></form></body></html>"""
_THING = (
    "<article style='--h:{hue}'><div></div><h3>{name} {number}</h3><p>{price} EUR</p><button>Into the cart</button>"
    "</article>"
)
_NAMES = ("Cup", "Lamp", "Chair", "Table", "Vase", "Clock")


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded: rrweb's events, in order, and the moment of the first, seconds since 1970."""

    events: list[dict[str, Any]]

    @property
    def began_s(self) -> float:
        """When it began."""
        return float(self.events[0]["timestamp"]) / 1000

    @property
    def ended_s(self) -> float:
        """When it ended."""
        return float(self.events[-1]["timestamp"]) / 1000

    def moved(self, seconds: float) -> Recording:
        """Return the same later, or earlier, by so many seconds."""
        return Recording([{**one, "timestamp": one["timestamp"] + round(seconds * 1000)} for one in self.events])


def record(browser: Browser, act: Callable[[Page], None], things: int = 18) -> Recording:
    """Record a page of a shop with so many things while `act` uses it.

    Raises:
        FileNotFoundError: the recorder is not installed (`npm ci` in dashboards/frontend).
    """
    articles = "".join(
        _THING.format(hue=n * 47 % 360, name=_NAMES[n % len(_NAMES)], number=n + 1, price=5 + n * 7 % 60)
        for n in range(things)
    )
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    try:
        page.add_init_script(_RECORDER.read_text("utf-8") + _BEGIN)
        page.route("**/*", lambda route: route.fulfill(body=_SHOP.format(things=articles), content_type="text/html"))
        page.goto("http://shop.example/checkout")
        act(page)
        page.wait_for_timeout(200)
        return Recording(page.evaluate("window.recorded"))
    finally:
        page.close()


def shop(page: Page) -> None:
    """Use the page as somebody does whose payment fails."""
    page.mouse.move(200, 200)
    for place in range(3):
        button = page.locator("article button").nth(place * 2)
        button.hover()
        button.click()
        page.wait_for_timeout(350)
    page.mouse.wheel(0, 300)
    page.wait_for_timeout(300)
    page.locator("#name").type("Ada Lovelace", delay=30)
    page.locator("#card").type("4000 1234", delay=30)
    note(page, "performanceSpan", _fetch(page, "POST", "https://shop.example/api/pay", 502))
    page.locator("#pay").click()
    page.evaluate("document.querySelector('#said').textContent = 'The payment failed. Try again.'")
    note(page, "breadcrumb", {"category": "console", "level": "error", "message": "pay: 502 Bad Gateway"})
    for _ in range(3):
        page.locator("#pay").click()
        page.wait_for_timeout(180)
    note(page, "breadcrumb", {"category": "ui.multiClick", "message": "form > button#pay"})


def churn(page: Page, changes: int = 3_000) -> None:
    """Change the page as a busy one changes: so many texts, classes and new elements."""
    page.evaluate(
        "async (changes) => { const all = [...document.querySelectorAll('article')];"
        " for (let i = 0; i < changes; i += 1) { const one = all[i % all.length];"
        " one.querySelector('p').textContent = `${i} EUR`; one.className = `c${i % 7}`;"
        " if (i % 10 === 0) { const p = document.createElement('p'); p.textContent = `note ${i}`; one.append(p); }"
        " if (i % 50 === 0) await new Promise(requestAnimationFrame); } }",
        changes,
    )


def note(page: Page, tag: str, payload: dict[str, Any]) -> None:
    """Add what a client notes beside the page: a breadcrumb or a span."""
    told = {"timestamp": time.time(), **payload}
    page.evaluate("([tag, payload]) => rrwebRecord.record.addCustomEvent(tag, payload)", [tag, told])


def _fetch(page: Page, method: str, url: str, status: int) -> dict[str, Any]:
    now = float(page.evaluate("Date.now()")) / 1000
    data = {"method": method, "statusCode": status}
    return {"op": "resource.fetch", "description": url, "startTimestamp": now - 0.4, "endTimestamp": now, "data": data}


def envelopes(recording: Recording, key: str, project_id: int, replay_id: str = "") -> list[bytes]:
    """Return the envelopes of a recording: its segment, and an error that happened in it."""
    replay = replay_id or uuid.uuid4().hex
    error = uuid.uuid4().hex
    user = {"id": "1843", "username": "ada", "email": "ada@mail.example"}
    shared = {"platform": "javascript", "environment": "production", "release": "shop-web@1.4.1", "user": user}
    event = {
        **shared,
        "type": "replay_event",
        "event_id": replay,
        "replay_id": replay,
        "segment_id": 0,
        "replay_type": "session",
        "replay_start_timestamp": recording.began_s,
        "timestamp": recording.ended_s,
        "urls": ["http://shop.example/checkout"],
        "error_ids": [error],
        "trace_ids": [],
    }
    told = json.dumps(recording.events).encode()
    body = b'{"segment_id":0}\n' + zlib.compress(told)
    failure = {
        **shared,
        "event_id": error,
        "timestamp": recording.ended_s - 0.6,
        "contexts": {"replay": {"replay_id": replay}},
        "exception": {"values": [{"type": "PaymentError", "value": "502 Bad Gateway from /api/pay"}]},
    }
    auth = {"dsn": f"http://{key}@127.0.0.1/{project_id}"}
    return [
        _envelope(
            {**auth, "event_id": replay}, [("replay_event", json.dumps(event).encode()), ("replay_recording", body)]
        ),
        _envelope({**auth, "event_id": error}, [("event", json.dumps(failure).encode())]),
    ]


def _envelope(header: dict[str, str], items: list[tuple[str, bytes]]) -> bytes:
    parts = [json.dumps(header).encode()]
    for kind, payload in items:
        parts += [json.dumps({"type": kind, "length": len(payload)}).encode(), payload]
    return b"\n".join(parts)

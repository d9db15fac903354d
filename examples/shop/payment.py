"""The payment service, and the acquirer behind it: a small TCP server that is slow or silent at times."""

from __future__ import annotations

import logging
import random
import socket
import socketserver
import struct
import threading
import time
from typing import Any

import sentry_sdk
from flask import Flask, request
from sentry_sdk import metrics
from sentry_sdk.crons import monitor

_log = logging.getLogger("shop.payment")
_REQUEST = struct.Struct(">4si")  # card's last digits, amount in minor units as a signed 32-bit number
TIMEOUT_S = 0.4
SILENT_SHARE = 0.06
SETTLE_EVERY_S = 60
SETTLE_SCHEDULE: Any = {
    "schedule": {"type": "interval", "value": 1, "unit": "minute"},
    "max_runtime": 1,
    "timezone": "UTC",
}


class PaymentFailed(Exception):
    """The acquirer did not say whether the card was charged."""


class CardDeclined(Exception):
    """The acquirer said no."""


def create_app(acquirer: tuple[str, int]) -> Flask:
    """The application.

    Args:
        acquirer: host and port of the acquirer.
    """
    app = Flask("shop.payment")

    @app.post("/payments")
    def pay() -> dict[str, Any]:
        order = request.get_json()
        sentry_sdk.set_tag("currency", order["currency"])
        sentry_sdk.add_breadcrumb(category="payment", message="asking the acquirer", data={"card": order["card"]})
        try:
            charge(acquirer, order["card"], order["amount_minor"])
        except CardDeclined as error:
            sentry_sdk.capture_exception(error, level="warning")
            return {"paid": False}
        return {"paid": True}

    @app.get("/healthz")
    def health() -> dict[str, str]:
        return {"service": "payment"}

    return app


def charge(acquirer: tuple[str, int], card: str, amount_minor: int) -> None:
    """Charges a card.

    Raises:
        CardDeclined: when the acquirer refuses.
        PaymentFailed: when there is no answer in time.
        struct.error: when the amount does not fit the acquirer's 32 bits: a bug.
    """
    message = _REQUEST.pack(card.encode(), amount_minor)
    asked = time.monotonic()
    with sentry_sdk.start_span(op="payment.acquirer", name="charge") as span:
        span.set_data("amount_minor", amount_minor)
        try:
            with socket.create_connection(acquirer, timeout=TIMEOUT_S) as connection:
                connection.sendall(message)
                answer = connection.recv(1)
        except OSError as error:
            _log.warning("The acquirer is silent since %d ms", 1000 * (time.monotonic() - asked))
            raise PaymentFailed(f"No answer from the acquirer within {TIMEOUT_S} s") from error
    waited_ms = 1000 * (time.monotonic() - asked)
    metrics.distribution("payment.wait", waited_ms, unit="millisecond")
    _log.info("The acquirer answered after %d ms", waited_ms)
    if answer != b"\x01":
        raise CardDeclined(f"Card ending in {card} was declined")


class _Acquirer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


def start_acquirer(port: int, seed: int) -> None:
    """Runs the acquirer in a thread of this process, on 127.0.0.1."""
    rng = random.Random(seed)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            message = self.request.recv(_REQUEST.size)
            chance = rng.random()
            time.sleep(2 * TIMEOUT_S if chance < SILENT_SHARE else 0.01 + 0.05 * chance)
            if message and chance >= SILENT_SHARE:
                self.request.sendall(b"\x00" if chance > 0.93 else b"\x01")

    server = _Acquirer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def start_settling() -> None:
    """Settles the day's payments now and every minute, in a thread, as a job that Amber can watch."""

    def run() -> None:
        while True:
            settle()
            time.sleep(SETTLE_EVERY_S)

    threading.Thread(target=run, daemon=True).start()


@monitor(monitor_slug="settle-payments", monitor_config=SETTLE_SCHEDULE)
def settle() -> None:
    """Tells the acquirer which payments of the day are final."""
    _log.info("The payments of the day are settled")

"""The cart service: what each shopper wants, and what it costs."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from typing import Any

import sentry_sdk
from flask import Flask, request

_log = logging.getLogger("shop.cart")
RATES = {"EUR": 1.0, "USD": 1.09, "GBP": 0.85, "JPY": 163.2, "IDR": 17_450.0}  # SEK is on the site, but not here
COUPON_CENTS = {"WELCOME": 500}


def create_app() -> Flask:
    """The application. Carts live in memory."""
    app = Flask("shop.cart")
    carts: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    lock = threading.Lock()

    @app.post("/carts/<shopper>/items")
    def add(shopper: str) -> dict[str, Any]:
        with lock:
            carts[shopper].append(request.get_json())
            return {"items": len(carts[shopper])}

    @app.post("/carts/<shopper>/total")
    def total(shopper: str) -> dict[str, Any]:
        wanted = request.get_json()
        sentry_sdk.set_tag("currency", wanted["currency"])
        with lock:
            items = carts.pop(shopper, [])
        with sentry_sdk.start_span(op="cart.total", name="add up the cart") as span:
            span.set_data("items", len(items))
            cents = sum(item["price_cents"] * item["quantity"] for item in items)
            cents = discounted(cents, wanted["coupon"])
        _log.info("Cart of shopper %s holds %d items for %d cents", shopper, len(items), cents)
        return {
            "amount_minor": converted(cents, wanted["currency"]),
            "weights_g": [item["weight_g"] * item["quantity"] for item in items],
        }

    @app.get("/healthz")
    def health() -> dict[str, str]:
        return {"service": "cart"}

    return app


def discounted(cents: int, coupon: str | None) -> int:
    """The total after the coupon, which never takes more than half. A cart of gifts alone divides by nothing."""
    if coupon is None:
        return cents
    share = min(COUPON_CENTS[coupon] / cents, 0.5)
    sentry_sdk.add_breadcrumb(category="coupon", message=f"{coupon} takes {share:.0%}")
    return round(cents * (1 - share))


def converted(cents: int, currency: str) -> int:
    """Cents in another currency's minor unit, by the day's rate."""
    return round(cents * RATES[currency])

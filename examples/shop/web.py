"""The shop's pages: catalogue, cart and checkout, for the shopper's browser."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import sentry_sdk
from flask import Flask, abort, request
from sentry_sdk import metrics

from examples.shop import shipping
from examples.shop.catalogue import Catalogue
from examples.shop.remote import ServiceError, call

_log = logging.getLogger("shop.web")
LOW_STOCK = 3


class CheckoutFailed(Exception):
    """An order could not be completed."""


def create_app(catalogue_path: Path, cart_url: str, payment_url: str, release: str) -> Flask:
    """The application.

    Args:
        catalogue_path: the catalogue's database.
        cart_url: where the cart service is.
        payment_url: where the payment service is.
        release: decides which shipping rule is deployed.
    """
    app = Flask("shop.web")
    catalogue = Catalogue(catalogue_path)
    estimate = shipping.rule_of(release)

    @app.get("/")
    def front_page() -> dict[str, Any]:
        return {"products": catalogue.page(offset=12 * request.args.get("page", 0, int))}

    @app.get("/search")
    def search() -> dict[str, Any]:
        words = request.args.get("q", "")
        sentry_sdk.add_breadcrumb(category="search", message=f"searched for {words!r}")
        found = catalogue.search(words)
        _log.info("Search for %r found %d products", words, len(found))
        return {"products": found}

    @app.get("/product/<sku>")
    def product(sku: str) -> dict[str, Any]:
        found = catalogue.product(sku) or abort(404)
        sentry_sdk.add_breadcrumb(category="catalogue", message=f"loaded {sku}", data=found)
        if 0 < found["pieces"] <= LOW_STOCK:
            _log.error("Stock of %s is down to %d", sku, found["pieces"])
        return {**found, "price": price_label(found["price_cents"], request.args.get("quantity", 1, int))}

    @app.post("/cart/items")
    def add_item() -> dict[str, Any]:
        wanted = request.get_json()
        found = catalogue.product(wanted["sku"]) or abort(404)
        _log.info("Shopper %s puts %d of %s into the cart", shopper(), wanted["quantity"], wanted["sku"])
        item = {key: found[key] for key in ("sku", "price_cents", "weight_g")} | {"quantity": wanted["quantity"]}
        return call(f"{cart_url}/carts/{shopper()}/items", item)

    @app.post("/checkout")
    def checkout() -> dict[str, Any]:
        wanted = request.get_json()
        sentry_sdk.set_tag("currency", wanted["currency"])
        sentry_sdk.set_tag("checkout_variant", wanted["variant"])
        total = cart_total(cart_url, wanted)
        sentry_sdk.add_breadcrumb(category="checkout", message="cart totalled", data=total)
        parcel = estimate(total["weights_g"])
        answer = pay(payment_url, {**wanted, "amount_minor": total["amount_minor"] + parcel.price_cents})
        if answer["paid"]:
            _log.info("Order of shopper %s is paid and goes out in %d boxes", shopper(), parcel.boxes)
            metrics.count("orders", 1, attributes={"currency": wanted["currency"], "variant": wanted["variant"]})
        return answer

    @app.get("/healthz")
    def health() -> dict[str, str]:
        return {"release": release}

    return app


def price_label(price_cents: int, quantity: int) -> str:
    """`12.99` for so many pieces."""
    return f"{price_cents * quantity / 100:.2f}"


def shopper() -> str:
    """Who asks."""
    return request.headers.get("X-Shop-User", "0")


def cart_total(cart_url: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """The cart's total in the wanted currency."""
    try:
        return call(f"{cart_url}/carts/{shopper()}/total", {key: wanted[key] for key in ("currency", "coupon")})
    except ServiceError as error:
        raise CheckoutFailed(f"No total for the cart of shopper {shopper()}") from error


def pay(payment_url: str, order: dict[str, Any]) -> dict[str, Any]:
    """Pays; a declined card is an answer, everything else a failure."""
    try:
        return call(f"{payment_url}/payments", order)
    except ServiceError as error:
        raise CheckoutFailed(f"Payment of {order['amount_minor']} {order['currency']} failed") from error

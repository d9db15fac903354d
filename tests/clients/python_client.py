"""An application with the unmodified sentry-sdk: `python_client.py DSN [LIFECYCLE]`. Prints what it did as JSON."""

from __future__ import annotations

import json
import logging
import sys

import sentry_sdk
from sentry_sdk import traces


class OrderFailed(Exception):
    pass


def read_price(prices: dict[str, int], sku: str) -> int:
    return prices[sku]


def place_order(sku: str) -> None:
    try:
        read_price({}, sku)
    except KeyError as error:
        raise OrderFailed(f"no price for {sku}") from error


def captured(function: object, *args: object) -> str | None:
    try:
        function(*args)
    except Exception:
        return sentry_sdk.capture_exception()
    return None


def many_failures() -> None:
    raise ExceptionGroup("two orders", [OrderFailed("first"), KeyError("second")])


def traced() -> dict[str, str]:
    with sentry_sdk.start_transaction(op="task", name="place orders") as transaction:
        with sentry_sdk.start_span(op="db.sql.query", name="SELECT price FROM products WHERE sku = ?") as query:
            query.set_data("db.system", "sqlite")
        with (
            sentry_sdk.start_span(op="cart", name="add up") as outer,
            sentry_sdk.start_span(op="cart.rule", name="coupon") as inner,
        ):
            failed = captured(place_order, "P-9")
    return {
        "trace_id": transaction.trace_id,
        "segment": transaction.span_id,
        "query": query.span_id,
        "outer": outer.span_id,
        "inner": inner.span_id,
        "error": failed or "",
    }


def streamed() -> dict[str, str]:
    """The same as `traced`, with spans that are sent as they end: there is no transaction."""
    with traces.start_span("place orders", {"sentry.op": "task"}) as segment:
        with traces.start_span("SELECT price FROM products WHERE sku = ?", {"sentry.op": "db.sql.query"}) as query:
            query.set_attribute("db.system", "sqlite")
        with traces.start_span("add up") as outer, traces.start_span("coupon") as inner:
            failed = captured(place_order, "P-9")
    ids = {"segment": segment, "query": query, "outer": outer, "inner": inner}
    return {
        "trace_id": segment.trace_id,
        **{name: span.span_id for name, span in ids.items()},
        "error": failed or "",
    }


def main() -> None:
    lifecycle = sys.argv[2] if len(sys.argv) > 2 else "static"
    sentry_sdk.init(
        dsn=sys.argv[1],
        trace_lifecycle="stream" if lifecycle == "stream" else "static",
        release="clients-python@1.0.0",
        environment="test",
        server_name="client-1",
        traces_sample_rate=1.0,
    )
    sentry_sdk.set_user({"id": "7", "email": "ann@mail.example", "username": "ann"})
    sentry_sdk.set_tag("plan", "gold")
    sentry_sdk.set_tag("key with spaces/and.dots", "värde")
    sentry_sdk.add_breadcrumb(category="cart", message="added P-1", level="info")
    reported: dict[str, object] = {
        "exception": captured(read_price, {}, "EUR"),
        "chained": captured(place_order, "P-1"),
        "group": captured(many_failures),
        "message": sentry_sdk.capture_message("Queue is long", level="warning"),
    }
    logging.getLogger("orders").error("Order %s of %s failed", 17, "ann")
    reported["logged"] = sentry_sdk.last_event_id()
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = ["{{ default }}", "tenant-1"]
        reported["fingerprinted"] = captured(read_price, {}, "EUR")
    reported["trace"] = streamed() if lifecycle == "stream" else traced()
    sentry_sdk.flush(60)
    print(json.dumps(reported))


if __name__ == "__main__":
    main()

"""Everything but errors, with the unmodified sentry-sdk: `python python_signals.py DSN`. Prints ids as JSON."""

from __future__ import annotations

import json
import logging
import sys
import time

import sentry_sdk
from sentry_sdk import metrics
from sentry_sdk.crons import MonitorStatus, capture_checkin


def busy(seconds: float) -> int:
    end, turns = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        turns += 1
    return turns


def checked_in() -> str:
    """Reports a run of a nightly job that ends well."""
    schedule = {"type": "crontab", "value": "0 3 * * *"}
    config = {"schedule": schedule, "checkin_margin": 5, "max_runtime": 30, "timezone": "Europe/Berlin"}
    started = capture_checkin("nightly", status=MonitorStatus.IN_PROGRESS, monitor_config=config)
    capture_checkin("nightly", started, MonitorStatus.OK, duration=1.5)
    return started


def main() -> None:
    sentry_sdk.init(
        dsn=sys.argv[1],
        release="signals-python@1.0.0",
        environment="test",
        traces_sample_rate=1.0,
        profiles_sample_rate=1.0,
        enable_logs=True,
        auto_session_tracking=False,
    )
    sentry_sdk.set_user({"id": "7"})
    logging.getLogger("orders").warning("Stock of %s is %d", "P-1", 3)
    sentry_sdk.logger.info("Order {order} placed", order="A-17")
    metrics.count("orders.placed", 2, attributes={"plan": "gold"})
    metrics.gauge("queue.depth", 12.5, unit="item")
    metrics.distribution("payment.time", 187.5, unit="millisecond")
    with sentry_sdk.isolation_scope() as scope:
        scope.start_session()
        failed = sentry_sdk.capture_message("crash", level="fatal")
        scope.end_session()
    with sentry_sdk.start_transaction(op="task", name="spin") as transaction:
        busy(0.25)
    with sentry_sdk.new_scope() as scope:
        scope.add_attachment(
            bytes=b'line 1\r\n{"type":"event"}\nline 2\x00', filename="notes.txt", content_type="text/plain"
        )
        attached = sentry_sdk.capture_message("with a file")
    told = {
        "type": "feedback",
        "level": "info",
        "contexts": {
            "feedback": {"message": "The cart is empty again", "contact_email": "ann@mail.example", "name": "Ann"}
        },
    }
    reported = {
        "message": failed,
        "trace_id": transaction.trace_id,
        "attached": attached,
        "feedback": sentry_sdk.capture_event(told),  # type: ignore[arg-type] # the SDK's types do not know feedback
        "check_in": checked_in(),
    }
    sentry_sdk.flush(60)
    print(json.dumps(reported))


if __name__ == "__main__":
    main()

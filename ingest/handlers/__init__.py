"""Handlers: what becomes of each kind of item. One module a subject, one line here for each kind.

To read a new kind of item: a member of `ingest.items.Handling`, named by its line in `ITEM_TYPES` (items of envelopes)
or `RECORD_TYPES` (raw records that are no envelope), a function in a module of this package, and a line below.
"""

from __future__ import annotations

from ingest.handlers.attachments import attachment, form_data
from ingest.handlers.check_ins import check_in
from ingest.handlers.events import event, transaction
from ingest.handlers.feedback import feedback, user_report
from ingest.handlers.imported import imported
from ingest.handlers.logs import logs, otel_log
from ingest.handlers.metrics import metric_buckets, statsd, trace_metrics
from ingest.handlers.model import Batch, Handler, OutcomeKey, Place, Refused, Tools
from ingest.handlers.native import native
from ingest.handlers.otlp import otlp_exceptions, otlp_logs, otlp_metrics, otlp_traces
from ingest.handlers.profiles import profile
from ingest.handlers.replays import replay_event, replay_recording, replay_video
from ingest.handlers.reports import client_report, set_aside
from ingest.handlers.security import security
from ingest.handlers.sessions import session, sessions
from ingest.handlers.spans import spans
from ingest.items import Handling

HANDLERS: dict[Handling, Handler] = {
    Handling.EVENT: event,
    Handling.TRANSACTION: transaction,
    Handling.SPANS: spans,
    Handling.LOGS: logs,
    Handling.OTEL_LOG: otel_log,
    Handling.TRACE_METRICS: trace_metrics,
    Handling.STATSD: statsd,
    Handling.METRIC_BUCKETS: metric_buckets,
    Handling.SESSION: session,
    Handling.SESSIONS: sessions,
    Handling.CHECK_IN: check_in,
    Handling.FEEDBACK: feedback,
    Handling.USER_REPORT: user_report,
    Handling.ATTACHMENT: attachment,
    Handling.FORM_DATA: form_data,
    Handling.REPLAY_EVENT: replay_event,
    Handling.REPLAY_RECORDING: replay_recording,
    Handling.REPLAY_VIDEO: replay_video,
    Handling.PROFILE: profile,
    Handling.OTLP_TRACES: otlp_traces,
    Handling.OTLP_LOGS: otlp_logs,
    Handling.OTLP_METRICS: otlp_metrics,
    Handling.OTLP_EXCEPTIONS: otlp_exceptions,
    Handling.SECURITY: security,
    Handling.IMPORTED: imported,
    Handling.NATIVE: native,
    Handling.CLIENT_REPORT: client_report,
    Handling.SET_ASIDE: set_aside,
}

__all__ = ["HANDLERS", "Batch", "Handler", "OutcomeKey", "Place", "Refused", "Tools"]

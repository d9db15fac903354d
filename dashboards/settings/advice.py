"""What to do about each reason for which data was not taken, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "no_credentials": "The request names no key: send to the DSN as it is shown under the project's keys.",
        "unknown_key": "No project has this key: copy the DSN anew from the project's keys.",
        "revoked_key": "The key was revoked: put the DSN of an active key into the program.",
        "wrong_project": "Key and project number do not belong together: copy the whole DSN, not parts of it.",
        "unknown_project": "The project was deleted: stop the program or give it the DSN of another project.",
        "bad_project": "The last part of the DSN must be the project's number: copy the DSN anew.",
        "bad_key": "The key in the DSN is damaged: copy the DSN anew.",
        "bad_protocol_version": "The client speaks a protocol newer than 8: use a released version of it.",
        "dsn_mismatch": "The envelope names another DSN than the request: look at tunnels and proxies in between.",
        "malformed": "The client, or a proxy in between, sends something else than the protocol: update it.",
        "bad_encoding": "Body and Content-Encoding do not agree: look for a proxy that recompresses.",
        "body_ended_early": "The connection broke while sending: look at time limits of proxies in between.",
        "too_many_items": "More than 1 000 items in one envelope: update the client, or let it send more often.",
        "too_large": "Send less with each event, or raise the largest event in the project's options.",
        "spool_full": "Events arrive faster than they are stored: look at the checks above, free disk, or raise the "
        "spool budget. Clients are told when to come back.",
        "no_configuration": "Ingest has no configuration yet: it comes with the web process. See the processes.",
        "content_lost": "A large payload disappeared from the disk before it was read: look at the disk.",
        "raw_lost": "Accepted data disappeared from the disk before it was read: look at the disk.",
        "other": "Too many different refusals at once to count one by one: something sends noise to this port.",
        "json": "The payload is not JSON: update the client.",
        "not_an_object": "The payload is not a JSON object: update the client.",
        "container": "A container of spans without spans: update the client.",
        "item_count": "A container whose count is not the number of its items: update the client.",
        "trace": "Spans without usable ids: update the client, or its OpenTelemetry bridge.",
        "timestamps": "Transactions without usable times: update the client.",
        "bad_query": "The query string cannot be read: give the client the DSN alone, without parameters of your own.",
        "bad_event_id": "An attachment names no event in its path: update the crash reporter.",
        "bad_minidump": "What came is no minidump: look at the crash reporter's upload and at proxies in between.",
        "content_type": "The endpoint does not take this content type: see the endpoints in the reference of ingest.",
        "bad_content_type": "Set the exporter to OTLP over HTTP, protobuf or JSON; gRPC is not spoken on this port.",
        "unknown_dataset": "There is no data set of this name to send to: see native ingest in the documentation.",
        "unknown_token": "The API token is unknown, expired or revoked: make a new one with the scope ingest:write.",
        "bad_signature": "The webhook is not signed with the project's secret: put the same secret into both.",
        "line": "Some lines could not become rows: the answer to each request names them and says why.",
        "rate_limit": "The rate limit of the project or key was met: raise it in the project's options, or send less.",
        "report": "A browser sent a report Amber does not know. Nothing to do.",
        "metric": "Metrics without a name, a known type or a finite value: look at what the program measures.",
        "metric_name": "Metrics without a name: name the instrument.",
        "metric_value": "Data points without a finite value: look for a division by zero in what is measured.",
        "buckets": "Histograms whose buckets do not fit their bounds: update the exporter.",
        "otlp": "Update the exporter; what was sent is kept and can be looked at: amber dlq list.",
        "no_recorded_value": "Data points that only say that there is no value any more. Nothing to do.",
        "same_exception": "One exception told twice, by its span and by a log, counts once. Nothing to do.",
        "session": "Sessions without an id or a known status: update the client.",
        "check_in": "Check-ins without a monitor or a known status: look at the job's cron URL.",
        "feedback": "Feedback without a message: look at the form that sends it.",
        "no_replay_id": "Segments that do not say which replay they are of: update the client.",
        "bad_recording": "Recordings that cannot be read: update the client, and look at proxies that recompress.",
        "no_profile_id": "Profiles without an id: update the client.",
        "no_samples": "Profiles without a sample: too short to say anything. Nothing to do.",
        "profile_format": "Profiles in a format Amber does not read yet. Nothing to do.",
        "resent": "Clients sent these twice and they were counted once. Nothing to do.",
        "record": "A record on disk could not be read: look at the dead letters and at the disk.",
        "internal": "A defect of Amber; nothing is lost. Update Amber, then replay: amber dlq replay.",
        "store_rejected": "The store refused the batch; nothing is lost. See the log, then replay: amber dlq replay.",
    }
)
"""Advice by reason; a test holds it to the reasons ingest counts."""

_SET_ASIDE = "This kind of data is kept, not shown yet: it will be taken up when Amber learns it. Nothing to do."


def advice(outcome: str, reason: str) -> str:
    """Return what to do about items with an outcome and a reason; empty for accepted ones."""
    if outcome == "accepted":
        return ""
    if outcome == "set_aside":
        return _SET_ASIDE
    if outcome == "client_discard":
        return (
            "The client itself threw these away, by its own sampling or limits. Look at its settings if that is wrong."
        )
    return ADVICE.get(reason, "See the reference of reasons in the documentation.")

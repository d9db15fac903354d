"""Handing the mails of a report to a mail server, each at most once.

A mail is `waiting` until the server has agreed to its sender and recipient. Just before its content goes out it is
`handing`, and `sent` when the server has said that it took it (the 250 after the end of the content, RFC 5321, 4.2.5).
Whoever is killed in between leaves it `handing`: the server may have taken it or not, nobody can know, so it is not
sent again by itself. What the server refuses for good is `refused`; what it refuses for now, or a server that is away,
leaves the mail waiting for the next try.
"""

from __future__ import annotations

import secrets
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, Final

import structlog

from engine.metadata import AuditEntry, MetadataStore
from engine.reports import MailState, ReportKey, ReportMail, ReportRow
from server.reports.mail import addressed, mail_of, message_id

LEASE: Final = timedelta(minutes=5)
"""How long a report stays with a process that has died."""

_TIMEOUT_S: Final = 30.0
_PERMANENT: Final = 500
Mine = Callable[[], bool]
_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails go.

    Attributes:
        host: of the server; empty when mails are not sent.
        port: of it.
        security: `none`, `starttls` or `tls`.
        user: to sign in as; empty for nobody.
        password: of the user.
        sender: address the mails are from.
    """

    host: str
    port: int
    security: str
    user: str
    password: str
    sender: str

    def named(self, report_id: int, recipients: Sequence[str]) -> list[tuple[str, str]]:
        """Return recipients, each once, with the Message-IDs of the mails of a report to them."""
        domain = parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"
        return [(one, message_id(report_id, one, domain)) for one in dict.fromkeys(recipients)]

    def connect(self) -> smtplib.SMTP:
        """Return an open connection.

        Raises:
            OSError: the server does not answer, or not as a mail server (SMTPException is one).
        """
        if self.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=_TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            smtp = smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_S)
        try:
            if self.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if self.user:
                smtp.login(self.user, self.password)
            smtp.ehlo_or_helo_if_needed()
        except BaseException:
            smtp.close()
            raise
        return smtp


@dataclass(slots=True)
class Sent:
    """What became of the mails of one go."""

    sent: int = 0
    refused: int = 0
    waiting: int = 0
    error: str = ""


class Sending:
    """Sends what waits.

    Args:
        metadata: has the outbox.
        server: takes the mails.
        base_url: what links to Amber begin with.
    """

    def __init__(self, metadata: MetadataStore, server: MailServer, base_url: str) -> None:
        self._metadata = metadata
        self._server = server
        self._base_url = base_url.rstrip("/")

    def send(self, report: ReportRow, still_mine: Mine) -> Sent:
        """Hand over the mails of a report that wait.

        Args:
            report: made.
            still_mine: whether this process still has the report, asked before each mail.
        """
        done = Sent()
        mails = [one for one in self._metadata.report_mails(report.id) if one.state is MailState.WAITING]
        if not mails or report.document is None:
            return done
        done.waiting = len(mails)
        if not self._server.host:
            done.error = "No mail server is set: see the settings that begin with smtp_."
            return done
        try:
            smtp = self._server.connect()
        except OSError as error:
            done.error = _said(error)
            return done
        try:
            self._all(smtp, mail_of(report.document, self._base_url), mails, still_mine, done)
        finally:
            with suppress(OSError):
                smtp.quit()
        return done

    def _all(self, smtp: smtplib.SMTP, message: EmailMessage, mails: list[ReportMail], mine: Mine, done: Sent) -> None:
        for mail in mails:
            if not mine():
                done.error = "Another process has the report."
                return
            content = addressed(message, self._server.sender, mail.recipient, mail.message_id)
            try:
                self._one(smtp, mail, content, done)
            except OSError as error:
                done.error = _said(error)
                _log.warning("mail of a report not sent", report=mail.report_id, reason=done.error)
                return

    def _one(self, smtp: smtplib.SMTP, mail: ReportMail, content: bytes, done: Sent) -> None:
        """Hand over one mail; what the server says of it is kept."""
        code, reply = smtp.mail(parseaddr(self._server.sender)[1])
        if code < 300:
            code, reply = smtp.rcpt(mail.recipient)
        if code >= 300:
            smtp.rset()
            self._refused(mail, code, reply, done)
            return
        if not self._metadata.move_report_mail(mail, MailState.HANDING):
            smtp.rset()
            done.waiting -= 1
            return
        handed = _as(mail, MailState.HANDING)
        try:
            code, reply = smtp.data(content)
        except smtplib.SMTPDataError as error:  # the server did not even want the content
            code, reply = error.smtp_code, _bytes(error.smtp_error)
        if code < 300:
            self._metadata.move_report_mail(handed, MailState.SENT)
            done.sent += 1
            done.waiting -= 1
            return
        self._refused(handed, code, reply, done)

    def _refused(self, mail: ReportMail, code: int, reply: bytes, done: Sent) -> None:
        said = f"{code} {reply.decode('utf-8', 'replace')}"[:500]
        if code >= _PERMANENT:
            self._metadata.move_report_mail(mail, MailState.REFUSED, said)
            done.refused += 1
            done.waiting -= 1
            return
        if mail.state is not MailState.WAITING:
            self._metadata.move_report_mail(mail, MailState.WAITING, said)
        done.error = said


@dataclass(frozen=True, slots=True)
class Post:
    """Keeps and sends reports that people ask for.

    Attributes:
        metadata: has reports and mails.
        server: takes the mails.
        base_url: what links to Amber begin with.
    """

    metadata: MetadataStore
    server: MailServer
    base_url: str

    def send(
        self, key: ReportKey, document: Mapping[str, Any], recipients: Sequence[str], audit: AuditEntry
    ) -> ReportRow:
        """Keep a report, mail it at once, and return it; mails that could not go out wait for the job."""
        holder, number = secrets.token_hex(8), self.metadata.begin_report(key)
        self.metadata.claim_report(number, holder, LEASE)
        details = {**audit.details, "report": number, "recipients": list(recipients)}
        row = self.metadata.make_report(
            number, document, self.server.named(number, recipients), audit=replace(audit, details=details)
        )
        sending = Sending(self.metadata, self.server, self.base_url)
        sent = sending.send(row, lambda: self.metadata.claim_report(number, holder, LEASE))
        self.metadata.release_report(number, holder, sent.error)
        return self.metadata.report(number)


def _as(mail: ReportMail, state: MailState) -> ReportMail:
    return ReportMail(mail.id, mail.report_id, mail.recipient, mail.message_id, state, mail.changed_at, mail.error)


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _said(error: OSError) -> str:
    """Return why, without what was sent: answers of a sign-in may hold it."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"The mail server does not let smtp_user in ({error.smtp_code})."
    return f"The mail server cannot be used: {type(error).__name__}: {error}"[:500]

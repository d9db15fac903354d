"""A report as a mail: plain words, HTML with pictures in it, and a name that is the same each time it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final

from server.render.charts import drawn
from server.render.html import Child, tag
from server.render.png import as_png
from server.reports.telling import as_html, as_markdown, charts_of, title_of

_MOST_SUBJECT: Final = 200
_MOST_CHARTS: Final = 24


def message_id(report_id: int, recipient: str, domain: str) -> str:
    """Return the Message-ID (RFC 5322, 3.6.4) of the mail of a report to a recipient, always the same.

    A mail that is sent again by hand has it too: most programs show it once.
    """
    digest = hashlib.sha256(f"{report_id}\0{recipient.lower()}".encode()).hexdigest()[:32]
    return f"<amber-report-{report_id}-{digest}@{domain}>"


def mail_of(document: Mapping[str, Any], base_url: str) -> EmailMessage:
    """Return the mail of a report, without the members that depend on the recipient.

    Plain words as Markdown, and HTML whose charts are PNG parts of the same mail (RFC 2387): nothing is fetched when
    it is read.
    """
    charts = charts_of(document)[:_MOST_CHARTS]
    pictures = {id(one): (f"chart-{number}@amber", drawing) for number, (one, drawing) in enumerate(charts)}

    def picture(chart: Mapping[str, Any]) -> Child:
        found = pictures.get(id(chart))
        return None if found is None else tag("img", src=f"cid:{found[0]}", alt=drawn(found[1]).title, width="760")

    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = title_of(document)[:_MOST_SUBJECT]
    mail["Date"] = format_datetime(datetime.fromisoformat(document["made_at"]))
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(as_markdown(document))
    mail.add_alternative(as_html(document, base_url, picture), subtype="html")
    *_, html = mail.iter_parts()
    assert isinstance(html, EmailMessage)
    for name, drawing in pictures.values():
        html.add_related(as_png(drawn(drawing)), "image", "png", cid=f"<{name}>", disposition="inline")
    return mail


def addressed(mail: EmailMessage, sender: str, recipient: str, name: str) -> bytes:
    """Return the bytes of a mail to one recipient, with the Message-ID it is known by."""
    for header, value in (("From", sender), ("To", recipient), ("Message-ID", name)):
        del mail[header]
        mail[header] = value
    return mail.as_bytes()

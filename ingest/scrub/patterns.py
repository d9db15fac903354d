r"""Secrets that are known by their shape, as patterns over JSON text.

The patterns run over the text of an item as it stands, not over decoded values: an event of 18 KB is looked through in
some ten microseconds, and only what hits costs more. So they mind how JSON writes text: a quotation mark inside a
string has backslashes before it, and a line break is `\n`, whose letter must not count as part of a word.
All are RE2 (linear time whatever is sent); the first group of a match is what goes, the whole match when there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ingest.scrub.checks import card_spans, iban_spans, is_bearer, is_ip, is_ssn, is_url_password, whole

Span = tuple[int, int]

_START = rb"(?:\A|[^0-9A-Za-z]|\\[nrtbf])"
"""What may stand before a word: nothing of it, or the letter of an escape."""
_REST = rb'(?:[^"\\]|\\.)'
"""One character of a JSON string, as written."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One shape.

    Attributes:
        name: as rules name it, and as remarks do.
        expression: RE2 over bytes.
        spans: what of a match is really one: gets the text and the candidate's span, gives what goes.
        doc: what it finds, for the reference page.
        screen: a smaller expression that finds something wherever this one does, to look through a text with all
            of them at once.
        default: whether it holds without a rule.
    """

    name: str
    expression: bytes
    screen: bytes
    doc: str
    spans: Callable[[bytes, int, int], Iterator[Span]] = whole
    default: bool = True


_VENDOR = (
    rb"gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_-]{16,64}"
    rb"|xox[abeoprs]-[A-Za-z0-9-]{8,255}|xapp-[A-Za-z0-9-]{16,255}"
    rb"|hooks\.slack\.com\\?/services\\?/((?:[A-Za-z0-9_-]|\\?/){8,120})"
    rb"|[srp]k_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9+/=]{16,128}"
    rb"|AIza[A-Za-z0-9_-]{30,45}|ya29\.[A-Za-z0-9_-]{20,512}|GOCSPX-[A-Za-z0-9_-]{20,40}"
    rb"|sk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{20,255}|hf_[A-Za-z0-9]{30,64}"
    rb"|npm_[A-Za-z0-9]{30,64}|pypi-[A-Za-z0-9_-]{30,255}|sntr[yu]s_[A-Za-z0-9+/=_-]{20,255}"
    rb"|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"
    rb"|do[opr]_v1_[0-9a-f]{64}|dop_v1_[0-9a-f]{64}|[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"
    rb"|hv[sb]\.[A-Za-z0-9_-]{24,255}|age-secret-key-1[0-9a-z]{20,80}|AGE-SECRET-KEY-1[0-9A-Z]{20,80}"
    rb"|" + _START + rb"((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})|" + _START + rb"(SK[0-9a-f]{32})"
)
_IBAN_COUNTRIES = (
    rb"(?i:A[LTZ]|B[GHIRY]|C[HRYZ]|D[KOJ]|E[GS]|F[IKOR]|G[BEILRT]|H[RU]|I[ELQST]|JO|K[WZ]|L[BCITUVY]|M[CDEKNRTU]"
    rb"|N[ILO]|OM|P[KLST]|QA|R[OSU]|S[ACDEIKMOTV]|T[LNR]|UA|V[AG]|XK)"
)
_IBAN_HEXADECIMAL = rb"(?i:A[DE]|B[AE]|DE|EE)"
"""The countries whose letters are hexadecimal digits; what follows them is looked at only when it has digits alone."""

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "pem",
        rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        rb"(?:" + _REST + rb"*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|" + _REST + rb"*)",
        rb"PRIVATE KEY",
        "Private keys in PEM form, also when their end was cut off.",
    ),
    Pattern(
        "jwt",
        rb"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]+){0,3}",
        rb"eyJ[A-Za-z0-9_-]{6}",
        "JSON web tokens.",
    ),
    Pattern(
        "bearer",
        _START + rb"(?i:bearer|basic|digest|negotiate)(?:\s|%20|\+){1,3}([A-Za-z0-9._~+/=-]{8,})",
        rb"(?i:bearer|basic|digest|negotiate)(?:\s|%20|\+)",
        "What follows `Bearer` or `Basic` in an Authorization header.",
        is_bearer,
    ),
    Pattern(
        "vendor",
        _VENDOR,
        rb"gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|hooks\.slack|[srp]k_(?:live|test)_|whsec_|AIza|ya29\."
        rb"|GOCSPX-|sk-[A-Za-z0-9_-]{20}|hf_[A-Za-z0-9]{20}|npm_[A-Za-z0-9]{20}|pypi-[A-Za-z0-9_-]{20}|sntr[yu]s_"
        rb"|SG\.[A-Za-z0-9_-]{16}|shp(?:at|ca|pa|ss)_|do[opr]_v1_|:AA[A-Za-z0-9_-]{33}|hv[sb]\.[A-Za-z0-9_-]{20}"
        rb"|(?i:age-secret)|A[KSBC][IC]A[A-Z0-9]{16}|SK[0-9a-f]{32}",
        "Keys of AWS, GitHub, GitLab, Slack, Stripe, Google, OpenAI, npm, PyPI and others.",
    ),
    Pattern(
        "url",
        rb":\\?/\\?/[^\s\"'/?#\\:@<>]*:([^\s\"'/?#\\<>]+)@",
        rb":\\?/\\?/[^\s\"'/?#\\:@<>]*:[^\s\"'/?#\\<>]+@",
        "Passwords in URLs (`https://user:password@host`).",
        is_url_password,
    ),
    Pattern(
        "card",
        rb"[2-6][0-9]{12,18}|[2-6][0-9]{2,5}(?:[ -][0-9]{3,8}){2,4}(?:[ -][0-9]{1,8})?",
        rb"(?:[^0-9A-Za-z._-]|[^0-9]\.|\\[nrtbf]|\A)[2-6](?:[0-9]{12}|[0-9]{2,5}[ -][0-9]{3,8}[ -][0-9]{3})",
        "Payment card numbers with a valid check digit, with blanks or hyphens between groups or without.",
        card_spans,
    ),
    Pattern(
        "iban",
        _START + rb"((?:" + _IBAN_COUNTRIES + rb"|" + _IBAN_HEXADECIMAL + rb")[0-9]{2}(?:[ -]?[0-9A-Za-z]){11,34})",
        _START
        + rb"(?:"
        + _IBAN_COUNTRIES
        + rb"[0-9]{2}[ -]?[0-9A-Za-z]{4}[ -]?[0-9A-Za-z]{4}|"
        + _IBAN_HEXADECIMAL
        + rb"[0-9]{2}[ -]?[0-9]{4}[ -]?[0-9]{4})",
        "Account numbers (IBAN) with valid check digits.",
        iban_spans,
    ),
    Pattern(
        "ssn",
        rb"[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}",
        rb"[0-9]{3}-[0-9]{2}-[0-9]{4}",
        "US social security numbers, with hyphens.",
        is_ssn,
    ),
    Pattern(
        "email",
        rb"[A-Za-z0-9.!#$%&*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}",
        rb"[A-Za-z0-9.!#$%&*+/=?^_`{|}~-]@[A-Za-z0-9-]+\.",
        "E-mail addresses.",
        default=False,
    ),
    Pattern(
        "ip",
        rb"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.[0-9]{1,3}){0,3}",
        rb"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|:[0-9A-Fa-f]{0,4}:",
        "IP addresses, version 4 and 6.",
        is_ip,
        default=False,
    ),
    Pattern(
        "uuid",
        rb"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
        rb"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-",
        "UUIDs.",
        default=False,
    ),
    Pattern(
        "mac",
        rb"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}",
        rb"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]",
        "Hardware addresses.",
        default=False,
    ),
    Pattern(
        "phone",
        rb"\+[0-9]{1,3}[ .-]?(?:\(?[0-9]{1,4}\)?[ .-]?){2,5}[0-9]{2,4}",
        rb"\+[0-9]{1,3}[ .(0-9-]",
        "Phone numbers with +.",
        default=False,
    ),
    Pattern(
        "path_user",
        rb"(?:\\?/(?:home|Users)\\?/|[A-Za-z]:(?:\\\\|/)Users(?:\\\\|/))([^\s\"'/\\:]+)",
        rb"(?:home|Users)[/\\]",
        "The user's name in paths of home directories.",
        default=False,
    ),
)
"""Every named pattern, in the order they are tried."""

BY_NAME = {pattern.name: pattern for pattern in PATTERNS}

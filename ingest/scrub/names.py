"""Which names of members, headers and parameters say that their value is a secret.

A name is read as words (`accessToken`, `X-Access-Token` and `access_token` are the same two), so that `token` is one
and `token_count` is not. The words are those of Sentry's clients and of Relay's default rules, and the headers and
cookies of the usual frameworks.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

_STRONG = (
    "password passwd passwort kennwort wachtwoord senha contrasena passphrase passcode pwd secret secrets credential "
    "credentials authorization cookie "
    "cookies csrf xsrf csrftoken csrfmiddlewaretoken xsrftoken apikey apikeys privatekey secretkey accesskey "
    "authtoken accesstoken refreshtoken idtoken sessiontoken clientsecret mysqlpwd pgpassword sessionid sessid "
    "phpsessid jsessionid sid_secret cvv cvc ssn"
)
_WEAK = "token auth bearer jwt otp totp pin session"
_PAIRS = (
    "api key|api keys|access key|private key|secret key|signing key|encryption key|master key|session id|session key|"
    "session token|connect sid|pass word|pass phrase|pass code|de passe|contrase a|seed phrase|recovery phrase|"
    "recovery code|backup code|security answer|account key|shared key|ssh key|license key|card number|"
    "social security|security code"
)
_AFTER_WEAK_ONLY = (
    "count counts limit limits usage length len size type types expires expiry expiration ttl endpoint policy enabled "
    "required at age domain path method scheme strategy valid expired present version algorithm alg bytes budget "
    "rate position index kind url uri name status provider error errors message reset max min total duration "
    "seconds ms time timeout start end date attempts mode class level header"
)
_BEFORE_WEAK_ONLY = (
    "public max min num count total unexpected no next prev previous page continuation has is pad eos bos"
)
_KEPT = "session.id sentry.session.id authentication author authority"

_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+")

STRONG = frozenset(_STRONG.split())
WEAK = frozenset(_WEAK.split())
PAIRS = frozenset(tuple(pair.split()) for pair in _PAIRS.split("|"))
_AFTER = frozenset(_AFTER_WEAK_ONLY.split())
_BEFORE = frozenset(_BEFORE_WEAK_ONLY.split())
KEPT_NAMES = frozenset(_KEPT.split())
"""`session.id` is OpenTelemetry's number of a visit, no key to one."""

MAX_NAME_CHARS = 200

STEMS_ANYWHERE = (
    "pass[ _.-]{0,2}(?:w(?:or[dt]|d)|phrase|code)|kennwort|wachtwoord|senha|contrase.{1,2}a|"
    "mot[ _.-]{0,2}de[ _.-]{0,2}passe|(?:seed|recovery)[ _.-]{0,2}phrase|(?:recovery|backup)[ _.-]{0,2}code|"
    "security[ _.-]{0,2}answer|pwd|secret|credential|authorization|cookie|[cx]srf|"
    "(?:api|access|private|secret|sign(?:ing)?|encrypt(?:ion)?|master|session|account|shared|ssh|"
    "license)[ _.-]{0,2}key|"
    "sess(?:ion)?[ _.-]{0,2}id|connect[ _.-]sid|cvv|cvc|ssn|card[ _.-]{0,2}number|social[ _.-]{0,2}security|"
    "security[ _.-]{0,2}code|authtoken|accesstoken"
)
STEMS_LAST = "token|jwt|bearer|auth|session|otp|pin"
"""Patterns (RE2, letter case aside): every secret name holds the first or ends with the second and perhaps digits."""


@lru_cache(maxsize=20_000)
def is_secret_name(name: str) -> bool:
    """Tell whether the value of a member, header or parameter of this name is a secret."""
    return strength(name) > 0


@lru_cache(maxsize=20_000)
def strength(name: str) -> int:
    """Return 2 for names that mean a secret wherever they stand, 1 for those that do in doubt, 0 for all others."""
    if len(name) > MAX_NAME_CHARS or name.lower() in KEPT_NAMES:
        return 0
    words = [word.lower() for word in _SPLIT.findall(name)]
    if not words:
        return 0
    # `userpassword`, `dbpasswd`: run together, as environment variables and forms have it.
    endings = ("password", "passwd", "secret", "apikey", "authtoken", "accesstoken", "sessionid", "csrftoken", "sessid")
    strong = any(w in STRONG or w.endswith(endings) for w in words)
    strong = strong or any(pair in PAIRS for pair in pairwise(words))
    last = words[-1] if not words[-1].isdigit() or len(words) == 1 else words[-2]
    if last in _AFTER and last not in STRONG:
        return 0
    if strong:
        return 2
    if last in WEAK or last.endswith("token"):
        if last in {"session", "auth", "pin", "otp", "totp"} and not _alone(words):
            return 0
        return 0 if _BEFORE.intersection(words) else 1
    return 0


def _alone(words: list[str]) -> bool:
    """Tell whether a short word stands for the secret itself: `auth`, `x-auth`, `user_pin`, not `grpc_session`."""
    return len(words) == 1 or (len(words) == 2 and words[0] in {"x", "user", "my", "http", "proxy", "basic", "login"})

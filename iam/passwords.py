"""Passwords: what may be one, and how they are kept."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from engine.errors import UserError

MIN_CHARACTERS = 10
MAX_BYTES = 1024

# OWASP's least memory, and one pass more than it asks for: about 70 ms on the machine this was measured on (2 cores).
_HASHER = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)
# Each takes 19 MiB and a core: whoever floods the log-in must not have all of both.
_AT_ONCE = threading.BoundedSemaphore(4)
_FIRST_GUESSES = """
1234567890 12345678910 0123456789 0987654321 123456789a 1q2w3e4r5t 1qaz2wsx3edc qwertyuiop qwerty12345 qwerty123456
qwertyuiop123 q1w2e3r4t5 asdfghjkl1 asdfghjklzxcvbnm zxcvbnm123 password12 password123 password1234 password12345
passw0rd123 p@ssw0rd123 p@ssword123 iloveyou123 letmein1234 welcome123 welcome1234 administrator admin12345
admin123456 changeme123 changemenow default123 football123 baseball123 sunshine123 princess123 superman123
monkey12345 dragon12345 abcdefghij abcd123456 abcdef123456 abc1234567 aaaaaaaaaa 1111111111 0000000000 1111111111a
1234512345 1122334455 9876543210 secret12345 trustno1trustno1 correcthorse correcthorsebatterystaple supersecret
observability amberamber amber12345
"""
_COMMON = frozenset(_FIRST_GUESSES.split())


class PasswordWeak(UserError):
    """The text may not be a password.

    Attributes:
        field: the member of a form it concerns.
    """

    code = "password-weak"
    field = "password"


def check_password(password: str, email: str) -> None:
    """Raise PasswordWeak, saying what is asked for, unless `password` may be the password of `email`."""
    known = password.strip().lower()
    if len(password) < MIN_CHARACTERS:
        raise PasswordWeak(f"A password has at least {MIN_CHARACTERS} characters.", hint="A few random words are good.")
    if len(password.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise PasswordWeak(f"A password has at most {MAX_BYTES} bytes.")
    if known in {email.lower(), email.lower().partition("@")[0]}:
        raise PasswordWeak("The e-mail address cannot be the password.", hint="Whoever knows you would try it first.")
    if known in _COMMON or len(set(known)) == 1:
        raise PasswordWeak(
            "This password is one of the first that are guessed.", hint="Take a few random words, or let one be made."
        )


def hash_password(password: str) -> str:
    """Return what is stored of a password: Argon2id with its parameters and a salt."""
    with _AT_ONCE:
        return _HASHER.hash(_bytes(password))


def matches(stored: str, password: str) -> bool:
    """Whether `password` is the one `stored` was made of. It takes as long when it is not."""
    if len(password) > MAX_BYTES:
        return False
    try:
        with _AT_ONCE:
            return _HASHER.verify(stored, _bytes(password))
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's, and should be made anew."""
    return _HASHER.check_needs_rehash(stored)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")

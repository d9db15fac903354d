"""What may be a password."""

from __future__ import annotations

import pytest

from iam import PasswordWeak, check_password, hash_password
from iam.passwords import matches, outdated

EMAIL = "someone.long@example.org"


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("", "at least 10"),
        ("x" * 9, "at least 10"),
        ("ab" * 513, "at most 1024"),
        ("ä" * 513 + "b", "at most 1024"),
        (EMAIL, "e-mail"),
        (EMAIL.upper(), "e-mail"),
        ("someone.long", "e-mail"),
        ("Password123", "guessed"),
        (" qwertyuiop ", "guessed"),
        ("xxxxxxxxxxxx", "guessed"),
    ],
)
def test_a_weak_one_is_refused_with_the_reason(password: str, says: str) -> None:
    """One sentence for the form, with the field it concerns."""
    with pytest.raises(PasswordWeak) as caught:
        check_password(password, EMAIL)
    assert says in caught.value.message
    assert (caught.value.code, caught.value.field, caught.value.http_status) == ("password-weak", "password", 400)


@pytest.mark.parametrize("password", ["tenletters", "correct horse", "ключ от дома", "a b c d e f", "x" * 1023 + "y"])
def test_any_other_may_be_one(password: str) -> None:
    """No demands of signs and digits; blanks and every script are welcome; what was hashed matches."""
    check_password(password, EMAIL)
    stored = hash_password(password)
    assert matches(stored, password)
    assert not matches(stored, password[:-1])
    assert not outdated(stored)


def test_what_is_no_hash_matches_nothing() -> None:
    """A damaged row lets nobody in."""
    assert not matches("", "")
    assert not matches("$argon2id$nonsense", "nonsense")

"""Signing in: passwords, links, sessions and tokens, and what failing costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import Parameters, extract_parameters

from engine.errors import NotFound
from engine.metadata import MetadataStore
from iam import (
    LOCAL,
    Administration,
    Identity,
    OpenedSession,
    PasswordWeak,
    PrincipalKind,
    Role,
    TooManyAttempts,
    Unauthenticated,
    hash_password,
    visible_projects,
)
from iam.identity import LINK_LIFE, SESSION_IDLE, SESSION_LIFE
from iam.passwords import matches
from tests.iam.conftest import HandClock, People

PASSWORD = "correct horse battery 12"
EMAIL = "ann@example.org"
HERE = {"address": "192.0.2.1", "user_agent": "Firefox"}


@pytest.fixture
def ann(people: People, administration: Administration) -> int:
    """The owner, who has a password."""
    administration.reset_password(LOCAL, 1, PASSWORD)
    return 1


def fail(identity: Identity, email: str = EMAIL, address: str = "192.0.2.1") -> None:
    """Try a wrong password."""
    with pytest.raises(Unauthenticated) as caught:
        identity.log_in(email, "wrong password", address=address, user_agent="")
    assert caught.value.code == "credentials-wrong"


def sign_in(identity: Identity) -> OpenedSession:
    """Sign in as the owner."""
    return identity.log_in(EMAIL, PASSWORD, **HERE)


def test_who_knows_the_password_is_signed_in(identity: Identity, ann: int, metadata: MetadataStore) -> None:
    """The session has the person's roles, a CSRF token of its own, and is in the audit without its secret."""
    opened = identity.log_in(" Ann@Example.ORG ", PASSWORD, **HERE)
    session = identity.by_session(opened.secret)
    assert session == opened.session
    assert (session.principal.name, session.principal.kind) == ("user:ann@example.org", PrincipalKind.USER)
    assert [(b.role, b.kind) for b in session.principal.roles] == [(Role.OWNER, "organisation")]
    assert session.principal.scopes is None
    assert session.csrf_token
    assert opened.secret != session.csrf_token
    row = metadata.audit_page(limit=1)[0]
    assert (row.actor, row.action, row.details) == (
        "user:ann@example.org",
        "session.open",
        {"by": "password", "address": "192.0.2.1"},
    )
    assert opened.secret not in repr(metadata.audit_page())
    assert opened.secret not in repr(identity.sessions(session.principal))


def test_all_wrong_ways_in_read_the_same(
    identity: Identity, ann: int, people: People, administration: Administration
) -> None:
    """Unknown account, wrong password, no password yet, disabled: nobody learns which."""
    people.make("new", Role.MEMBER)
    gone = people.make("gone", Role.MEMBER)
    administration.reset_password(LOCAL, gone, PASSWORD)
    administration.disable_user(LOCAL, gone)
    texts = set()
    for email, password in (
        ("nobody@example.org", PASSWORD),
        (EMAIL, PASSWORD + "x"),
        (EMAIL, ""),
        (EMAIL, "x" * 5000),
        ("new@example.org", ""),
        ("gone@example.org", PASSWORD),
        ("\ud800@example.org", "\ud800"),
    ):
        with pytest.raises(Unauthenticated) as caught:
            identity.log_in(email, password, **HERE)
        texts.add(str(caught.value))
    assert len(texts) == 1


def test_an_unknown_account_costs_the_work_of_a_known_one(
    identity: Identity, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time an answer takes does not tell whether there is such an account: both compare with one hash, as dear."""
    fail(identity, "warm.up@example.org")
    compared: list[Parameters] = []

    def noted(stored: str, password: str) -> bool:
        compared.append(extract_parameters(stored))
        return matches(stored, password)

    monkeypatch.setattr("iam.identity.matches", noted)
    fail(identity, EMAIL)
    fail(identity, "nobody@example.org")
    known, unknown = compared
    assert known == unknown


def test_failures_slow_an_account_down_and_success_clears_it(identity: Identity, ann: int, clock: HandClock) -> None:
    """Four are free; then one must wait 1, 2, 4 ... 60 seconds, from every address, with the right password too."""
    waits = []
    for _ in range(4):
        fail(identity)
    for attempt in range(8):
        fail(identity, address=f"192.0.2.{attempt}")
        with pytest.raises(TooManyAttempts) as caught:
            identity.log_in(EMAIL, PASSWORD, address="198.51.100.7", user_agent="")
        assert caught.value.http_status == 429
        waits.append(caught.value.retry_after_s)
        clock.go(seconds=waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    sign_in(identity)
    for _ in range(4):
        fail(identity)
    sign_in(identity)


def test_an_address_is_slowed_down_over_all_accounts(identity: Identity, ann: int, clock: HandClock) -> None:
    """Twenty guesses at as many accounts, and the address waits, longer each time; others are not concerned."""
    for number in range(21):
        fail(identity, f"user{number}@example.org")
    with pytest.raises(TooManyAttempts):
        sign_in(identity)
    identity.log_in(EMAIL, PASSWORD, address="198.51.100.7", user_agent="")
    for number in range(30):
        clock.go(minutes=15)
        fail(identity, f"more{number}@example.org")
    with pytest.raises(TooManyAttempts) as caught:
        sign_in(identity)
    assert caught.value.retry_after_s == 15 * 60


def test_the_addresses_of_one_ipv6_network_are_one_place(identity: Identity, ann: int) -> None:
    """Whoever has one has 2^64; another network is another place."""
    for number in range(21):
        fail(identity, f"nobody{number}@example.org", f"2001:db8::{number:x}:1")
    with pytest.raises(TooManyAttempts):
        identity.log_in(EMAIL, PASSWORD, address="2001:db8::ffff:ffff:ffff:ffff", user_agent="")
    identity.log_in(EMAIL, PASSWORD, address="2001:db8:0:1::1", user_agent="")
    identity.log_in(EMAIL, PASSWORD, address="::ffff:192.0.2.1", user_agent="")


def test_an_own_account_gives_no_free_guesses_at_others(identity: Identity, ann: int) -> None:
    """Signing in oneself in between does not clear what the address has failed."""
    for number in range(20):
        fail(identity, f"user{number}@example.org")
        sign_in(identity)
    fail(identity, "user21@example.org")
    with pytest.raises(TooManyAttempts):
        fail(identity, "user22@example.org")


def test_failures_outlive_a_restart_and_are_forgotten_after_a_day(
    identity: Identity, ann: int, metadata: MetadataStore, clock: HandClock
) -> None:
    """They are in the database, as hashes of what was typed."""
    for _ in range(5):
        fail(identity)
    with pytest.raises(TooManyAttempts):
        Identity(metadata, clock).log_in(EMAIL, PASSWORD, **HERE)
    clock.go(days=1, seconds=1)
    for _ in range(4):
        fail(identity)
    sign_in(identity)


def test_sessions_end_unused_and_in_any_case(identity: Identity, ann: int, clock: HandClock) -> None:
    """Each use puts the idle end off, the last end stands."""
    secret = sign_in(identity).secret
    clock.at += SESSION_IDLE - timedelta(seconds=1)
    identity.by_session(secret)
    clock.at += SESSION_IDLE - timedelta(seconds=1)
    identity.by_session(secret)
    clock.at += SESSION_IDLE
    with pytest.raises(Unauthenticated) as caught:
        identity.by_session(secret)
    assert caught.value.code == "session-expired"
    secret = sign_in(identity).secret
    opened = clock.at
    while clock.at < opened + SESSION_LIFE - timedelta(days=5):
        clock.go(days=5)
        principal = identity.by_session(secret).principal
    clock.at = opened + SESSION_LIFE
    with pytest.raises(Unauthenticated):
        identity.by_session(secret)
    assert identity.sessions(principal) == []


def test_one_ends_ones_own_sessions_and_nobody_elses(
    identity: Identity, ann: int, people: People, administration: Administration
) -> None:
    """By number, by leaving, or all others at once."""
    bob = people.make("bob", Role.OWNER)
    administration.reset_password(LOCAL, bob, PASSWORD)
    his = identity.log_in("bob@example.org", PASSWORD, **HERE)
    mine, other, third = sign_in(identity), sign_in(identity), sign_in(identity)
    principal = mine.session.principal
    assert [row.id for row in identity.sessions(principal)] == [
        opened.session.principal.session_id for opened in (third, other, mine)
    ]
    with pytest.raises(NotFound):
        identity.end_session(principal, his.session.principal.session_id)
    identity.end_session(principal, other.session.principal.session_id)
    identity.by_session(third.secret)
    identity.end_other_sessions(principal)
    for ended in (other, third):
        with pytest.raises(Unauthenticated):
            identity.by_session(ended.secret)
    identity.log_out(identity.by_session(mine.secret))
    with pytest.raises(Unauthenticated):
        identity.by_session(mine.secret)
    identity.by_session(his.secret)


@pytest.mark.parametrize("secret", ["", "x", "\ud800", "ä", "x" * 10_000])
def test_what_is_no_secret_opens_nothing(identity: Identity, ann: int, secret: str) -> None:
    """As a session, a token or a link; no local token is no empty one."""
    for opens in (
        identity.by_session,
        identity.by_token,
        Identity(identity._metadata, identity._clock).by_token,
        lambda text: identity.log_in_by_link(text, **HERE),
    ):
        with pytest.raises(Unauthenticated):
            opens(secret)


def test_a_link_lets_in_once_within_a_day(
    identity: Identity, ann: int, administration: Administration, clock: HandClock
) -> None:
    """Used, too old, of somebody disabled: all read the same. Looking at it does not use it up."""
    secret = administration.make_link(LOCAL, ann)
    assert identity.link_user(secret, address="192.0.2.1").email == EMAIL
    session = identity.log_in_by_link(secret, **HERE).session
    assert session.user.email == EMAIL
    with pytest.raises(Unauthenticated) as caught:
        identity.log_in_by_link(secret, **HERE)
    assert caught.value.code == "link-invalid"
    old = administration.make_link(LOCAL, ann)
    clock.at += LINK_LIFE
    with pytest.raises(Unauthenticated):
        identity.log_in_by_link(old, **HERE)


def test_a_link_sets_the_first_password(identity: Identity, people: People, administration: Administration) -> None:
    """A weak one leaves the link alive; afterwards the password works and the link does not."""
    user, secret = administration.invite_user(LOCAL, "new@example.org", "New", Role.MEMBER)
    with pytest.raises(PasswordWeak):
        identity.set_password_by_link(secret, "short", **HERE)
    opened = identity.set_password_by_link(secret, PASSWORD, **HERE)
    assert opened.session.user.id == user.id
    assert opened.session.user.has_password
    identity.log_in("new@example.org", PASSWORD, **HERE)
    with pytest.raises(Unauthenticated):
        identity.set_password_by_link(secret, PASSWORD, **HERE)


@pytest.mark.parametrize("password", ["", "short"])
def test_a_link_that_sets_no_good_password_stays_usable(
    identity: Identity, people: People, administration: Administration, password: str
) -> None:
    """An empty password is a weak one too, not a way in without any."""
    bob = people.make("bob", Role.MEMBER)
    link = administration.make_link(LOCAL, bob)
    with pytest.raises(PasswordWeak):
        identity.set_password_by_link(link, password, **HERE)
    assert identity.sessions(people.as_principal(bob)) == []
    assert identity.set_password_by_link(link, PASSWORD, **HERE).session.user.id == bob


def test_guessing_links_slows_the_address_down(identity: Identity, ann: int) -> None:
    """As failed passwords do."""
    for _ in range(21):
        with pytest.raises(Unauthenticated):
            identity.log_in_by_link("guess", **HERE)
    with pytest.raises(TooManyAttempts):
        identity.log_in_by_link("guess", **HERE)


def test_a_disabled_person_is_out_at_once(identity: Identity, people: People, administration: Administration) -> None:
    """Sessions end, links are void, tokens are dead; enabled again, tokens live and sessions do not."""
    bob = people.make("bob", Role.MEMBER)
    administration.reset_password(LOCAL, bob, PASSWORD)
    session = identity.log_in("bob@example.org", PASSWORD, **HERE)
    link = administration.make_link(LOCAL, bob)
    plain, _ = administration.create_token(people.as_principal(bob), "ci", ["event:read"])
    administration.disable_user(LOCAL, bob)
    for refused in (
        lambda: identity.by_session(session.secret),
        lambda: identity.by_token(plain),
        lambda: identity.log_in("bob@example.org", PASSWORD, **HERE),
        lambda: identity.log_in_by_link(link, **HERE),
    ):
        with pytest.raises(Unauthenticated):
            refused()
    administration.enable_user(LOCAL, bob)
    assert identity.by_token(plain).user_id == bob
    with pytest.raises(Unauthenticated):
        identity.by_session(session.secret)


def test_tokens_carry_their_persons_roles_and_their_cuts(
    identity: Identity, people: People, administration: Administration, metadata: MetadataStore
) -> None:
    """A change of the person's role is a change of the token."""
    shop, web = (administration.create_project(LOCAL, slug).id for slug in ("shop", "web"))
    bob = people.make("bob", Role.MEMBER)
    plain, row = administration.create_token(people.as_principal(bob), "ci", ["event:read"], [shop])
    principal = identity.by_token(plain)
    assert (principal.name, principal.token_id, principal.scopes) == ("token:ci", row.id, {"event:read"})
    assert visible_projects(metadata, principal) == {shop: "shop"}
    administration.set_user_role(LOCAL, bob, None)
    assert visible_projects(metadata, identity.by_token(plain)) == {}
    administration.set_project_role(LOCAL, web, bob, Role.OWNER)
    assert visible_projects(metadata, identity.by_token(plain)) == {}
    assert identity.by_token("local-secret") is LOCAL


def test_a_token_is_over_when_it_says_and_of_nobody_it_opens_nothing(
    identity: Identity, people: People, administration: Administration, metadata: MetadataStore, clock: HandClock
) -> None:
    """Expiry is checked against the clock at each request."""
    ends = clock.at + timedelta(hours=1)
    plain, _ = administration.create_token(people.as_principal(1), "short", ["event:read"], None, ends)
    identity.by_token(plain)
    clock.at = ends
    orphan, _ = metadata.create_token("orphan")
    for dead in (plain, orphan):
        with pytest.raises(Unauthenticated):
            identity.by_token(dead)


@pytest.mark.parametrize("change", ["password", "disabled"])
def test_what_changes_while_a_password_is_looked_at_keeps_its_holder_out(
    identity: Identity,
    people: People,
    administration: Administration,
    metadata: MetadataStore,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    """Looking takes a while: a session of an old password must not be opened behind the end of all sessions."""
    second = people.make("second", Role.OWNER)
    administration.reset_password(LOCAL, second, PASSWORD)

    def slow(stored: str, password: str) -> bool:
        if change == "password":
            administration.reset_password(LOCAL, second, "another battery 34")
        else:
            administration.disable_user(LOCAL, second)
        return True

    monkeypatch.setattr("iam.identity.matches", slow)
    with pytest.raises(Unauthenticated) as caught:
        identity.log_in("second@example.org", PASSWORD, **HERE)
    assert caught.value.code == "credentials-wrong"
    assert metadata.sessions(second) == []


def test_a_hash_of_other_parameters_is_made_anew(
    identity: Identity, ann: int, metadata: MetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing in is the moment the password is known; the version of the person stays."""
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    metadata.set_password(ann, weak)
    before = metadata.credentials(EMAIL)
    sign_in(identity)
    after = metadata.credentials(EMAIL)
    assert before is not None
    assert after is not None
    assert after.password_hash not in {None, weak}
    assert after.user.row_version == before.user.row_version
    sign_in(identity)
    again = metadata.credentials(EMAIL)
    assert again is not None
    assert again.password_hash == after.password_hash


def test_a_password_hash_costs_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory and passes whose work was measured: slow for who guesses, quick for who knows; never two equal hashes."""
    monkeypatch.undo()
    hashes = {hash_password(PASSWORD) for _ in range(2)}
    assert len(hashes) == 2
    for text in hashes:
        assert text.startswith("$argon2id$")
        used = extract_parameters(text)
        assert (used.memory_cost, used.time_cost, used.parallelism) == (19 * 1024, 3, 1)
        assert (used.salt_len, used.hash_len) >= (16, 32)
        assert matches(text, PASSWORD)

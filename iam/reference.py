"""docs/explanation/access.md, its tables made from the policy: `python -m iam.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from iam.actions import ACTIONS, SCOPES, Rule
from iam.identity import LINK_LIFE, SESSION_IDLE, SESSION_LIFE
from iam.model import Role
from iam.passwords import MAX_BYTES, MIN_CHARACTERS

_HEAD = """# Access: who may do what

Every route of the HTTP API, every page and every verb of the command line asks one function, `iam.decide(principal,
action, resource)`. It reads tables and nothing else, so what is written here is what happens. This page is made by
`python -m iam.reference` from the same tables.

## Who asks

| kind | proves itself by | may |
|---|---|---|
| user | a session in a browser | what the person's roles allow |
| token | `Authorization: Bearer amb_...` | what its person's roles allow, cut by its scopes and its projects |
| local | the token in `DIR/run/server.json`, or the managing verbs of the command line | everything |
| embedded | opening the data directory itself | everything |

Who may read the data directory owns the installation: keys, events and hashes lie there. That is why `amber user
reset-password` needs no password, and why the directory belongs to one user of the machine.

## Roles

An owner may what an admin may, an admin what a member may, a member what a viewer may. A role is given on the
organisation, where it counts for every team and project; in a team, where it counts for the team and its projects;
or on one project. Roles add up. A role on a part is none on the whole: the owner of a team is nobody in the
organisation. Who shall see one team's projects only gets no role on the organisation and one in the team.

| action | what it is | organisation | team | project | others |
|---|---|---|---|---|---|"""

_RULES = """
Each column names the least role that is enough there. Beyond the table:

* An organisation keeps an owner who may sign in. The last one can neither be disabled nor given another role.
* Nobody grants a role above their own, and nobody changes, disables, resets or signs in as somebody above them: an
  admin cannot touch an owner. The same holds inside teams and projects, and for what a team brings with it:
  attaching a team to a project needs a role on the project that is as high as the highest in the team.
* Nobody disables themselves.
* A disabled person's sessions end and their tokens are dead. Enabled again, tokens live, sessions do not.
* A private saved query is its owner's alone, whatever roles others have.
* What one may not see reads like what does not exist: 404, the same words. What one sees and may not do is 403 and
  says which role would be enough.

## Tokens and scopes

A token belongs to a person and never exceeds them: each request asks what the person may now, then cuts it by the
scopes and the projects of the token. A token for some projects reaches nothing outside them, not even the
organisation's name. A token that makes a token cannot give what it does not have, nor a later end than its own, and
it gives nobody a role that may what it may not itself: to make somebody a viewer of a project it needs `event:read`,
`issue:read` and `project:read` besides. No token makes sign-in links. Revoking a token does not revoke those it has
made; the audit names them. Tokens made before there were scopes belong to the first administrator and have no limit;
replace them when you can. A new password does not end tokens: revoke them.

| scope | what it lets a token do | included |
|---|---|---|"""

_SIGN_IN = f"""
## Signing in

* The first start (`amber init`, `amber serve`) makes an owner and shows the address and a password once. Others are
  invited with a link, `amber user add` or the page of people; Amber sends no mail, pass the link on yourself.
* A link works once, for {LINK_LIFE.total_seconds() / 3600:.0f} hours, and lets its holder choose a password. Its
  secret stands behind `#`, so it reaches no server log.
* A password has at least {MIN_CHARACTERS} characters and at most {MAX_BYTES:,} bytes, is not the e-mail address and
  not one of the first that are guessed. No signs or digits are demanded. It is kept as Argon2id with a salt; a hash
  made with older parameters is made anew when its owner signs in.
* Four failures of an account are free, then each costs a wait of 1, 2, 4 ... seconds, at most a minute: more would
  let a stranger keep the owner out. An address has twenty free failures over all accounts and waits up to 15
  minutes. Failures outlive a restart and are forgotten after a day. An attempt counts before the password is looked
  at, so many at once count as many. An unknown account costs the same work, and all refusals read the same. IPv6
  addresses count by their first 64 bits. Wrong present passwords, given to set a new one, cost the same waits.
* A session ends {SESSION_IDLE.days} days after its last use, {SESSION_LIFE.days} days after it began, with the
  person being disabled, and, but for the one that asks, with a new password. Its secret, like those of tokens and
  links, is 256 random bits of which only a hash is stored.
* Forgotten password: `amber user reset-password EMAIL` on the machine, or a link from an admin.

## The audit

Every write of a managed thing - people, roles, teams, projects, keys, tokens, issues, saved queries - and every
sign-in leaves a row in the same transaction: when, who, what, on what, what was before. There is no write without
its row and no row without its write. What the program does by itself (an issue that appears with its first event) is
not in it, and neither is a password, token or link.

Rows are only added: triggers in the database refuse to change or remove them. Each row holds SHA-256 over the hash
of the row before and its own content, and the number and hash of the last row are kept beside. `amber audit verify`
walks the chain from the first row and names the first that is not what it should be.

What that proves:

* A row that was changed, removed, moved or put between is found, by whoever did it without making the whole chain
  anew.
* With `--expect HASH`: everything up to the row with that hash is as it was when `amber audit verify` printed it.
  Keep such a head where those who can write to the database cannot: in a mail to yourself, a ticket, a printed
  report. A daily note is enough.

What it does not prove:

* Who can write to the database file as they like can remove the triggers and write another chain that is whole.
  Without a head noted outside, that is not found.
* That the one named as the actor sat at the keyboard; it is the account that was used. `local` is whoever could
  read the data directory.
* Anything about reading. Questions are not in the audit.
"""


def access_page() -> str:
    """Return the page."""
    lines = [_HEAD]
    for action, rule in ACTIONS.items():
        places = " | ".join(_least(role) for role in (rule.organisation, rule.team, rule.project))
        lines.append(f"| `{action}` | {rule.doc} | {places} | {'; '.join(_others(rule))} |")
    lines.append(_RULES)
    needed: dict[str, list[str]] = {name: [] for name in SCOPES}
    for name, scope in SCOPES.items():
        lines.append(f"| `{name}` | {scope.doc} | {', '.join(f'`{other}`' for other in scope.implies)} |")
    for action, rule in ACTIONS.items():
        if rule.scope:
            needed[rule.scope].append(f"`{action}`")
    lines += ["", "| scope | actions that need it |", "|---|---|"]
    lines += [f"| `{name}` | {', '.join(actions)} |" for name, actions in needed.items()]
    lines.append(_SIGN_IN)
    return "\n".join(lines).rstrip() + "\n"


def _least(role: Role | None) -> str:
    return "-" if role is None else str(role)


def _others(rule: Rule) -> Iterator[str]:
    if rule.own:
        yield "one's own: everybody"
    if rule.inside:
        yield "any role on a team or project"
    if rule.scope is None:
        yield "no token"


if __name__ == "__main__":
    sys.stdout.write(access_page())

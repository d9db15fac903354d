"""The first start: an organisation, a project, its key, an administrator, a token. A second run changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from engine.ids import new_password
from engine.metadata import AuditEntry, KeyRow, MetadataStore, ProjectRow, UserRow
from iam import LOCAL, SCOPES, Role, check_password, hash_password

ORGANISATION = "default"
PROJECT = "default"
ADMIN_EMAIL = "admin@localhost"
TOKEN_NAME = "admin"  # noqa: S105 - its name, not its text


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the first start is asked for; empty texts leave the choice to Amber.

    Attributes:
        project_slug: the project to give a DSN for; empty for the first one.
        admin_email: address of the administrator, used when there is none yet.
        password: the administrator's password, used when there is none yet; empty for one that is made.
        token: make a token when there is none. Only for who can show it.
        new_token: make a further token, because the first one is lost.
    """

    project_slug: str = ""
    admin_email: str = ""
    password: str = ""
    token: bool = False
    new_token: bool = False


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What an installation has to offer a newcomer.

    Attributes:
        project: the first project, or the one that was named.
        key: its first active key.
        email: address of the first owner.
        password: their password when it was made just now and not chosen, otherwise empty.
        token: text of the administrator's token when it was made just now, otherwise empty.
        created: names of the things that were made just now: "organisation", "project", "key", "admin", "password",
            "token".
    """

    project: ProjectRow
    key: KeyRow
    email: str
    password: str
    token: str
    created: tuple[str, ...]


def provision(metadata: MetadataStore, wanted: Wanted | None = None) -> Provisioned:
    """Make what is missing.

    Raises:
        UserError: the slug, the address or the password cannot be used.
    """
    wanted = wanted or Wanted()
    created: list[str] = []
    organisation_id = _organisation(metadata, created)
    owner, password = _owner(metadata, wanted, created)
    project, key = _project_with_key(metadata, wanted.project_slug, organisation_id, created)
    token = ""
    tokens = metadata.tokens()
    if wanted.new_token or (wanted.token and not tokens):
        name = TOKEN_NAME if not tokens else f"{TOKEN_NAME}-{len(tokens) + 1}"
        audit = _entry("token.create", f"token:{name}", scopes=sorted(SCOPES))
        token, _ = metadata.create_token(name, user_id=owner.id, scopes=tuple(SCOPES), audit=audit)
        created.append("token")
    return Provisioned(project, key, owner.email, password, token, tuple(created))


def first_project(metadata: MetadataStore) -> ProjectRow:
    """Return the first project, made with its key when there is none; nobody who could sign in is made."""
    created: list[str] = []
    return _project_with_key(metadata, "", _organisation(metadata, created), created)[0]


def _organisation(metadata: MetadataStore, created: list[str]) -> int:
    organisations = metadata.organisations()
    if organisations:
        return organisations[0].id
    created.append("organisation")
    audit = _entry("organisation.create", f"organisation:{ORGANISATION}")
    return metadata.create_organisation(ORGANISATION, "Default", audit=audit).id


def _owner(metadata: MetadataStore, wanted: Wanted, created: list[str]) -> tuple[UserRow, str]:
    """Return the first owner, and the password when it was made just now.

    An owner without a password gets one when no owner has any: the installation is older than passwords, or its first
    start broke off.
    """
    owners = [user for user in metadata.users() if user.role == Role.OWNER and user.disabled_at is None]
    with_password = [user for user in owners if user.has_password]
    if with_password:
        return with_password[0], ""
    email = owners[0].email if owners else (wanted.admin_email or ADMIN_EMAIL)
    password = wanted.password or new_password()
    check_password(password, email)
    hashed = hash_password(password)
    if owners:
        owner = owners[0]
    else:
        audit = _entry("user.create", f"user:{email.lower()}", role=Role.OWNER)
        owner = metadata.create_user(email, role=Role.OWNER, audit=audit)
    metadata.set_password(owner.id, hashed, audit=_entry("user.password", f"user:{owner.email}"))
    created.append("password" if owners else "admin")
    return owner, "" if wanted.password else password


def _project_with_key(
    metadata: MetadataStore, slug: str, organisation_id: int, created: list[str]
) -> tuple[ProjectRow, KeyRow]:
    project = metadata.project_by_slug(slug) if slug else next(iter(metadata.projects()), None)
    if project is None:
        slug = slug or PROJECT
        audit = _entry("project.create", f"project:{slug}")
        project = metadata.create_project(slug, organisation_id=organisation_id, audit=audit)
        created.append("project")
    key = next((key for key in metadata.keys(project.id) if key.active), None)
    if key is None:
        key = metadata.create_key(project.id, audit=_entry("key.create", f"project:{project.slug}"))
        created.append("key")
    return project, key


def _entry(action: str, resource: str, **details: object) -> AuditEntry:
    return AuditEntry(LOCAL.name, action, resource, details)

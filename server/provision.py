"""The first start: an organisation, a project, its key, an administrator, a token. A second run changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from engine.metadata import KeyRow, MetadataStore, ProjectRow

ORGANISATION = "default"
PROJECT = "default"
ADMIN_EMAIL = "admin@localhost"
TOKEN_NAME = "admin"  # noqa: S105 - its name, not its text


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What an installation has to offer a newcomer.

    Attributes:
        project: the first project, or the one that was named.
        key: its first active key.
        token: text of the administrator's token when it was made just now, otherwise empty.
        created: names of the things that were made just now: "organisation", "project", "key", "admin", "token".
    """

    project: ProjectRow
    key: KeyRow
    token: str
    created: tuple[str, ...]


def provision(
    metadata: MetadataStore, *, project_slug: str = "", admin_email: str = "", new_token: bool = False
) -> Provisioned:
    """Make what is missing.

    Args:
        metadata: an upgraded metadata store.
        project_slug: the project to give a DSN for; empty for the first one.
        admin_email: address of the administrator, used when there is none yet.
        new_token: make a further token, because the first one is lost.

    Raises:
        UserError: the slug or the address cannot be used.
    """
    created: list[str] = []
    organisations = metadata.organisations()
    if not organisations:
        organisations = [metadata.create_organisation(ORGANISATION, "Default")]
        created.append("organisation")
    project = _project(metadata, project_slug)
    if project is None:
        project = metadata.create_project(project_slug or PROJECT, organisation_id=organisations[0].id)
        created.append("project")
    key = next((key for key in metadata.keys(project.id) if key.active), None)
    if key is None:
        key = metadata.create_key(project.id)
        created.append("key")
    if not metadata.users():
        metadata.create_user(admin_email or ADMIN_EMAIL, role="owner")
        created.append("admin")
    token = ""
    tokens = metadata.tokens()
    if new_token or not tokens:
        name = TOKEN_NAME if not tokens else f"{TOKEN_NAME}-{len(tokens) + 1}"
        token, _ = metadata.create_token(name, user_id=metadata.users()[0].id)
        created.append("token")
    return Provisioned(project, key, token, tuple(created))


def _project(metadata: MetadataStore, slug: str) -> ProjectRow | None:
    if slug:
        return metadata.project_by_slug(slug)
    return next(iter(metadata.projects()), None)

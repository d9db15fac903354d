"""Who may do what: principals, roles, the policy, sessions, tokens, and the audit of every write."""

from __future__ import annotations

from iam.actions import ACTIONS, SCOPES, Rule, Scope
from iam.administration import Administration
from iam.attempts import place_of
from iam.errors import Denied, ProjectUnknown, TooManyAttempts, Unauthenticated
from iam.identity import Identity, OpenedSession, Session, user_principal
from iam.model import (
    EMBEDDED,
    LOCAL,
    Action,
    Decision,
    Kind,
    Principal,
    PrincipalKind,
    Resource,
    Role,
    RoleBinding,
)
from iam.passwords import PasswordWeak, check_password, hash_password
from iam.policy import decide, implied_scopes, reaches, role_on
from iam.projects import chosen_projects, project_resource, visible_projects
from iam.saved import query_resource, saved_filters, shown_sharing

__all__ = [
    "ACTIONS",
    "EMBEDDED",
    "LOCAL",
    "SCOPES",
    "Action",
    "Administration",
    "Decision",
    "Denied",
    "Identity",
    "Kind",
    "OpenedSession",
    "PasswordWeak",
    "Principal",
    "PrincipalKind",
    "ProjectUnknown",
    "Resource",
    "Role",
    "RoleBinding",
    "Rule",
    "Scope",
    "Session",
    "TooManyAttempts",
    "Unauthenticated",
    "check_password",
    "chosen_projects",
    "decide",
    "hash_password",
    "implied_scopes",
    "place_of",
    "project_resource",
    "query_resource",
    "reaches",
    "role_on",
    "saved_filters",
    "shown_sharing",
    "user_principal",
    "visible_projects",
]

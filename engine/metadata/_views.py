"""Default views: with which view a page begins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, delete, select

from engine.metadata._counters import upsert
from engine.metadata._tables import SAVED_QUERIES
from engine.metadata._view_tables import DEFAULT_VIEWS
from engine.metadata.saved_rows import DefaultView

_D = DEFAULT_VIEWS.c


def put(connection: Connection, default: DefaultView, at: datetime) -> None:
    """Make a view the default, in place of another."""
    new = {"view_id": default.view_id, "changed_at": at}
    key = {"page": default.page, "project_id": default.project_id, "user_id": default.user_id}
    insert = upsert(connection.dialect, DEFAULT_VIEWS).values(**key, **new)
    connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=new))


def drop(connection: Connection, default: DefaultView) -> None:
    """Take a default away, if it is still this view."""
    connection.execute(
        delete(DEFAULT_VIEWS).where(
            _D.page == default.page,
            _D.project_id == default.project_id,
            _D.user_id == default.user_id,
            _D.view_id == default.view_id,
        )
    )


def of_page(connection: Connection, page: str, user_id: int) -> list[DefaultView]:
    """Return the defaults of a page that count for a person: everybody's, and their own. Deleted views are none."""
    stands = and_(SAVED_QUERIES.c.id == _D.view_id, SAVED_QUERIES.c.deleted_at.is_(None))
    query = (
        select(_D.page, _D.project_id, _D.user_id, _D.view_id)
        .join(SAVED_QUERIES, stands)
        .where(_D.page == page, _D.user_id.in_({0, user_id}))
        .order_by(_D.project_id, _D.user_id)
    )
    return [DefaultView(*row) for row in connection.execute(query)]

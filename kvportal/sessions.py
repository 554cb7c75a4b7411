"""Sessions in the database, useless to a person who can read the database, or write to it, without our keys.

A row's key is a keyed digest of the cookie, so that the cookie can't be derived from it. Its data is signed for this row
alone, so that it can't be copied into another row.
"""

from typing import Any

import structlog
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import Error
from django.utils import timezone
from django.utils.crypto import salted_hmac

log = structlog.get_logger("kvportal.sessions")

SALT = "kvportal.sessions"
#: Length in characters of Django's column.
LONGEST = 40


def row_of(session_key: str) -> str:
    """The key of a session's row in the database."""
    return salted_hmac(SALT, session_key, algorithm="sha256").hexdigest()[:LONGEST]


class SessionStore(db.SessionStore):
    """If a session can't be saved, its new data is lost, but the response is still sent.

    Django saves a session after the view: an error there would report a completed change as failed. If the database fails,
    starting and ending a session still raise.
    """

    @property
    def key_salt(self) -> str:
        return f"{SALT}.{row_of(self.session_key or '')}"

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except (Error, UpdateError):
            if must_create:
                raise
            log.exception("a session could not be saved")

    def create_model_instance(self, data: Any) -> Any:
        instance = super().create_model_instance(data)
        instance.session_key = row_of(instance.session_key)
        return instance

    def exists(self, session_key: str) -> bool:
        return super().exists(row_of(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            super().delete(row_of(key))

    def _get_session_from_db(self) -> Any:
        row = row_of(self.session_key or "")
        found = self.model.objects.filter(session_key=row, expire_date__gt=timezone.now()).first()
        if found is None:
            self._session_key = None
        return found

"""Sessions in the database, of no use to whoever reads it, or writes it without our keys.

A row's name is a keyed digest of the cookie, so that no cookie can be made from it; and what it holds is signed for this row
alone, so that it can't be put into another one.
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
#: Characters of Django's column.
LONGEST = 40


def row_of(session_key: str) -> str:
    """The name that a session has in the database."""
    return salted_hmac(SALT, session_key, algorithm="sha256").hexdigest()[:LONGEST]


class SessionStore(db.SessionStore):
    """Where a session can't be saved that costs what it was to keep and not the answer.

    Django saves a session after the view: an error there would tell of a change that was made as if it had failed.
    A session is still not begun, and not ended, where the database does not take part.
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
        made = super().create_model_instance(data)
        made.session_key = row_of(made.session_key)
        return made

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

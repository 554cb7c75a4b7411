"""Sessions in the database, where one that can't be saved costs what it was to keep and not the answer."""

import structlog
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import Error

log = structlog.get_logger("kvportal.sessions")


class SessionStore(db.SessionStore):
    """Django saves a session after the view: an error there would tell of a change that was made as if it had failed.

    A session is still not begun, and not ended, where the database does not take part.
    """

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except (Error, UpdateError):
            if must_create:
                raise
            log.exception("a session could not be saved")

"""The session cookies of signed-in people that this process has seen: recognised without a database query."""

import hashlib
import threading
from collections import OrderedDict

from django.conf import settings
from django.http import HttpRequest, parse_cookie

MOST = 10_000


class KnownSessions:
    """A session is known from the first response to its signed-in person until a request shows that it has ended, or until
    MOST others are more recent.

    So an invented cookie is never known, and the cookie of an ended session for one request only.
    """

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, request: HttpRequest) -> None:
        """Update the known sessions after a request was processed."""
        sent = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        now = request.session.session_key if request.user.is_authenticated else None
        with self._lock:
            if sent and sent != now:
                self._digests.pop(digest(sent), None)
            if now:
                self._digests[digest(now)] = None
                self._digests.move_to_end(digest(now))
                if len(self._digests) > MOST:
                    self._digests.popitem(last=False)

    def includes(self, cookies: str) -> bool:
        """True if a Cookie header, parsed as Django does, has a known session."""
        key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
        return key is not None and digest(key) in self._digests


def digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()


known_sessions = KnownSessions()

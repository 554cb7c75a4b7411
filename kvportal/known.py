"""Which session cookies are a signed-in person's, as far as this process has seen: known without asking the database."""

import hashlib
import threading
from collections import OrderedDict

from django.conf import settings
from django.http import HttpRequest, parse_cookie

MOST = 10_000


class KnownSessions:
    """A session is known from the answer that its person got, until one of its requests turns out to be nobody's.

    So a made-up cookie buys nothing, and one whose session has ended a single request.
    """

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, request: HttpRequest) -> None:
        """Learn from a request, once it is answered."""
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
        """Whether a Cookie header holds one, read as Django does."""
        key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
        return key is not None and digest(key) in self._digests


def digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()


known_sessions = KnownSessions()

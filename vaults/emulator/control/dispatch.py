"""The control page and its verbs, for anyone who can read the token in the state folder.

The command line sends the token itself, in an Authorization header. A browser sends a ticket that the command line has
requested, which is valid once and for a minute, and gets a cookie for it. Other pages in that browser cannot use the cookie: it
is SameSite=Strict, and as other ports of localhost count as the same site, a form is only accepted from our own origin.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from vaults.emulator.control.context import Context, Verb
from vaults.emulator.control.fields import RefusedError
from vaults.emulator.control.page import control_page, locked_page
from vaults.emulator.control.verbs import BY_NAME, perform
from vaults.emulator.emulator import Emulator
from vaults.emulator.serve import tls
from vaults.emulator.serve.home import Home
from vaults.emulator.wire.http import NotJsonError, Request, Response, json_response
from vaults.emulator.wire.router import Router

TICKET_SECONDS = 60
SESSION_SECONDS = 12 * 3600
COOKIE = "emulator-control"

Handler = Callable[..., Response]  # (request, **parameters of the path)


@dataclass(slots=True)
class Session:
    """The session of a browser, with the message of its last form. `ends` is a time of `time.monotonic`."""

    ends: float
    message: str = ""


class Control:
    """Handles all requests below /control."""

    def __init__(self, context: Context, token: str) -> None:
        self._context = context
        self._token = token
        self._tickets: dict[str, float] = {}
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._router: Router[Handler] = Router(self._routes(), exact=True)

    def answer(self, request: Request) -> Response:
        found = self._router.find(request.method, request.segments)
        if found is None:
            return json_response(404, {"error": "There is nothing at this address."})
        handler, params = found
        return handler(request, **params)

    def _routes(self) -> tuple[tuple[str, str, Handler], ...]:
        return (
            ("GET", "control", self._page),
            ("POST", "control/ticket", self._new_ticket),
            ("POST", "control/{name}", self._verb),
        )

    def _page(self, request: Request) -> Response:
        if "ticket" in request.query:
            return self._start_session(request.query["ticket"])
        session = self._session(request)
        if session is None:
            return locked_page()
        message, session.message = session.message, ""
        return control_page(self._context, message=message)

    def _new_ticket(self, request: Request) -> Response:
        if not self._has_token(request):
            return self._verb(request, "ticket")
        ticket = secrets.token_urlsafe(32)
        with self._lock:
            self._tickets[ticket] = time.monotonic() + TICKET_SECONDS
        return json_response(200, {"message": ticket})

    def _verb(self, request: Request, name: str) -> Response:
        by_token, session = self._has_token(request), self._session(request)
        if not by_token and session is None:
            return locked_page()
        verb = BY_NAME.get(name)
        if verb is None:
            return json_response(404, {"error": f"There is no verb {name}."})
        if by_token or session is None:
            return self._by_command(request, verb)
        return self._by_form(request, verb, session)

    def _by_command(self, request: Request, verb: Verb) -> Response:
        try:
            return json_response(200, {"message": perform(self._context, verb, request.json())})
        except NotJsonError:
            return json_response(400, {"error": "The body must be a JSON object."})
        except RefusedError as refused:
            return json_response(400, {"error": str(refused)})

    def _by_form(self, request: Request, verb: Verb, session: Session) -> Response:
        if request.headers.get("origin") != f"https://{request.host}":
            return json_response(403, {"error": "Forms are taken from the control page only."})
        try:
            message = perform(self._context, verb, request.form())
        except RefusedError as refused:
            return control_page(self._context, refused=str(refused))
        session.message = message or f"{verb.name}: done."
        return Response(303, b"", [("Location", "/control/"), ("Cache-Control", "no-store")])

    def _has_token(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), self._token.encode())

    def _start_session(self, ticket: str) -> Response:
        now = time.monotonic()
        with self._lock:
            if self._tickets.pop(ticket, 0.0) < now:
                return locked_page()
            self._sessions = {key: session for key, session in self._sessions.items() if session.ends > now}
            key = secrets.token_urlsafe(32)
            self._sessions[key] = Session(now + SESSION_SECONDS)
        cookie = f"{COOKIE}={key}; Path=/control; Max-Age={SESSION_SECONDS}; Secure; HttpOnly; SameSite=Strict"
        headers = [("Location", "/control/"), ("Set-Cookie", cookie), ("Cache-Control", "no-store")]
        return Response(303, b"", [*headers, ("Referrer-Policy", "no-referrer")])

    def _session(self, request: Request) -> Session | None:
        for part in request.headers.get("cookie", "").split(";"):
            name, _, key = part.strip().partition("=")
            session = self._sessions.get(key) if name == COOKIE else None
            if session is not None and session.ends > time.monotonic():
                return session
        return None


def open_control(emulator: Emulator, home: Home) -> None:
    """Let a served emulator be changed through the control page, with a new token in the state folder."""
    token = secrets.token_urlsafe(32)
    emulator.control = Control(Context(emulator, home), token).answer
    tls.write_private(home.control_token_file, token.encode())

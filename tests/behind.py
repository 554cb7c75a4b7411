"""A WSGI application that shows what reaches it, and that can keep its thread: `application` for our front, `bare` for WSGI."""

import json
import threading
import time
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, cast

from django.http import HttpRequest

from kvportal.known import known_sessions
from kvportal.serving import Portal

OF_THE_REQUEST = (
    *("HTTP_", "REQUEST_", "PATH_", "QUERY_", "SCRIPT_", "CONTENT_", "REMOTE_"),
    *("SERVER_PROTOCOL", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme"),
)
_lock = threading.Lock()
_holding = {"now": 0, "most": 0, "over": 0}


def bare(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/hold/":
        hold(float(environ["QUERY_STRING"]))
    if path == "/sign-in/":
        session, person = SimpleNamespace(session_key=environ["QUERY_STRING"]), SimpleNamespace(is_authenticated=True)
        known_sessions.note(cast(HttpRequest, SimpleNamespace(COOKIES={}, session=session, user=person)))
    if path == "/large/":
        answer = b"x" * int(environ["QUERY_STRING"])
    elif path == "/held/":
        answer = json.dumps(_holding).encode()
    else:
        seen = {name: value for name, value in environ.items() if name.startswith(OF_THE_REQUEST)}
        answer = json.dumps({**seen, "body": environ["wsgi.input"].read().decode("latin-1")}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))]
    status = {"/304/": "304 Not Modified", "/418/": "418 I'm a teapot"}.get(path, "200 OK")
    if path == "/304/":
        headers, answer = [("ETag", '"a"')], b""
    start_response(status, [*headers, ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/")])
    return iter([answer[:3], answer[3:]])


def hold(seconds: float) -> None:
    with _lock:
        _holding["now"] += 1
        _holding["most"] = max(_holding["most"], _holding["now"])
    time.sleep(seconds)
    with _lock:
        _holding["now"] -= 1
        _holding["over"] += 1


application = Portal(bare)

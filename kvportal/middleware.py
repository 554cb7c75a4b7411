"""What happens to every request, whatever page it asks for."""

import time
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseNotFound,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from kvportal.addresses import is_page_of_ours, page_at_or_above
from kvportal.known import known_sessions
from kvportal.proxies import address_of

GetResponse = Callable[[HttpRequest], HttpResponse]

log = structlog.get_logger("kvportal.request")


def client_address(get_response: GetResponse) -> GetResponse:
    """Let REMOTE_ADDR be the client's address. What the client itself may have written of it goes no further."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.META["REMOTE_ADDR"] = address_of(request.META)
        request.META.pop("HTTP_X_FORWARDED_FOR", None)
        return get_response(request)

    return middleware


def request_log(get_response: GetResponse) -> GetResponse:
    """One line a request: method, path without its query (it may hold a one-time code), status, milliseconds, who, whence."""

    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex, address=request.META["REMOTE_ADDR"])
        response = get_response(request)
        user = getattr(request, "user", None)
        match = request.resolver_match
        log.info(
            "request",
            method=request.method,
            # An invitation's address is a secret of its own, so unnamed routes and its route are logged by pattern.
            route=match.route if match else None,
            status=response.status_code,
            milliseconds=round((time.monotonic() - started) * 1000),
            user=str(user.pk) if user is not None and user.is_authenticated else None,
        )
        return response

    return middleware


def utf8_only(get_response: GetResponse) -> GetResponse:
    """Read requests as UTF-8, whatever they say: Python also knows "hex" and "zlib" for charsets, and Django takes them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.encoding = "utf-8"
        return get_response(request)

    return middleware


def response_headers(get_response: GetResponse) -> GetResponse:
    """Nothing we render is stored by anybody, embedded elsewhere, or given a browser feature it does not need."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if not (response.status_code < 400 and request.path.startswith(settings.STATIC_URL)):
            response.headers["Cache-Control"] = "no-store"
        return response

    return middleware


def files_only(get_response: GetResponse) -> GetResponse:
    """Below the address of static files there is nothing but files: what WhiteNoise does not have is no page of anybody's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(settings.STATIC_URL):
            return HttpResponseNotFound("There is no such file.\n", content_type="text/plain; charset=utf-8")
        return get_response(request)

    return middleware


def next_page_of_ours(get_response: GetResponse) -> GetResponse:
    """Drop a `next` that leads anywhere but to a page of ours: allauth would follow it to each host the portal answers to."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/account/"):
            request.GET, request.POST = safe_next(request.GET), safe_next(request.POST)  # type: ignore[assignment]
        return get_response(request)

    return middleware


def safe_next(given: QueryDict) -> QueryDict:
    if all(is_page_of_ours(page) for page in given.getlist("next")):
        return given
    kept = given.copy()
    del kept["next"]
    return kept


def method_page(get_response: GetResponse) -> GetResponse:
    """Where an address only takes forms, say so and lead to its page: Django's own answer is empty."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page

    return middleware


def htmx_redirect(get_response: GetResponse) -> GetResponse:
    """Send the whole page, not the swapped part, to a redirect's target: a sign-in form must not land in a table."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.headers.get("HX-Request") != "true" or not isinstance(response, HttpResponseRedirect):
            return response
        return HttpResponseClientRedirect(back_to_page(request, response.url))

    return middleware


def back_to_page(request: HttpRequest, target: str) -> str:
    """Let a sign-in triggered by a swapped part lead back to the page the person was on."""
    parts = urlsplit(target)
    if parts.path != resolve_url(settings.LOGIN_URL):
        return target
    try:
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return target
    if page.netloc != request.get_host() or not page.path.startswith("/") or page.path.startswith("//"):
        return target
    query = QueryDict(parts.query, mutable=True)
    query["next"] = page_at_or_above(page.path)
    return f"{parts.path}?{query.urlencode()}"


def session_limits(get_response: GetResponse) -> GetResponse:
    """End a session after half an hour without a request; the cookie's own age ends it after twelve hours."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            seen = request.session.get("seen", now)
            if now - seen > settings.SESSION_IDLE_SECONDS:
                request.META["kvportal.session_ended"] = "idle"  # for the record, which listens to the signal
                logout(request)
            elif now - seen >= 60 or "seen" not in request.session:
                # Written once a minute, not with every request: a page should not cost a disk sync.
                request.session["seen"] = now
                started = request.session.setdefault("started", now)
                request.session.set_expiry(max(1, started + settings.SESSION_COOKIE_AGE - now))
        return get_response(request)

    return middleware


def remember_session(get_response: GetResponse) -> GetResponse:
    """Let the next request with a signed-in person's cookie be told from a stranger's before it has a thread."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        known_sessions.note(request)
        return response

    return middleware


def viewer_time_zone(get_response: GetResponse) -> GetResponse:
    """Show and read times in the zone that the viewer's browser named in its cookie; UTC where it named none."""

    def middleware(request: HttpRequest) -> HttpResponse:
        zone = time_zone_named(request.COOKIES.get("timezone", ""))
        if zone is None:
            return get_response(request)
        with timezone.override(zone):
            return get_response(request)

    return middleware


def time_zone_named(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None

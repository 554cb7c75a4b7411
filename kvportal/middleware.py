"""Middleware for every request."""

import time
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.http import (
    Http404,
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
    """Set REMOTE_ADDR to the client's address. X-Forwarded-For, which the client may have forged, is removed."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.META["REMOTE_ADDR"] = address_of(request.META)
        request.META.pop("HTTP_X_FORWARDED_FOR", None)
        return get_response(request)

    return middleware


def request_log(get_response: GetResponse) -> GetResponse:
    """Log one line for each request: method, route, status, milliseconds, user, and (bound for all lines) request id, address."""

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
            # The pattern of the route, not the path: an invitation's path is a secret.
            route=match.route if match else None,
            status=response.status_code,
            milliseconds=round((time.monotonic() - started) * 1000),
            user=str(user.pk) if user is not None and user.is_authenticated else None,
        )
        return response

    return middleware


def utf8_only(get_response: GetResponse) -> GetResponse:
    """Decode requests as UTF-8 and ignore their charset: Django also accepts Python's other codecs, such as "hex" and "zlib"."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.encoding = "utf-8"
        return get_response(request)

    return middleware


def no_nul_in_path(get_response: GetResponse) -> GetResponse:
    """Return 404 for every path with NUL: no page has such a name, and PostgreSQL can't store it, so not record it either."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404
        return get_response(request)

    return middleware


def response_headers(get_response: GetResponse) -> GetResponse:
    """Response headers: pages are not cached, not embedded by other origins, and have no browser features they don't need."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if not (response.status_code < 400 and request.path.startswith(settings.STATIC_URL)):
            response.headers["Cache-Control"] = "no-store"
        return response

    return middleware


def files_only(get_response: GetResponse) -> GetResponse:
    """Return 404 for every path under STATIC_URL that WhiteNoise did not serve: no pages exist there."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(settings.STATIC_URL):
            return HttpResponseNotFound("There is no such file.\n", content_type="text/plain; charset=utf-8")
        return get_response(request)

    return middleware


def next_page_of_ours(get_response: GetResponse) -> GetResponse:
    """Remove a `next` that is not a page of the portal: allauth would follow it to any host in ALLOWED_HOSTS."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/account/"):
            request.GET, request.POST = safe_next(request.GET), safe_next(request.POST)  # type: ignore[assignment]
        return get_response(request)

    return middleware


def safe_next(query: QueryDict) -> QueryDict:
    if all(is_page_of_ours(page) for page in query.getlist("next")):
        return query
    kept = query.copy()
    del kept["next"]
    return kept


def method_page(get_response: GetResponse) -> GetResponse:
    """Show a page for status 405, with a link to the page of a path that only receives forms: Django's response is empty."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page

    return middleware


def htmx_redirect(get_response: GetResponse) -> GetResponse:
    """Redirect the whole page, not only the part that htmx swaps: a sign-in form must not appear inside a table."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.headers.get("HX-Request") != "true" or not isinstance(response, HttpResponseRedirect):
            return response
        return HttpResponseClientRedirect(back_to_page(request, response.url))

    return middleware


def back_to_page(request: HttpRequest, target: str) -> str:
    """The redirect's target; for a sign-in from an htmx request, `next` becomes the page that the person was on."""
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
    """End a session after SESSION_IDLE_SECONDS without a request, and SESSION_COOKIE_AGE seconds after its start."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            seen = request.session.get("seen", now)
            if now - seen > settings.SESSION_IDLE_SECONDS:
                request.META["kvportal.session_ended"] = "idle"  # for the audit record, written on Django's signal
                logout(request)
            elif now - seen >= 60 or "seen" not in request.session:
                # Written at most once a minute, because each write needs a disk sync.
                request.session["seen"] = now
                started = request.session.setdefault("started", now)
                request.session.set_expiry(max(1, started + settings.SESSION_COOKIE_AGE - now))
        return get_response(request)

    return middleware


def remember_session(get_response: GetResponse) -> GetResponse:
    """Remember the sessions of signed-in people, so that the server recognises their next requests before they use a thread."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        known_sessions.note(request)
        return response

    return middleware


def viewer_time_zone(get_response: GetResponse) -> GetResponse:
    """Display and parse times in the time zone of the browser's `timezone` cookie; UTC without one."""

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

"""Middleware that limits the time for a page's calls to Azure."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from vaults.azure.time_limit import time_limit

GetResponse = Callable[[HttpRequest], HttpResponse]


def time_for_calls(get_response: GetResponse) -> GetResponse:
    """Limit all calls to Azure of a request to LOOK_SECONDS for GET and HEAD, to CHANGE_SECONDS for others."""

    def middleware(request: HttpRequest) -> HttpResponse:
        reads = request.method in ("GET", "HEAD")
        with time_limit(settings.LOOK_SECONDS if reads else settings.CHANGE_SECONDS):
            return get_response(request)

    return middleware

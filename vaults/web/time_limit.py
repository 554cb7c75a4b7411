"""How long a page may ask Azure."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from vaults.azure.time_limit import time_limit

GetResponse = Callable[[HttpRequest], HttpResponse]


def time_for_calls(get_response: GetResponse) -> GetResponse:
    """Whatever a page asks of Azure comes to an end in this time, one way or the other."""

    def middleware(request: HttpRequest) -> HttpResponse:
        looks = request.method in ("GET", "HEAD")
        with time_limit(settings.LOOK_SECONDS if looks else settings.CHANGE_SECONDS):
            return get_response(request)

    return middleware

"""What a page's form sends."""

from typing import Any

from django.test import Client

from tests.browsing import filled


def form(client: Client, address: str, **typed: Any) -> dict[str, Any]:
    return filled(client.get(address), **typed)

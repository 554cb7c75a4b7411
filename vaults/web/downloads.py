"""Responses that the browser saves as a file."""

import re

from django.http import HttpResponse


def download(content: str | bytes, file_name: str, content_type: str) -> HttpResponse:
    """An attachment with a file name that is safe on every system."""
    safe = re.sub(r"[^0-9a-zA-Z._-]", "_", file_name)[:150].lstrip(".") or "download"
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{safe}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response

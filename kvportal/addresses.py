"""Which addresses have a page to show, and which only take forms."""

import inspect
from posixpath import dirname
from typing import Any

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme

#: Names of the addresses that answer GET with data, a file or a part of a page, or are there for signing in and out.
NO_PAGES = frozenset(
    {
        "account_inactive", "account_login", "account_logout", "account_reauthenticate", "certificate_download",
        "certificate_operation_csr", "certificate_operation_status", "healthz", "inventory_csv", "key_public", "readyz",
        "session",
    }
)  # fmt: skip
#: Slashes in an address of ours, and some more.
DEEPEST = 12


def has_page(path: str) -> bool:
    """Whether a view of ours answers GET at this path, and with a page that somebody can be led to."""
    try:
        found = resolve(path)
    except Resolver404:
        return False
    if found.url_name in NO_PAGES:
        return False
    # What `require_http_methods` and its kin let through; of others, Django's class-based views, all of ours have a page.
    methods = inspect.getclosurevars(found.func).nonlocals.get("request_method_list")
    return methods is None or "GET" in methods


def page_at_or_above(path: str) -> str:
    """The path itself if a page stands there, else the nearest above it: where a form's own address leads back to."""
    if path.count("/") > DEEPEST:  # not one of ours, and each step up would be looked for
        return "/"
    while path != "/" and not has_page(path):
        path = dirname(path.rstrip("/")).rstrip("/") + "/"
    return path


def page_here(request: HttpRequest) -> dict[str, Any]:
    """For templates: the page that a form's own address leads back to."""
    return {"page_here": SimpleLazyObject(lambda: page_at_or_above(request.path))}


def is_page_of_ours(url: str) -> bool:
    """Whether an address that came with a request leads to a page within this origin, and nowhere else."""
    inside = url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    return inside and has_page(url.partition("?")[0].partition("#")[0])

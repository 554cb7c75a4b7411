"""Which paths have a page for people, and which only receive forms."""

import inspect
from posixpath import dirname
from typing import Any

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme

#: Names of the URLs whose GET returns data, a file or a part of a page, and of those for signing in and out.
NO_PAGES = frozenset(
    {
        "account_inactive", "account_login", "account_logout", "account_reauthenticate", "certificate_download",
        "certificate_operation_csr", "certificate_operation_status", "healthz", "inventory_csv", "key_public",
        "policy_effect", "readyz", "session", "vault_postman",
    }
)  # fmt: skip
#: Maximum number of slashes in a path; the portal's own have fewer.
DEEPEST = 12


def has_page(path: str) -> bool:
    """True if GET at this path returns a page of the portal that people can be redirected to."""
    try:
        found = resolve(path)
    except Resolver404:
        return False
    if found.url_name in NO_PAGES:
        return False
    # The methods that `require_http_methods` and similar decorators allow. Views without them are class-based and have a page.
    methods = inspect.getclosurevars(found.func).nonlocals.get("request_method_list")
    return methods is None or "GET" in methods


def page_at_or_above(path: str) -> str:
    """The path itself if it has a page, else the nearest path above it that has one: where a form's path leads back to."""
    if path.count("/") > DEEPEST:  # not the portal's, and each step up would be resolved
        return "/"
    while path != "/" and not has_page(path):
        path = dirname(path.rstrip("/")).rstrip("/") + "/"
    return path


def page_here(request: HttpRequest) -> dict[str, Any]:
    """Template context: the page that the request's path leads back to."""
    return {"page_here": SimpleLazyObject(lambda: page_at_or_above(request.path))}


def is_page_of_ours(url: str) -> bool:
    """True if a URL from a request is the path of one of the portal's pages, on this origin."""
    inside = url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    return inside and has_page(url.partition("?")[0].partition("#")[0])

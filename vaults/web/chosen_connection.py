"""The connection through which a request acts on the vault of its address.

A form and a part that htmx requests name the connection of their page, so that a choice in another tab does not change what
they do. `?through=` in a page's address is a choice: it is remembered.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import resolve, reverse

from vaults import access, acts
from vaults.models import Connection, FormerVault, Vault
from vaults.permissions import LOOKS, Action
from vaults.web.rendering import HtmxRequest, is_swap

#: Parameter of addresses and field of forms: the id of a connection.
THROUGH = "through"
#: Parameter of addresses to which a form or an old address leads: the connection is used there, and no choice is remembered.
VIA = "via"
#: Header of requests by htmx with the same meaning: it is not in the address, which may be shared.
HEADER = "X-Through"

log = structlog.get_logger("vaults.connections")


def vault_of(request: HtmxRequest, slug: str) -> Vault:
    """The vault with this slug, reached through the connection that the request names. A choice is remembered.

    Raises Http404, NoTeam, and for anything but a form NotReached.
    """
    vault = _reached(request, slug, _named_in(request))
    if request.method == "GET" and not is_swap(request) and THROUGH in request.GET:
        _remember(request, vault)
    return vault


def _named_in(request: HtmxRequest) -> str:
    """The id of the connection that the request names; "" if it names none."""
    sent = request.POST.get(THROUGH) or request.headers.get(HEADER)
    return sent or request.GET.get(THROUGH) or request.GET.get(VIA) or ""


def _reached(request: HtmxRequest, slug: str, through: str) -> Vault:
    """A form whose connection does not, or no longer, reach the vault comes back through another one: see `form_comes_back`."""
    try:
        return access.vault_for(request.actor, slug, through)
    except access.NotReached as error:
        if request.method != "POST" or is_swap(request):
            raise
        request.lost_connection = error
        return access.vault_for(request.actor, slug)


@contextmanager
def form_comes_back(request: HtmxRequest) -> Iterator[None]:
    """Do nothing with a form whose connection is lost: all acts but looks raise NotReached, so the form comes back as typed."""
    if lost := lost_connection(request):
        with acts.refused(frozenset(Action) - LOOKS, lost):
            yield
    else:
        yield


def lost_connection(request: HttpRequest) -> access.NotReached | None:
    return getattr(request, "lost_connection", None)


def _remember(request: HtmxRequest, vault: Vault) -> None:
    """A database error is only logged: the page uses the chosen connection in any case."""
    try:
        with transaction.atomic():
            access.choose_connection(request.actor, vault)
    except Error:
        log.exception("a choice of a connection could not be kept", vault=str(vault.pk))


def former_vault_of(request: HtmxRequest, slug: str) -> Vault:
    """The vault that an address of an earlier version named, through the connection that it had. Raises Http404, NoTeam."""
    former = access.former_vault_for(request.actor, slug)
    return _reached(request, former.vault.slug, _named_in(request) or _way_of(former))


def present_address(request: HtmxRequest, slug: str) -> str:
    """The address that replaces one of an earlier version: the same page through the same connection. Raises Http404, NoTeam."""
    former = access.former_vault_for(request.actor, slug)
    match: Any = resolve(request.path_info)  # its stubs lack `captured_kwargs`
    path = reverse(match.view_name, kwargs={**match.captured_kwargs, "slug": former.vault.slug})
    query = request.GET.copy()
    if way := _way_of(former):
        query[VIA] = way
    return f"{path}?{query.urlencode()}" if query else path


def _way_of(former: FormerVault) -> str:
    """The id of the connection that the former row had, "" if it no longer reaches the vault."""
    ways = former.vault.reached_through.filter(connection=former.connection_id)
    return str(former.connection_id) if ways.exists() else ""


def kept_way(request: HttpRequest, path: str) -> str:
    """The path with the connection that the request's address names, without making it a choice."""
    way = request.GET.get(VIA)
    return f"{path}?{urlencode({VIA: way})}" if way else path


def keep_connection(request: HtmxRequest, vault: Vault, response: HttpResponse) -> HttpResponse:
    """Have a form lead to a page of the vault through the form's own connection, also if another was chosen in another tab."""
    if request.method != "POST" or not isinstance(response, HttpResponseRedirect) or not _named_in(request):
        return response
    target = urlsplit(response.url)
    if not target.path.startswith(reverse("vault_detail", args=[vault.slug])):
        return response
    fresh = access.vault_for(request.actor, vault.slug)
    if vault.connection != fresh.connection and vault.connection in fresh.connections_in_order:
        query = QueryDict(target.query, mutable=True)
        query[VIA] = str(vault.connection.pk)
        response["Location"] = target._replace(query=query.urlencode()).geturl()
    return response


def address_through(request: HttpRequest, connection: Connection) -> str:
    """The address of the request's page with another connection; for a part that htmx requests, of the page that it is on."""
    page = urlsplit(_page_of(request))
    query = QueryDict(page.query, mutable=True)
    query.pop(VIA, None)
    query[THROUGH] = str(connection.pk)
    return f"{page.path}?{query.urlencode()}"


def _page_of(request: HttpRequest) -> str:
    match: Any = request.resolver_match
    if match and match.url_name == "secret_reveal":  # takes forms only
        return reverse("secret_detail", kwargs=match.captured_kwargs)
    page: str | None = request.htmx.current_url_abs_path if request.htmx else None  # type: ignore[attr-defined]
    return page or request.get_full_path()

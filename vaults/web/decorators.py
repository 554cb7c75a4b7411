"""Decorators for views: they find the object of an address, and check the permission that a page needs."""

import functools
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from vaults import access
from vaults.access import Target
from vaults.acts import act
from vaults.audit.appending import AuditUnavailable
from vaults.kinds import Kind
from vaults.models import Connection, Job, Vault
from vaults.permissions import Action, RoleMissing
from vaults.web.chosen_connection import (
    form_comes_back,
    former_vault_of,
    keep_connection,
    present_address,
    vault_of,
)
from vaults.web.navigation import navigation_of
from vaults.web.rendering import HtmxRequest, is_swap
from vaults.web.submissions import done_before

P = ParamSpec("P")

View = Callable[..., HttpResponse]
#: An action, or a function that returns it for a kind of items.
ActionOrOfKind = Action | Callable[[Kind], Action]


def with_vault(view: Callable[Concatenate[HtmxRequest, Vault, P], HttpResponse]) -> View:
    """Pass the vault of the address's slug to the view, or respond with 404. Error pages know the vault too.

    An address of an earlier version redirects to the present one, a repeated form to where the first one led.
    """

    @functools.wraps(view)
    def view_of_vault(request: HtmxRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            request.vault = vault_of(request, slug)
        except Http404:
            if request.method in ("GET", "HEAD"):
                return redirect(present_address(request, slug))
            if done := done_before(request):
                return done
            request.vault = former_vault_of(request, slug)
        if request.method in ("GET", "HEAD") and not is_swap(request):
            request.actor.prepare_with(navigation_of(request, request.actor).prepare)
        with form_comes_back(request):
            response = view(request, request.vault, *args, **kwargs)
        return keep_connection(request, request.vault, response)

    return view_of_vault


def with_connection(view: Callable[Concatenate[HtmxRequest, Connection, P], HttpResponse]) -> View:
    """Pass the connection of the address's id to the view, or respond with 404; see `done_before` for a repeated form."""

    @functools.wraps(view)
    def view_of_connection(
        request: HtmxRequest, connection_id: uuid.UUID, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        try:
            connection = access.connection_for(request.actor, connection_id)
        except Http404:
            if done := done_before(request):
                return done
            raise
        return view(request, connection, *args, **kwargs)

    return view_of_connection


def with_job(view: Callable[Concatenate[HtmxRequest, Job, P], HttpResponse]) -> View:
    """Pass the job of the address's id to the view, or respond with 404."""

    @functools.wraps(view)
    def view_of_job(request: HtmxRequest, job_id: uuid.UUID, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, access.job_for(request.actor, job_id), *args, **kwargs)

    return view_of_job


def needs(action: ActionOrOfKind) -> Callable[[View], View]:
    """Require the permission for the action: on the view's vault, connection or job, on an item of the vault if the address names
    one, else in the current team. Raises RoleMissing.

    A refused form is recorded, because the portal's pages do not offer it.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def view_with_right(request: HtmxRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            needed = action if isinstance(action, Action) else action(kwargs["kind"])
            target = access.target_of(needed, _object_of(request, args), kwargs.get("name", ""))
            if not access.decide(request.actor, needed, target).allowed:
                _refuse(request, needed, target)
            return view(request, *args, **kwargs)

        return view_with_right

    return decorate


def _object_of(request: HtmxRequest, args: tuple[Any, ...]) -> Target:
    match args:
        case [Vault() | Connection() | Job() as found, *_]:
            return found
        case _:
            return access.current_team(request.actor)


def _refuse(request: HtmxRequest, action: Action, target: Target) -> None:
    refusal = RoleMissing(action)
    if request.method == "POST":
        # If the record can't be written, the form is still refused.
        with suppress(AuditUnavailable, RoleMissing), act(request.actor, action, target):
            raise refusal
    raise refusal

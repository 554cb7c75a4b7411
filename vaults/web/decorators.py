"""Decorators in front of views: the object behind an address, and the right that a page needs."""

import functools
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Concatenate, ParamSpec

from django.http import HttpResponse

from vaults import access
from vaults.access import Item, Target
from vaults.acts import act
from vaults.audit.recording import AuditUnavailable
from vaults.kinds import Kind
from vaults.models import Connection, Vault
from vaults.permissions import Action, RoleMissing
from vaults.web.rendering import HtmxRequest

P = ParamSpec("P")

View = Callable[..., HttpResponse]
#: An action, or which one of a kind of items.
ActionOrOfKind = Action | Callable[[Kind], Action]


def with_vault(view: Callable[Concatenate[HtmxRequest, Vault, P], HttpResponse]) -> View:
    """Give the view the vault behind the address's slug, or answer 404; error pages know the vault too."""

    @functools.wraps(view)
    def view_of_vault(request: HtmxRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        request.vault = access.vault_for(request.actor, slug)
        return view(request, request.vault, *args, **kwargs)

    return view_of_vault


def with_connection(view: Callable[Concatenate[HtmxRequest, Connection, P], HttpResponse]) -> View:
    """Give the view the connection behind the address's id, or answer 404."""

    @functools.wraps(view)
    def view_of_connection(
        request: HtmxRequest, connection_id: uuid.UUID, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        return view(request, access.connection_for(request.actor, connection_id), *args, **kwargs)

    return view_of_connection


def needs(action: ActionOrOfKind) -> Callable[[View], View]:
    """Let the view be reached only by those who may do the act: on the vault or connection that the view is given, or on one
    of the vault's items where the address names it, else in the current team. Raises RoleMissing.

    A form that is refused here is recorded: its page never offered it.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def view_with_right(request: HtmxRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            kind = kwargs.get("kind")
            needed = action if isinstance(action, Action) else action(kind)  # type: ignore[arg-type]  # urls give the kind
            target = _target_of(request, args, kind, kwargs.get("name", ""))
            if not access.decide(request.actor, needed, target).allowed:
                _refuse(request, needed, target, kwargs.get("name", ""))
            return view(request, *args, **kwargs)

        return view_with_right

    return decorate


def _target_of(request: HtmxRequest, args: tuple[Any, ...], kind: Kind | None, name: str) -> Target:
    match args:
        case [Vault() as vault, *_]:
            return Item(vault, kind, name) if kind and name else vault
        case [Connection() as connection, *_]:
            return connection
        case _:
            return access.current_team(request.actor)


def _refuse(request: HtmxRequest, action: Action, target: Target, name: str) -> None:
    refusal = RoleMissing(action)
    if request.method == "POST":
        # Refused all the same where the record can't be written.
        with suppress(AuditUnavailable, RoleMissing), act(request.actor, action, target, name=name):
            raise refusal
    raise refusal

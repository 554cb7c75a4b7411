"""Navigation of every page: the sidebar with the vaults, the current team, and the page's vault."""

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from vaults import clients
from vaults.access import Visible, read_connections, vaults_with_state, visible_to
from vaults.actors import Person
from vaults.azure.errors import InvalidClouds
from vaults.inventory import observe
from vaults.models import Connection, Team, Vault
from vaults.permissions import Role
from vaults.web.chosen_connection import address_through, lost_connection
from vaults.web.kept_input import Typed, typed_in


class Navigation:
    """Each value is computed only when a template uses it; a partial uses none."""

    def __init__(self, request: HttpRequest, actor: Person) -> None:
        self._request = request
        self._actor = actor

    @property
    def team(self) -> Team | None:
        """The current team."""
        return self._actor.team

    @property
    def teams(self) -> list[Team]:
        return self._actor.teams

    @cached_property
    def visible(self) -> Visible:
        """What the person may see of the current team."""
        return visible_to(self._actor, self.team)

    @cached_property
    def vaults(self) -> list[Vault]:
        """The current team's vaults."""
        if self.team is None:
            return []
        team = self.team
        return observe.read(lambda: vaults_with_state(self._actor, team), None) or list(self.visible.vaults)

    @property
    def pending_operations(self) -> int:
        """The number of operations of certificates that are in progress in the current team's vaults."""
        return sum(vault.pending_operations for vault in self.vaults)

    @cached_property
    def vaults_with_connections(self) -> list[Vault]:
        """The same vaults; all their connections are read in one query."""
        if self.team:
            read_connections(self.vaults, self.team)
        return self.vaults

    @cached_property
    def has_connections(self) -> bool:
        """Used only if there is no vault, to choose the first step to show."""
        return self.visible.connections.exists()

    @cached_property
    def sidebar(self) -> SafeString:
        match = self._request.resolver_match
        context = {"navigation": self, "user": self._actor.user, "here": match.url_name if match else ""}
        return render_to_string("includes/sidebar.html", context, self._request)

    @cached_property
    def place(self) -> SafeString:
        """The part of the bar that is about the page's vault; "" on pages about none."""
        return (
            render_to_string("includes/place.html", {"navigation": self}, self._request) if self.vault else SafeString()
        )

    def prepare(self) -> None:
        """Render what does not depend on Azure's responses."""
        _ = self.sidebar, self.place

    @cached_property
    def vault(self) -> Vault | None:
        """The vault that the page is about, set by `decorators.with_vault`."""
        return getattr(self._request, "vault", None)

    @cached_property
    def switch(self) -> list[tuple[Connection, str]]:
        """The other connections that reach the page's vault, each with the address of this page through it."""
        others = self.vault.other_connections if self.vault else []
        return [(other, address_through(self._request, other)) for other in others]

    @property
    def ways(self) -> list[Connection]:
        """The connections among which a form is to choose, because its own does not reach the vault; else none."""
        asked = self.vault is not None and lost_connection(self._request) and self.vault.other_connections
        return self.vault.connections_in_order if self.vault and asked else []

    @property
    def typed(self) -> list[Typed]:
        """What the submitted form contained."""
        return typed_in(self._request)

    @cached_property
    def cloud_label(self) -> str:
        """The label of the cloud of the page's vault."""
        if self.vault is None:
            return ""
        name = self.vault.cloud
        try:
            return clients.azure.clouds()[name].label
        except (KeyError, InvalidClouds):  # the page itself reports the error
            return name

    @property
    def here(self) -> Team | None:
        """The team that the page is about."""
        return self.vault.team if self.vault else self.team

    @property
    def elsewhere(self) -> bool:
        """True if the page is about a vault of another team than the current one."""
        return self.here != self.team

    @property
    def role(self) -> Role | None:
        return self._actor.role_in(self.here) if self.here else None


def navigation_of(request: HttpRequest, actor: Person) -> Navigation:
    """The request's navigation; it is created once."""
    if not hasattr(request, "navigation"):
        request.navigation = Navigation(request, actor)  # type: ignore[attr-defined]
    kept: Navigation = request.navigation  # type: ignore[attr-defined]
    return kept


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The context processor: None if nobody is signed in."""
    actor = getattr(request, "actor", None)
    return {"navigation": navigation_of(request, actor) if isinstance(actor, Person) else None}

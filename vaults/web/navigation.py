"""What the frame around every page shows: the vaults in the rail, the one in use, and what this person may do."""

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from vaults import access, clients
from vaults.azure.errors import InvalidClouds
from vaults.inventory import observe
from vaults.inventory.counts import each_once, live
from vaults.models import InventoryItem, Team, User, Vault
from vaults.permissions import Role


class Frame:
    """Worked out only as far as a template asks: a swapped part asks for nothing."""

    def __init__(self, request: HttpRequest, user: User) -> None:
        self._request = request
        self._user = user

    @cached_property
    def team(self) -> Team | None:
        return access.teams_of(self._user).first()

    @cached_property
    def vaults(self) -> list[Vault]:
        found = access.vaults_for(self._user)
        return observe.read(lambda: list(found.with_state()), None) or list(found)

    @cached_property
    def pending(self) -> int:
        """Operations under way in all vaults, at the last look."""
        items = InventoryItem.objects.filter(vault__in=each_once(self.vaults), pending=True)
        return observe.read(live(items).count, 0)

    @cached_property
    def has_connections(self) -> bool:
        """Asked only where there is no vault: what the first step is."""
        return access.connections_for(self._user).exists()

    @cached_property
    def rail(self) -> SafeString:
        """The rail, drawn: the same for whatever the page shows, so it can be drawn before that is known."""
        match = self._request.resolver_match
        context = {"frame": self, "user": self._user, "here": match.url_name if match else ""}
        return render_to_string("includes/rail.html", context, self._request)

    @cached_property
    def vault(self) -> Vault | None:
        """The vault that the page is about, as `doors.with_vault` found it."""
        return getattr(self._request, "vault", None)

    @cached_property
    def cloud_label(self) -> str:
        """The cloud that the page's vault is in, for people."""
        if self.vault is None:
            return ""
        name = self.vault.connection.cloud
        try:
            return clients.clouds()[name].label
        except (KeyError, InvalidClouds):  # the page itself says what is wrong
            return name

    @cached_property
    def here(self) -> Team | None:
        """The team that the page is about."""
        return self.vault.team if self.vault else self.team

    @cached_property
    def role(self) -> Role | None:
        return self._user.role_in(self.here) if self.here else None

    @cached_property
    def can(self) -> frozenset[str]:
        return access.allowed(self._user, self.here) if self.here else frozenset()


def frame_of(request: HttpRequest, user: User) -> Frame:
    """The request's one frame."""
    if not hasattr(request, "frame"):
        request.frame = Frame(request, user)  # type: ignore[attr-defined]
    kept: Frame = request.frame  # type: ignore[attr-defined]
    return kept


def frame(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    return {"frame": frame_of(request, user) if isinstance(user, User) else None}

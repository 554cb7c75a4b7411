"""Rendering: a page, or the partial of it that htmx swaps in."""

import math
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from vaults.azure.pasted import bare
from vaults.problems import Problem
from vaults.web.by_hand import ByHand, by_hand, by_hand_of_form
from vaults.web.polls import signed

if TYPE_CHECKING:
    from vaults.access import NotReached
    from vaults.actors import Person
    from vaults.models import User, Vault


#: Maximum number of characters of a search that are used: SQLite refuses patterns of 50,000.
LONGEST_SEARCH = 500
#: Maximum number of words of a search that are used.
MOST_WORDS = 8

#: Retry-After in seconds if Azure gave none.
RETRY_AFTER = 5


class HtmxRequest(HttpRequest):
    """A request of a signed-in person, with the attributes of django-htmx. For annotations only.

    `vault`: the vault of the address, if it has one. `lost_connection`: set if the form's connection does not reach it.
    """

    htmx: HtmxDetails
    user: "User"
    actor: "Person"
    vault: "Vault"
    lost_connection: "NotReached"


def search_words(text: str) -> list[str]:
    """The words of a search that are used, without quotes and similar characters around them."""
    return [bare(word) or word for word in text[:LONGEST_SEARCH].split()[:MOST_WORDS]]


def searched_in_part(text: str) -> int | None:
    """The number of words used of a search that has more words or is too long, else None."""
    count = len(search_words(text))
    return count if len(text) > LONGEST_SEARCH or count < len(text.split()) else None


def render_page(
    request: HtmxRequest, page: str, context: dict[str, Any], *, partial: str = "", status: int = 200
) -> HttpResponse:
    """Render the page, or only its named partial when htmx swaps part of it in.

    The context always has `vault` and `problem` (default None), `exchanges`: the requests sent to Azure for the vault,
    `planned`: those that the page's form will send, and `look`: what a page that polls sends back (see `polls`).
    """
    template = f"{page}#{partial}" if partial and is_swap(request) else page
    vault: Vault | None = context.get("vault")
    context = {
        "vault": None,
        "problem": None,
        "exchanges": by_hand(request.actor.exchanges, vault.connection) if vault else [],
        "planned": requests_of_form(request, vault) if vault else [],
        "look": signed(request.actor.looked if hasattr(request, "actor") else None),
        **context,
    }
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    if status in (429, 503):
        problem: Problem | None = context["problem"]
        asked = problem.retry_after if problem else None
        response["Retry-After"] = str(math.ceil(asked or RETRY_AFTER))
    return response


def requests_of_form(request: HtmxRequest, vault: "Vault") -> list[ByHand]:
    match = request.resolver_match
    return by_hand_of_form(request.actor, vault, match.url_name or "", match.kwargs) if match else []


def is_swap(request: HtmxRequest) -> bool:
    """True if htmx requests a part of the page it is on."""
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request

"""Answering: a page, or the named part of it that htmx swaps in."""

import math
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from vaults.azure.pasted import bare
from vaults.problems import Problem
from vaults.web.by_hand import by_hand

if TYPE_CHECKING:
    from vaults.actors import Person
    from vaults.models import User, Vault


#: Characters of a search that are looked for: SQLite refuses patterns of 50,000.
LONGEST_SEARCH = 500
#: Words of a search that are looked for.
MOST_WORDS = 8

#: Seconds after which another try makes sense where nobody has said when.
RETRY_AFTER = 5


class HtmxRequest(HttpRequest):
    """A request of somebody signed in, with what django-htmx says of it. For annotations only.

    `vault`: the one behind the address, where there is one.
    """

    htmx: HtmxDetails
    user: "User"
    actor: "Person"
    vault: "Vault"


def search_words(text: str) -> list[str]:
    """The words of a search that are looked for, without quotes and the like around them."""
    return [bare(word) or word for word in text[:LONGEST_SEARCH].split()[:MOST_WORDS]]


def searched_in_part(text: str) -> int | None:
    """How many words of a search are looked for, where it has more of them or is too long."""
    count = len(search_words(text))
    return count if len(text) > LONGEST_SEARCH or count < len(text.split()) else None


def render_page(
    request: HtmxRequest, page: str, context: dict[str, Any], *, partial: str = "", status: int = 200
) -> HttpResponse:
    """Render the page, or only its named partial when htmx swaps part of it in.

    Every page is given `vault`, `problem` and `exchanges` (what was asked of Azure for the vault), where it has none of them
    as None or nothing.
    """
    template = f"{page}#{partial}" if partial and is_swap(request) else page
    vault: Vault | None = context.get("vault")
    exchanges = by_hand(request.actor.exchanges, vault.connection) if vault else []
    context = {"vault": None, "problem": None, "exchanges": exchanges, **context}
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    if status in (429, 503):
        problem: Problem | None = context["problem"]
        asked = problem.retry_after if problem else None
        response["Retry-After"] = str(math.ceil(asked or RETRY_AFTER))
    return response


def is_swap(request: HtmxRequest) -> bool:
    """Does htmx ask for a part of the page it is on?"""
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request

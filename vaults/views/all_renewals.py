"""The renewals of all certificates, as foreseen by the last scans: what breaks, and what is renewed by hand. No call to Azure."""

from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from vaults.access import Visible, current_team, visible_to
from vaults.actions import authorities
from vaults.actions.authorities import NoSuchAuthority
from vaults.forecast.renewals import How
from vaults.forecast.rules import CALENDARS
from vaults.forms.authorities import AuthorityForm
from vaults.inventory.contacts import MAILED_OF_VAULT
from vaults.inventory.foresight import Said
from vaults.keyvault.identifiers import fold
from vaults.kinds import CERTIFICATE
from vaults.models import ForeseenRenewals, Vault
from vaults.models.known_certificate import trapped
from vaults.models.vault import VaultQuerySet
from vaults.permissions import Action
from vaults.problems import Problem
from vaults.views.inventory import VaultFilter, vault_of, with_vaults
from vaults.web import all_futures
from vaults.web.certificate_future import VERDICTS
from vaults.web.decorators import needs
from vaults.web.navigation import navigation_of
from vaults.web.rendering import HtmxRequest, render_page, search_words, searched_in_part
from vaults.web.submissions import once

PAGE = "vaults/all_renewals.html"
PAGE_SIZE = 50
#: CAs and findings on the page; the others are counted.
MOST_AUTHORITIES, MOST_TRAPPED, MOST_VAULTS = 50, 10, 10
TRAP = "trap"
#: Trouble first; of the same kind what has to be done most often, then what comes first.
ORDER = ("rank", "-a_year", "at", "pk")
UNKNOWN_AUTHORITY = Problem("team.unknown_ca", "So nothing was changed.", ["Look at the CAs below."], status=422)


class RenewalFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """The filters of the rows; other parameters in the address are ignored."""

    q = django_filters.CharFilter(method="by_text", label="Search")
    vault = VaultFilter(
        queryset=VaultQuerySet(Vault).none(),
        to_field_name="slug",
        empty_label="All vaults",
        field_name="certificate__item__vault",
        label="Vault",
    )
    verdict = django_filters.ChoiceFilter(
        choices=[(How.BREAKS, VERDICTS[How.BREAKS]), (How.BY_HAND, VERDICTS[How.BY_HAND]),
                 (How.AUTOMATIC, VERDICTS[How.AUTOMATIC]), (TRAP, "Replaced by its vault")],
        method="by_verdict", label="Verdict", empty_label="Any verdict",
    )  # fmt: skip
    rules = django_filters.CharFilter(method="of_calendar", widget=forms.HiddenInput)

    class Meta:
        model = ForeseenRenewals
        fields = ("q", "vault", "verdict", "rules")

    def __init__(self, data: QueryDict, *, vaults: QuerySet[Vault], queryset: QuerySet[ForeseenRenewals]) -> None:
        super().__init__(data, queryset=queryset)
        self.filters["vault"].queryset = vaults

    def filter_queryset(self, queryset: QuerySet[ForeseenRenewals]) -> QuerySet[ForeseenRenewals]:
        """Nothing for a filter that does not exist, such as a vault that was removed: not everything."""
        found: QuerySet[ForeseenRenewals] = super().filter_queryset(queryset)
        return found.none() if self.form.errors else found

    def by_text(self, rows: QuerySet[ForeseenRenewals], _name: str, text: str) -> QuerySet[ForeseenRenewals]:
        for word in search_words(text):
            rows = rows.filter(
                Q(certificate__item__folded_name__contains=fold(word))
                | Q(certificate__item__vault__name__icontains=word)
                | Q(certificate__policy_issuer__icontains=word)
                | Q(certificate__issuer__icontains=word)
            )
        return rows

    def by_verdict(self, rows: QuerySet[ForeseenRenewals], _name: str, verdict: str) -> QuerySet[ForeseenRenewals]:
        if verdict == TRAP:
            return rows.filter(trapped("certificate__"))
        return rows.filter(how=verdict)

    def of_calendar(self, rows: QuerySet[ForeseenRenewals], _name: str, _value: str) -> QuerySet[ForeseenRenewals]:
        """Nothing: the page has one calendar, also without this parameter."""
        return rows


@require_safe
@needs(Action.INVENTORY_READ)
def all_renewals(request: HtmxRequest) -> HttpResponse:
    """`?rules=` is the year of the calendar that is shown."""
    return render_page(request, PAGE, _context(request), partial="results")


def _context(request: HtmxRequest) -> dict[str, Any]:
    navigation, one, now = navigation_of(request, request.actor), vault_of(request), timezone.now()
    visible = visible_to(request.actor, one.team if one else request.actor.team)
    asked = request.GET.copy()
    if one:
        asked["vault"] = one.slug
    year = chosen_year(request)
    of_vault = Q(certificate__item__vault=one) if one else Q()
    found = RenewalFilter(asked, vaults=visible.vaults, queryset=visible.foreseen.filter(year=year))
    listed = found.qs.order_by(*ORDER).select_related("certificate__item")
    page = Paginator(listed, PAGE_SIZE).get_page(request.GET.get("page"))
    with_vaults([row.certificate.item for row in page.object_list], navigation.vaults)
    said = dict(visible.authorities.values_list("folded_name", "is_public"))
    cards = all_futures.totals(_counted(visible.foreseen.filter(of_vault)))
    shown = next(card for card in cards if card.year == year)
    scale = all_futures.Scale.of(shown.rule, now)
    return {
        "filter": found,
        "page": page,
        "rows": all_futures.rows(list(page.object_list), said, scale, now),
        "cards": cards,
        "chosen": shown,
        "scale": scale,
        "rule_x": scale.place(shown.rule.since),
        "axis_width": all_futures.WIDTH,
        "verdict": request.GET.get("verdict", ""),
        "searched_in_part": searched_in_part(request.GET.get("q", "")),
        **_state(visible, one),
        **_trapped(visible, one, navigation.vaults),
        "without_contacts": _without_contacts(visible, one),
        **_authorities(visible, said),
        "is_current_team": one is None or one.team == request.actor.team,
    }


def chosen_year(request: HtmxRequest) -> int:
    """The calendar in the address, else the first one."""
    return next((year for year in CALENDARS if str(year) == request.GET.get("rules")), next(iter(CALENDARS)))


def _counted(rows: QuerySet[ForeseenRenewals]) -> list[tuple[int, str, int, int]]:
    return list(rows.order_by().values_list("year", "how").annotate(Count("pk"), Sum("a_year")))


def _state(visible: Visible, one: Vault | None) -> dict[str, Any]:
    """How old the facts are; and how many issued certificates were not read, or can't be foreseen."""
    items = visible.items.filter(kind=CERTIFICATE.name, deleted_on=None, issued=True)
    items = items.filter(vault=one) if one else items
    return items.aggregate(
        as_of=Min("known_certificate__read_at"),
        not_read=Count("pk", filter=Q(known_certificate=None)),
        not_foreseen=Count("pk", filter=Q(known_certificate__isnull=False, known_certificate__foreseen=None)),
    )


def _trapped(visible: Visible, one: Vault | None, vaults: list[Vault]) -> dict[str, Any]:
    """The certificates that their vault replaces by its own, those first that end first."""
    found = visible.certificates.filter(trapped(), *([Q(item__vault=one)] if one else []))
    first = list(found.select_related("item").order_by("not_after", "pk")[: MOST_TRAPPED + 1])
    with_vaults([known.item for known in first], vaults)
    return {"trapped": first[:MOST_TRAPPED], "more_trapped": len(first) > MOST_TRAPPED}


def _without_contacts(visible: Visible, one: Vault | None) -> list[Vault]:
    """The vaults without contacts whose policies e-mail them, those first with most such certificates (`mailed`)."""
    vaults = visible.vaults.filter(pk=one.pk) if one else visible.vaults
    found = vaults.filter(MAILED_OF_VAULT, has_contacts=False).annotate(mailed=Count("items"))
    return list(found.order_by("-mailed", "name")[:MOST_VAULTS])


def _authorities(visible: Visible, said: Said) -> dict[str, Any]:
    facts = visible.certificates.order_by().values_list("policy_issuer", "provider", "issuer", "self_signed")
    found = all_futures.authorities(facts.annotate(Count("pk")), said)
    return {
        "authorities": [(each, AuthorityForm(initial={"name": each.name})) for each in found[:MOST_AUTHORITIES]],
        "more_authorities": max(0, len(found) - MOST_AUTHORITIES),
        "undecided": [each for each in found if each.is_public is None],
    }


@require_POST
@needs(Action.AUTHORITY_UPDATE)
@once
def authority_update(request: HtmxRequest) -> HttpResponse:
    """Say whether a CA is public. A CA that the team has no certificate of is refused."""
    form, team = AuthorityForm(request.POST), current_team(request.actor)
    try:
        if not form.is_valid():
            raise NoSuchAuthority
        name, is_public = form.cleaned_data["name"], form.cleaned_data["public"] == "yes"
        authorities.judge_authority(request.actor, team, name, is_public=is_public)
    except NoSuchAuthority:
        return render_page(request, PAGE, _context(request) | {"problem": UNKNOWN_AUTHORITY}, status=422)
    words = "follows the calendar of public CAs" if is_public else "keeps the months of its policies"
    messages.success(request, f"{name} {words} from now on.")
    return redirect(f"{reverse('all_renewals')}#authorities")

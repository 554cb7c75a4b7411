"""Vaults of the portal: list, overview of one vault, add, edit, remove, scan."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vaults import access, clients, problems
from vaults.actions import scans, vaults
from vaults.forms.confirm import ConfirmForm
from vaults.forms.vaults import VaultEditForm, VaultForm
from vaults.inventory.counts import Summary, rows
from vaults.inventory.scan import LISTINGS
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.confirm_page import confirm_page
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import form_page, posted, refused_form
from vaults.web.navigation import navigation_of
from vaults.web.rendering import HtmxRequest, is_swap, render_page
from vaults.web.submissions import once
from vaults.web.vault_table import FEW, PAGE_SIZE, VaultTable

#: A running worker with free capacity begins a scan within seconds.
WORKER_BEGINS_WITHIN = timedelta(seconds=30)


@require_safe
@needs(Action.INVENTORY_READ)
def vault_list(request: HtmxRequest) -> HttpResponse:
    """The vaults, filtered and sorted as the address says. While scans are in progress, the page polls their number."""
    navigation = navigation_of(request, request.actor)
    found = navigation.vaults_with_connections
    table = VaultTable(rows(found), request.GET)
    target = request.htmx.target if is_swap(request) else ""
    scans_left = sum(scans.awaits_scan(vault) for vault in found)
    context = {
        "table": table,
        "page": Paginator(table.rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "sort": table.sort,
        "many": len(found) > FEW or bool(request.GET),
        "oldest_scan": min((vault.scanned_at for vault in found if vault.scanned_at), default=None),
        "never_scanned": sum(vault.scanned_at is None for vault in found),
        "scans_left": scans_left,
        "swap": is_swap(request),
        "target": target,
    }
    partial = "results" if target != "scans" else "scans" if scans_left else "ended"
    return render_page(request, "vaults/vault_list.html", context, partial=partial)


@require_POST
@needs(Action.VAULT_SCAN)
def vaults_scan(request: HtmxRequest) -> HttpResponse:
    """Request a scan of every vault of the current team that this person may scan; then return to the table with its filters."""
    listed = access.visible_to(request.actor, request.actor.team).vaults
    allowed = [vault for vault in listed if access.decide(request.actor, Action.VAULT_SCAN, vault).allowed]
    count = scans.request_scans(request.actor, allowed)
    if count:
        messages.info(request, f"{count} vault{pluralize(count)} will be scanned.")
    else:
        messages.info(request, "There is no vault to scan yet.")
    asked = request.GET.urlencode()
    return redirect(f"{reverse('vault_list')}{'?' if asked else ''}{asked}")


@require_safe
@with_vault
@needs(Action.INVENTORY_READ)
def vault_detail(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """The result of the last scan. Does not call Azure."""
    if is_swap(request):
        return scan_part(request, vault)
    context: dict[str, Any] = {
        **scan_state(vault),
        "vault": vault,
        "summary": Summary([vault]),
        "url": "",
    }
    try:
        context["url"] = clients.vault_url(vault)
    except problems.EXPECTED as error:
        context["problem"] = problems.explain(error, vault=vault)
    return render_page(request, "vaults/vault_overview.html", context)


def scan_part(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """The progress of the scan; after its end, the response makes htmx reload the whole page."""
    state = scan_state(vault)
    response = render_page(request, "vaults/vault_overview.html", {**state, "vault": vault}, partial="scan")
    if not state["scanning"]:
        response["HX-Refresh"] = "true"
    return response


def scan_state(vault: Vault) -> dict[str, Any]:
    """Template context of the scan card. A scan is late if it has taken longer than it should, or has not begun in time."""
    since = vault.scan_started_at or vault.scan_requested_at
    patience = scans.LONGEST_SCAN if vault.scan_started_at else WORKER_BEGINS_WITHIN
    return {
        "scanning": since is not None,
        "late": since is not None and timezone.now() - since > patience,
        "cut_off": scans.has_been_cut_off(vault),
        "lists": len(LISTINGS),
        "unread_lists": [(name, moment_of(since)) for name, since in vault.unread_lists.items()],
        "went_through": vault.scanned_at is not None and vault.scanned_at == vault.scan_ended_at,
    }


def moment_of(stored: str) -> datetime | None:
    """None for a text that is no moment."""
    try:
        moment = parse_datetime(stored)
    except ValueError:
        return None
    return moment if moment and timezone.is_aware(moment) else None


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@needs(Action.VAULT_ADD)
@once
def vault_new(request: HtmxRequest) -> HttpResponse:
    connections = access.visible_to(request.actor, request.actor.team).connections
    form = VaultForm(posted(request), connections=connections, initial={"connection": request.GET.get("connection")})
    ask_password(request, form)
    context = {
        "form": form,
        "connections": connections,
        "known_vaults": sorted({name for cloud in clients.azure.clouds().values() for name in cloud.vault_hosts}),
        "cancel_url": reverse("vault_list"),
    }
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            with refused_form(form, context):
                added = vaults.add_vault(request.actor, data["connection"], data["name"], production=data["production"])
                messages.success(request, said_of(added))
                return redirect("vault_detail", added.vault.slug)
        except vaults.VaultKnown as known:
            context |= {"taken": True, "known": known.vault}
            form.add_error("name", "This connection has this vault already.")
    return form_page(request, "vaults/vault_form.html", context)


def said_of(added: vaults.Added) -> str:
    name = added.vault.name
    if added.is_new:
        return f"Vault {name} was added. Scan it, or check what you may do in it."
    return f"Your team has {name} already. It is now reached through {added.vault.connection.name}, too."


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.VAULT_UPDATE)
@once
def vault_edit(request: HtmxRequest, vault: Vault) -> HttpResponse:
    form = VaultEditForm(posted(request), initial={"production": vault.production})
    here = reverse("vault_detail", args=[vault.slug])
    context = {"vault": vault, "form": form, "known_vaults": [], "cancel_url": here}
    if request.method == "POST" and form.is_valid():
        with refused_form(form, context) as attempt:
            vaults.update_vault(request.actor, vault, production=form.cleaned_data["production"])
        if attempt.succeeded:
            messages.success(request, f"Vault {vault.name} was changed.")
            return redirect("vault_detail", vault.slug)
    return form_page(request, "vaults/vault_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(Action.VAULT_REMOVE)
@once
def vault_remove(request: HtmxRequest, vault: Vault) -> HttpResponse:
    form = ConfirmForm(posted(request))
    ask_password(request, form)
    if request.method == "POST" and form.is_valid():
        try:
            vaults.remove_vault(request.actor, vault)
        except vaults.VaultGone as gone:
            raise Http404("No such vault.") from gone
        messages.success(request, f"Vault {vault.name} was removed from the portal.")
        return redirect("vault_list")
    here = reverse("vault_detail", args=[vault.slug])
    context = confirm_page(
        vault=vault,
        name=vault.name,
        title=f"Remove {vault.name} from the portal?",
        consequences=[
            "Nothing in Azure changes. The portal forgets the vault and what was scanned of it.",
            "Its audit entries stay. It can be added again at any time.",
        ],
        submit_label="Remove the vault",
        danger=True,
        cancel_url=here,
        crumbs=[],
    )
    context["form"] = form
    return form_page(request, "vaults/confirm.html", context)


@require_POST
@with_vault
def vault_scan(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """Request a scan. The worker does it, and the page polls for its end."""
    scans.request_scans(request.actor, [vault])
    messages.info(request, f"A scan of {vault.name} was asked for.")
    return redirect("vault_detail", vault.slug)

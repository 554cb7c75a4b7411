"""The connections of a vault in their order: add one, move one forward, take one away."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from vaults import access, problems
from vaults.actions import vaults
from vaults.forms.confirm import ConfirmForm
from vaults.forms.vaults import VaultConnectionForm
from vaults.models import Connection, Vault
from vaults.permissions import Action
from vaults.web.confirm_page import confirm_page
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import form_page, posted, refused_form
from vaults.web.rendering import HtmxRequest
from vaults.web.submissions import once

ONLY_ONE = problems.Problem(
    "vault.last_connection",
    "A vault can't be reached without a connection, so its last one stays.",
    ["Add another connection first, or remove the vault from the portal."],
    status=409,
)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(Action.VAULT_UPDATE)
@once
def vault_connections(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """The order, and a form that adds a connection as the last one."""
    others = access.visible_to(request.actor, vault.team).connections.filter(cloud=vault.cloud).exclude(vaults=vault)
    form = VaultConnectionForm(posted(request), connections=others)
    if request.method == "POST" or others:
        ask_password(request, form)
    context: dict[str, Any] = {
        "vault": vault,
        "form": form,
        "order": [(connection, ConfirmForm()) for connection in vault.connections_in_order],
        "others": others,
        "cancel_url": _here(vault),
    }
    if request.method == "POST" and form.is_valid():
        connection = form.cleaned_data["connection"]
        with refused_form(form, context) as attempt:
            _add(request, vault, connection)
        if attempt.succeeded:
            messages.success(request, f"{vault.name} is now reached through {connection.name}, too.")
            return redirect("vault_connections", vault.slug)
    return form_page(request, "vaults/vault_connections.html", context)


def _add(request: HtmxRequest, vault: Vault, connection: Connection) -> None:
    try:
        vaults.add_vault(request.actor, connection, vault.host)
    except vaults.VaultKnown:  # somebody else was faster
        return


@require_POST
@with_vault
@needs(Action.VAULT_UPDATE)
@once
def vault_connection_forward(request: HtmxRequest, vault: Vault, connection_id: uuid.UUID) -> HttpResponse:
    if connection := _connection_of(vault, connection_id):
        vaults.prefer_connection(request.actor, vault, connection)
    return redirect("vault_connections", vault.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(Action.VAULT_UPDATE)
@once
def vault_connection_remove(request: HtmxRequest, vault: Vault, connection_id: uuid.UUID) -> HttpResponse:
    connection = _connection_of(vault, connection_id)
    if connection is None:
        return redirect("vault_connections", vault.slug)
    form = ConfirmForm(posted(request))
    ask_password(request, form)
    order = reverse("vault_connections", args=[vault.slug])
    context = confirm_page(
        vault=vault,
        name=connection.name,
        title=f"Reach {vault.name} no longer through {connection.name}?",
        kind="connection",
        consequences=[
            "The connection stays, and nothing in Azure changes.",
            "Those who chose it for this vault get the first one of the order.",
        ],
        submit_label="Take it away",
        danger=True,
        cancel_url=order,
        crumbs=[("Connections", order)],
    )
    context["form"] = form
    if request.method == "POST" and form.is_valid():
        try:
            with refused_form(form, context) as attempt:
                vaults.take_connection_away(request.actor, vault, connection)
        except vaults.LastConnection:
            context["problem"] = ONLY_ONE
        if attempt.succeeded:
            messages.success(request, f"{vault.name} is no longer reached through {connection.name}.")
            return redirect("vault_connections", vault.slug)
    return form_page(request, "vaults/confirm.html", context)


def _connection_of(vault: Vault, connection_id: uuid.UUID) -> Connection | None:
    """None if it does not, or no longer, reach the vault: there is nothing to do with it."""
    return next((each for each in vault.connections_in_order if each.pk == connection_id), None)


def _here(vault: Vault) -> str:
    return reverse("vault_detail", args=[vault.slug])

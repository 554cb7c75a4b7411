"""Connections: list, detail page, create, edit, test, delete."""

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vaults import access, clients, problems
from vaults.actions import connections
from vaults.actions.vaults import LastConnection
from vaults.azure.clouds import AZURE_CLOUDS
from vaults.forms.confirm import ConfirmForm
from vaults.forms.connections import ConnectionForm
from vaults.models import Connection
from vaults.models.vault import VaultQuerySet
from vaults.permissions import Action
from vaults.web.by_hand import by_hand
from vaults.web.confirm_page import confirm_page
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import needs, with_connection
from vaults.web.form_errors import form_page, posted, refused_form
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.submissions import once

SENSITIVE = ("client_secret", "certificate_password", PASSWORD)
STAY_REACHED = "The vaults that it reaches stay: other connections reach them, too."
STILL_HAS_VAULTS = problems.Problem(
    "connection.has_vaults",
    "A vault can't be reached without its connection, so the connection stays.",
    ["Give each of them another connection, or remove them from the portal first."],
    status=409,
)


def cloud_choices() -> list[tuple[str, str]]:
    """The clouds of this deployment: those of the clouds file, then Azure's."""
    known = clients.azure.clouds()
    own = [name for name in known if name not in AZURE_CLOUDS]
    return [(name, known[name].label) for name in (*own, *AZURE_CLOUDS)]


@require_safe
@needs(Action.CONNECTION_READ)
def connection_list(request: HtmxRequest) -> HttpResponse:
    visible = access.visible_to(request.actor, request.actor.team)
    context = {
        "connections": visible.connections.prefetch_related("vaults"),
        "clouds": dict(cloud_choices()),
    }
    return render_page(request, "vaults/connection_list.html", context)


def vaults_of(request: HtmxRequest, connection: Connection) -> VaultQuerySet:
    return access.visible_to(request.actor, connection.team).vaults.filter(connections=connection).order_by("name")


@require_safe
@with_connection
@needs(Action.CONNECTION_READ)
def connection_detail(request: HtmxRequest, connection: Connection) -> HttpResponse:
    return render_page(request, "vaults/connection_detail.html", detail(request, connection))


def detail(request: HtmxRequest, connection: Connection) -> dict[str, Any]:
    return {
        "connection": connection,
        "cloud_label": dict(cloud_choices()).get(connection.cloud, connection.cloud),
        "vaults": vaults_of(request, connection),
        "result": None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(*SENSITIVE)
@needs(Action.CONNECTION_CREATE)
@once
def connection_new(request: HtmxRequest) -> HttpResponse:
    team = access.current_team(request.actor)
    form = ConnectionForm(posted(request), request.FILES or None, clouds=cloud_choices())
    ask_password(request, form)
    context: dict[str, Any] = {"form": form, "connection": None, "cancel_url": reverse("connection_list")}
    if request.method == "POST" and form.is_valid():
        connection = form.save(commit=False)
        if name_is_free(form, team.connections.filter(name=connection.name).exists()):
            with refused_form(form, context) as attempt:
                connections.create_connection(request.actor, team, connection, form.credential())
            if attempt.succeeded:
                say_stored(request, form, f"Connection {connection.name} is stored. Test it now.")
                return redirect("connection_detail", connection.pk)
    return form_page(request, "vaults/connection_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(*SENSITIVE)
@with_connection
@needs(Action.CONNECTION_UPDATE)
@once
def connection_edit(request: HtmxRequest, connection: Connection) -> HttpResponse:
    form = ConnectionForm(posted(request), request.FILES or None, instance=connection, clouds=cloud_choices())
    ask_password(request, form)
    context = {
        "form": form,
        # As it is stored: the form changes the other object.
        "connection": access.connection_for(request.actor, connection.pk),
        "cancel_url": reverse("connection_detail", args=[connection.pk]),
    }
    if request.method == "POST" and form.is_valid() and changed(request, form, context):
        say_stored(request, form, f"Connection {connection.name} was changed. Test it now.")
        return redirect("connection_detail", connection.pk)
    return form_page(request, "vaults/connection_form.html", context)


def changed(request: HtmxRequest, form: ConnectionForm, context: dict[str, Any]) -> bool:
    """Store the form's data. False if an error was added to the form, or a problem to the context."""
    connection = form.save(commit=False)
    others = connection.team.connections.exclude(pk=connection.pk)
    if not name_is_free(form, others.filter(name=connection.name).exists()):
        return False
    connection.revision = form.cleaned_data["revision"]
    try:
        with refused_form(form, context) as attempt:
            connections.update_connection(request.actor, connection, form.credential())
    except connections.ConnectionChanged:
        ask_again(form, access.connection_for(request.actor, connection.pk).revision)
        return False
    except connections.ReachesVaults:
        form.add_error(
            "cloud", "The connection reaches vaults of its present cloud. Use a new connection for another cloud."
        )
        return False
    return attempt.succeeded


def say_stored(request: HtmxRequest, form: ConnectionForm, sentence: str) -> None:
    messages.success(request, sentence)
    if form.warning:
        messages.warning(request, form.warning)


def ask_again(form: ConnectionForm, revision: int) -> None:
    """Replace the revision: sending the form again confirms that the user has seen the change."""
    data = cast(QueryDict, form.data).copy()
    data["revision"] = str(revision)
    form.data = data
    form.add_error(None, "Somebody else changed this connection after you opened it. Look at it, then send again.")


def name_is_free(form: ConnectionForm, taken: bool) -> bool:
    if taken:
        form.add_error("name", "Your team has a connection of this name.")
    return not taken


@require_POST
@with_connection
@needs(Action.CONNECTION_TEST)
def connection_test(request: HtmxRequest, connection: Connection) -> HttpResponse:
    try:
        result = connections.test_connection(request.actor, connection)
    except problems.EXPECTED as error:
        problem = problems.explain(error, connection=connection)
        result = connections.TestResult(False, problem.code, problem.facts, [problem])
    context = {**detail(request, connection), "result": result, "exchanges": by_hand(result.exchanges, connection)}
    status = 200 if result.passed else result.problems[0].status
    return render_page(request, "vaults/connection_detail.html", context, partial="test", status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_connection
@needs(Action.CONNECTION_DELETE)
@once
def connection_delete(request: HtmxRequest, connection: Connection) -> HttpResponse:
    form = ConfirmForm(posted(request))
    here = reverse("connection_detail", args=[connection.pk])
    vaults = list(connections.reached_only_through(connection).order_by("name"))
    if request.method == "POST" or not vaults:
        ask_password(request, form)
    context = confirm_page(
        name=connection.name,
        title=f"Delete the connection {connection.name}?",
        kind="connection",
        consequences=[
            "The stored credential is destroyed. Nothing in Azure changes: revoke the client secret there, if it should end.",
            *([STAY_REACHED] if connection.reaches.exists() and not vaults else []),
        ],
        removed_before=[(vault.name, reverse("vault_remove", args=[vault.slug])) for vault in vaults],
        submit_label="Delete the connection",
        danger=True,
        cancel_url=here,
        crumbs=[("Connections", reverse("connection_list")), (connection.name, here)],
    )
    context["form"] = form
    if request.method == "POST" and form.is_valid():
        try:
            connections.delete_connection(request.actor, connection)
        except LastConnection:
            context["problem"] = STILL_HAS_VAULTS
        except connections.ConnectionGone as gone:
            raise Http404("No such connection.") from gone
        else:
            messages.success(request, f"Connection {connection.name} was deleted.")
            return redirect("connection_list")
    return form_page(request, "vaults/confirm.html", context)

"""The pending operation of a certificate: its state (polled by htmx), its CSR, cancel and delete."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vaults import az_clouds, problems
from vaults.actions import certificates
from vaults.actions.certificates import HalfDone, OperationChanged
from vaults.actions.changes import UNREAD
from vaults.azure.errors import Forbidden, NotFound
from vaults.forms.confirm import ConfirmForm, OperationForm
from vaults.forms.merging import ReplyForm
from vaults.forms.policy_fields import usage_name
from vaults.inventory import observe
from vaults.keyvault import x509
from vaults.keyvault.types import CertificateOperation
from vaults.kinds import CERTIFICATE
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.confirm_page import confirm_page
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import needs, with_vault
from vaults.web.downloads import download
from vaults.web.failed_operations import explain_failure
from vaults.web.form_errors import form_page, posted, refused_form
from vaults.web.rendering import HtmxRequest, is_swap, render_page
from vaults.web.submissions import once

#: Seconds between two polls: short in the first minute, then longer.
FIRST_POLL_SECONDS = 2
LATER_POLL_SECONDS = 10
FIRST_POLLS_UNTIL = 60


@require_safe
@with_vault
def certificate_operation(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """The whole page; `…/status/` returns the part that changes. When the certificate is issued, it redirects to its page.

    If the operation no longer exists, an open page is redirected there too.
    """
    try:
        operation = certificates.read_operation(request.actor, vault, name)
    except NotFound:
        if not is_swap(request):
            raise
        return redirect("certificate_detail", vault.slug, name)
    if operation.status == "completed" and is_swap(request):
        messages.success(request, f"Certificate {name} was issued.")
        return redirect("certificate_detail", vault.slug, name)
    context = operation_page(vault, operation)
    return render_page(request, "vaults/certificate_operation.html", context, partial="status")


def operation_page(vault: Vault, operation: CertificateOperation) -> dict[str, Any]:
    requested = observe.read(lambda: observe.last_request(vault, operation.name), None)
    is_ours = requested is not None and requested.transition_request == observe.as_stored(operation.request_id)
    started_at = requested.transition_since if requested and is_ours else None
    elapsed = (timezone.now() - started_at).total_seconds() if started_at else 0
    csr = x509.read_signing_request(operation.csr) if operation.csr else None
    return {
        "vault": vault,
        "name": operation.name,
        "az_switch": az_clouds.switch(vault.connection),
        "operation": operation,
        "failure": explain_failure(operation),
        "merge_form": ReplyForm(operation=operation) if operation.awaits_merge else None,
        "csr": csr,
        "csr_usages": [usage_name(oid) for oid in csr.ekus] if csr else [],
        "csr_pem": x509.to_pem(operation.csr, "CERTIFICATE REQUEST") if operation.csr else "",
        "started_at": started_at,
        "requested": requested,
        "started_elsewhere": requested is not None and not is_ours,
        "poll_seconds": FIRST_POLL_SECONDS if elapsed < FIRST_POLLS_UNTIL else LATER_POLL_SECONDS,
    }


@require_safe
@with_vault
def certificate_operation_csr(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    operation = certificates.read_operation(request.actor, vault, name)
    return download(x509.to_pem(operation.csr, "CERTIFICATE REQUEST"), f"{name}.csr", "application/pkcs10")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(Action.CERTIFICATE_OPERATION_CANCEL)
@once
def certificate_operation_cancel(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    context = _end_page(request, vault, name, "Cancel the operation", [
        "Key Vault is asked to stop. A CA that is already at work may issue the certificate all the same.",
        "The operation stays visible with its outcome until it is deleted or replaced.",
    ])  # fmt: skip
    form = context["form"]
    if request.method == "POST" and form.is_valid():
        try:
            with refused_form(form, context) as attempt:
                certificates.cancel_operation(request.actor, vault, name, form.cleaned_data["request_id"])
        except OperationChanged:
            return _replaced(request, vault, name, "Nothing was cancelled.")
        if attempt.succeeded:
            messages.success(request, "Key Vault was asked to cancel the operation.")
            return redirect("certificate_operation", vault.slug, name)
    return form_page(request, "vaults/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(Action.CERTIFICATE_OPERATION_DELETE)
@once
def certificate_operation_delete(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    context = _end_page(request, vault, name, "Delete the operation", [
        "The operation and its CSR are forgotten.",
        "Where no version was issued yet, an empty, disabled certificate keeps the name until it is deleted.",
        "A CA that is already working on it is not notified.",
    ])  # fmt: skip
    form = context["form"]
    if request.method == "POST" and form.is_valid():
        try:
            with refused_form(form, context) as attempt:
                certificates.delete_operation(request.actor, vault, name, form.cleaned_data["request_id"])
        except OperationChanged:
            return _replaced(request, vault, name, "Nothing was deleted.")
        if attempt.succeeded:
            messages.success(request, f"The operation of {name} was deleted.")
            return redirect("certificate_list", vault.slug)
    return form_page(request, "vaults/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(Action.CERTIFICATE_OPERATION_DELETE)
@once
def certificate_operation_restart(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """Delete the operation and start another one: two acts. If only the second fails, the page offers it alone."""
    asked_for = (
        request.POST.get("request_id", "") if request.method == "POST" else _present_request(request, vault, name)
    )
    if not asked_for:
        messages.info(request, f"{name} has no operation to replace.")
        return redirect("certificate_detail", vault.slug, name)
    form = OperationForm(posted(request), initial={"request_id": asked_for})
    context = _end_page(request, vault, name, "Delete and start again", RESTART, form)
    if request.method == "POST" and form.is_valid():
        try:
            with refused_form(form, context) as attempt:
                certificates.restart_operation(request.actor, vault, name, asked_for)
        except OperationChanged:
            return _replaced(request, vault, name, "Nothing was deleted.")
        except HalfDone as half:
            context |= {"consequences": HALF_DONE, "submit_label": "Start the new operation", "danger": False}
            context["problem"] = problems.explain(half.error, vault=vault)
            context["cancel_url"] = reverse("certificate_detail", args=[vault.slug, name])
        if attempt.succeeded:
            messages.success(
                request, f"The old operation was deleted, and a new one of {name} was started: it has a new CSR."
            )
            return redirect("certificate_operation", vault.slug, name)
    return form_page(request, "vaults/confirm.html", context)


def _present_request(request: HtmxRequest, vault: Vault, name: str) -> str:
    """The request id of the operation that can be replaced; "" if it has made its certificate."""
    operation = certificates.read_operation(request.actor, vault, name)
    return "" if operation.status == "completed" else operation.request_id


#: What a restart means.
RESTART = [
    "The operation, its CSR and its private key are deleted. A certificate that a CA signs for the old CSR can't be merged any "
    "more.",
    "Then a new operation is started by the certificate's policy: with a new key, unless the policy reuses it, and with a new "
    "CSR, which the CA has to sign.",
    "These are two acts, one after the other. If the second one fails, the first one stays done.",
]
HALF_DONE = [
    "The old operation was deleted: its CSR is useless now.",
    "No new operation was started yet. Nothing else has changed.",
]


def _replaced(request: HtmxRequest, vault: Vault, name: str, so: str) -> HttpResponse:
    messages.error(request, f"The operation ended or was replaced after you opened the page. {so}")
    return redirect("certificate_operation", vault.slug, name)


def _opened_on(request: HtmxRequest, vault: Vault, name: str) -> dict[str, str]:
    """The operation that a page is opened on. UNREAD if it may not be read: it can be ended all the same."""
    if request.method == "POST":
        return {}
    try:
        return {"request_id": certificates.read_operation(request.actor, vault, name).request_id}
    except Forbidden:
        return {"request_id": UNREAD}


def _end_page(
    request: HtmxRequest, vault: Vault, name: str, act: str, consequences: list[str], form: ConfirmForm | None = None
) -> dict[str, Any]:
    """Template context for cancel, delete and restart. They ask for the password: ending an operation destroys its private
    key, so a CSR that a CA is processing becomes useless."""
    name = observe.spelling_of(vault, CERTIFICATE, name)
    form = form or OperationForm(posted(request), initial=_opened_on(request, vault, name))
    ask_password(request, form)
    operation_url = reverse("certificate_operation", args=[vault.slug, name])
    page = confirm_page(
        vault=vault,
        kind="certificate",
        name=name,
        title=f"{act} of {name}?",
        consequences=consequences,
        submit_label=act,
        cancel_url=operation_url,
        danger=True,
        crumbs=[("Certificates", reverse("certificate_list", args=[vault.slug])), (name, operation_url)],
    )
    return page | {"form": form}

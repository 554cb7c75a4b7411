"""Merge a signed certificate into a pending operation: read a CA's reply, show what was understood, then send the chain."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from vaults.actions import certificates
from vaults.actions.certificates import OperationChanged
from vaults.forms.merging import MergeForm, ReplyForm
from vaults.inventory import observe
from vaults.keyvault.types import CertificateOperation
from vaults.kinds import CERTIFICATE
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import NOTICES, form_page, refused_form
from vaults.web.merge_parts import understood
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.submissions import once


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("reply")
@with_vault
@needs(Action.CERTIFICATE_OPERATION_MERGE)
@once
def certificate_operation_merge(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """Two steps at one address: a reply is answered with what was understood of it, and the chain with the merge."""
    name = observe.spelling_of(vault, CERTIFICATE, name)
    operation = certificates.read_operation(request.actor, vault, name)
    if not operation.awaits_merge:
        messages.info(request, "This operation does not wait for a certificate. Nothing was merged.")
        return redirect("certificate_operation", vault.slug, name)
    context = {"vault": vault, "name": name, "operation": operation}
    if request.method != "POST":
        return _reply_page(request, context, ReplyForm(operation=operation))
    if "chain" in request.POST:
        return _merge(request, context, operation)
    form = ReplyForm(request.POST, request.FILES, operation=operation)
    if form.is_valid() and form.chain:
        context = NOTICES | context | {"form": MergeForm(operation=operation, chain=form.chain)}
        context["understood"] = understood(form.chain, operation.csr, timezone.now())
        return render_page(request, "vaults/certificate_merge_check.html", context)
    return _reply_page(request, context, form)


def _merge(request: HtmxRequest, context: dict[str, Any], operation: CertificateOperation) -> HttpResponse:
    vault, name = context["vault"], context["name"]
    form = MergeForm(request.POST, operation=operation)
    if not form.is_valid() or form.checked is None:
        again = ReplyForm(operation=operation)
        context["start_again"] = [error for errors in form.errors.values() for error in errors]
        return _reply_page(request, context, again)
    context |= {"form": form, "understood": understood(form.checked, operation.csr, timezone.now())}
    try:
        with refused_form(form, context) as attempt:
            merged = certificates.merge_certificate(
                request.actor, vault, name, form.checked.certificates, operation.request_id
            )
    except OperationChanged:
        messages.error(request, "The operation ended or was replaced at this moment. Nothing was merged.")
        return redirect("certificate_operation", vault.slug, name)
    if attempt.succeeded:
        messages.success(request, f"The signed certificate was merged: {name} has a new version.")
        return redirect("certificate_detail", vault.slug, merged.name)
    return form_page(request, "vaults/certificate_merge_check.html", context)


def _reply_page(request: HtmxRequest, context: dict[str, Any], form: ReplyForm) -> HttpResponse:
    return form_page(request, "vaults/certificate_merge.html", {"start_again": []} | context | {"form": form})

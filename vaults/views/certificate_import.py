"""Import a certificate: what the files hold is shown first, and only what was shown is sent.

Nothing of the files is kept between the two requests. The second one brings them again, and the SHA-256 of what was shown.
"""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from vaults import problems
from vaults.actions import certificate_import, certificates
from vaults.actions.certificate_import import ImportContent
from vaults.actions.changes import NothingToAddTo
from vaults.forms.certificate_import import CertificateImportForm, initial_of
from vaults.inventory import observe
from vaults.keyvault.types import Certificate, CertificateProperties
from vaults.kinds import CERTIFICATE
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.certificate_contents import contents_of
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import NOTICES, form_again, form_page, refuse_taken, refused_form
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.submissions import once

PAGE = "vaults/certificate_import.html"
#: The value of the button that only shows what is inside.
LOOK = "look"


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("pasted", "password")
@with_vault
@needs(Action.CERTIFICATE_IMPORT)
@once
@sensitive_variables("form")
def import_page(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """`?name=`: the certificate that gets a new version."""
    context: dict[str, Any] = {"vault": vault, "contents": None, "other_than_shown": False, "present": None}
    if request.method != "POST":
        name = request.GET.get("name", "")[:127]
        present = _present(request, vault, name)
        context |= {"form": CertificateImportForm(initial=initial_of(name, present)), "present": present}
        return form_page(request, PAGE, context)
    looks = request.POST.get("step") == LOOK
    form = context["form"] = CertificateImportForm(request.POST, request.FILES, must_have_name=not looks)
    if not form.is_valid() or form.read is None:
        return form_again(request, PAGE, context)
    if looks or request.POST.get("shown") != form.digest:
        context["other_than_shown"] = not looks
        return _show(request, vault, form, context)
    try:
        with refused_form(form, context) as attempt:
            imported = _import(request, vault, form, form.read.content)
    except NothingToAddTo:
        form.add_error("name", "There is no certificate of this name to add a version to.")
        return form_again(request, PAGE, context)
    if attempt.succeeded:
        messages.success(request, f"Certificate {imported.name} was imported.")
        return redirect("certificate_detail", vault.slug, imported.name)
    return form_again(request, PAGE, context)


@sensitive_variables("content")
def _import(
    request: HtmxRequest, vault: Vault, form: CertificateImportForm, content: ImportContent
) -> CertificateProperties:
    data = form.cleaned_data
    return certificate_import.import_certificate(
        request.actor,
        vault,
        data["name"],
        content,
        form.policy(),
        as_version=data["as_version"],
        tags=data["tags"],
        enabled=False if data["enabled"] is False else None,
    )


@sensitive_variables("form")
def _show(request: HtmxRequest, vault: Vault, form: CertificateImportForm, context: dict[str, Any]) -> HttpResponse:
    """What would be imported. A name that is in use without a version being wanted is refused here already."""
    name = form.cleaned_data["name"]
    present = context["present"] = _present(request, vault, name)
    if present and not form.cleaned_data["as_version"]:
        refuse_taken(form, context)
        return form_again(request, PAGE, context)
    context["contents"] = contents_of(form)
    return render_page(request, PAGE, NOTICES | context, partial="inside")


def _present(request: HtmxRequest, vault: Vault, name: str) -> Certificate | None:
    """The certificate of this name; None if there is none, or it can't be read: the import finds out."""
    if not name:
        return None
    with suppress(*problems.EXPECTED):
        return certificates.read_issued(request.actor, vault, observe.spelling_of(vault, CERTIFICATE, name))
    return None

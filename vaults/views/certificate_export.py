"""Export desk of a certificate: its public part for everybody, key and chain after a confirmation."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from vaults import problems
from vaults.actions import certificate_export as actions
from vaults.actions import certificates
from vaults.forms.certificate_export import CertificateExportForm
from vaults.inventory import observe
from vaults.keyvault import x509
from vaults.keyvault.certificate_export import ExportRefused
from vaults.keyvault.types import Certificate
from vaults.kinds import CERTIFICATE
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.certificate_export import base64url, commands_of
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import needs, with_vault
from vaults.web.downloads import download
from vaults.web.form_errors import NOTICES, form_page, refused_form
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.submissions import once


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("file_password", "file_password_again", PASSWORD)
@with_vault
def certificate_export(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    name = observe.spelling_of(vault, CERTIFICATE, name)
    if request.method == "POST":
        return _export(request, vault, name=name)
    certificate = _read(request, vault, name, request.GET.get("version", ""))
    if not certificate.cer:
        raise Http404("This version has no certificate that can be read.")
    form = CertificateExportForm(initial={"version": certificate.properties.version})
    ask_password(request, form)
    return form_page(request, "vaults/certificate_export.html", _context(vault, name, form, certificate))


@needs(Action.CERTIFICATE_EXPORT)
@once
@sensitive_variables("form", "file")
def _export(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """One submitted form is one reading of the managed secret, and one file or one look at the chain."""
    form = CertificateExportForm(request.POST)
    ask_password(request, form)
    noted: dict[str, Any] = {"vault": vault}
    if form.is_valid():
        version = form.cleaned_data["version"]
        with refused_form(form, noted):
            try:
                if not form.shows_chain:
                    file = actions.export_certificate(request.actor, vault, name, version, form.wanted())
                    return download(file.content, f"{name}{file.suffix}", file.content_type)
                noted["contents"] = actions.show_chain(request.actor, vault, name, version)
            except ExportRefused as refused:
                form.add_error(None, str(refused))
    certificate = None
    with suppress(*problems.EXPECTED):  # without it the form still has its submitted data
        certificate = _read(request, vault, name, form["version"].value() or "")
    context = {**NOTICES, **_context(vault, name, form, certificate), **noted}
    if context["contents"]:
        return render_page(request, "vaults/certificate_export.html", context)
    return form_page(request, "vaults/certificate_export.html", context)


def _read(request: HtmxRequest, vault: Vault, name: str, version: str) -> Certificate:
    """One version with the certificate's policy, which Key Vault returns only with the current version."""
    current = certificates.read_issued(request.actor, vault, name)
    if version in ("", current.properties.version):
        return current
    return replace(certificates.read_issued(request.actor, vault, name, version), policy=current.policy)


def _context(vault: Vault, name: str, form: CertificateExportForm, certificate: Certificate | None) -> dict[str, Any]:
    facts = x509.read_certificate(certificate.cer) if certificate else None
    return {
        "vault": vault,
        "name": name,
        "form": form,
        "certificate": certificate,
        "facts": facts,
        "x5t": base64url(facts.sha1) if facts else "",
        "x5t_s256": base64url(facts.sha256) if facts else "",
        "commands": commands_of(vault, certificate) if certificate else [],
        "contents": None,
    }

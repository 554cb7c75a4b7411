"""Certificates: detail page with versions, create, new version, edit, download. (List and delete: see items.py.)"""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from vaults import problems
from vaults.actions import certificates
from vaults.actions.certificates import CertificateDetail
from vaults.actions.changes import UNREAD, edit_token_of
from vaults.azure.errors import Forbidden, NotFound
from vaults.forms.certificate_versions import CertificateVersionForm
from vaults.forms.certificates import CertificateEditForm, CertificateForm, CertificateUnreadForm
from vaults.inventory import observe
from vaults.keyvault import x509
from vaults.keyvault.types import Certificate, CertificateProperties
from vaults.kinds import CERTIFICATE
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.activity import activity_of
from vaults.web.carried_over import unreadable_of_certificate
from vaults.web.certificate_course import effect_of
from vaults.web.certificate_parts import parts_of_form, parts_of_policy
from vaults.web.decorators import needs, with_vault
from vaults.web.downloads import download
from vaults.web.form_errors import attributes_of, form_page, posted, refused_form
from vaults.web.policy_effects import effect_context
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.renewal_trap import renewal_trap
from vaults.web.submissions import once
from vaults.web.unread_parts import (
    FROM_LIST,
    NEWER,
    OPERATION,
    current_version,
    listed_versions,
    not_read,
    shown_version,
    unread_parts,
)
from vaults.web.version_summary import tally_of

UNREAD_NOTE = (
    "So neither the policy nor the current version is shown. The vault has them, and makes the new version by its own policy. "
    "Tags are not carried over."
)


@require_safe
@with_vault
def certificate_detail(request: HtmxRequest, vault: Vault, name: str, version: str = "") -> HttpResponse:
    activity = activity_of(request, vault, CERTIFICATE, name)
    detail = certificates.read_certificate(request.actor, vault, name, version)
    certificate, operation = detail.certificate.value, detail.operation.value
    if certificate:
        nothing_issued = not certificate.cer and "cer" not in certificate.odd
    else:
        nothing_issued = isinstance(detail.certificate.error, NotFound)
    if nothing_issued and operation:
        return redirect("certificate_operation", vault.slug, name)
    shown = _shown(detail, version)
    facts = x509.read_certificate(certificate.cer) if certificate else None
    context = {
        "vault": vault,
        "name": shown.name,
        "certificate": certificate,
        "certificate_problem": not_read(vault, detail.certificate),
        "facts": facts,
        "renewal_trap": renewal_trap(certificate, facts, request.actor.exchanges),
        "mails_contacts": _mails_contacts(certificate),
        "policy_groups": parts_of_policy(certificate) if certificate and certificate.policy else [],
        "shown": shown,
        "current": current_version(detail.versions, shown, version),
        "selected": shown if version else None,
        "operation": operation,
        "operation_problem": not_read(vault, detail.operation) if certificate else None,
        "activity": activity(shown.name),
        **listed_versions(vault, detail.versions),
    }
    return render_page(request, "vaults/certificate_detail.html", context)


def _mails_contacts(certificate: Certificate | None) -> bool:
    actions = certificate.policy.lifetime_actions if certificate and certificate.policy else ()
    return any(action.action == "EmailContacts" for action in actions)


def _shown(detail: CertificateDetail, version: str = "") -> CertificateProperties:
    own = detail.certificate.value.properties if detail.certificate.value else None
    return shown_version(own, detail.versions, version)


@require_safe
@with_vault
def certificate_download(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """The certificate without its private key, `?format=pem`, `der` or `p7b`.

    Key Vault returns it without its chain, so the P7B has no other certificate.
    """
    wanted = request.GET.get("format", "pem")
    if wanted not in ("pem", "der", "p7b"):
        raise Http404("There is no such format.")
    certificate = certificates.read_issued(request.actor, vault, name, request.GET.get("version", ""))
    if not certificate.cer:
        raise Http404("This version has no certificate that can be read.")
    if wanted == "der":
        return download(certificate.cer, f"{name}.cer", "application/pkix-cert")
    if wanted == "p7b":
        file = x509.to_p7b(certificate.cer)
        if file is None:
            raise Http404("This version has no certificate that can be read.")
        return download(file, f"{name}.p7b", "application/x-pkcs7-certificates")
    return download(x509.to_pem(certificate.cer, "CERTIFICATE"), f"{name}.pem", "application/x-pem-file")


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.CERTIFICATE_CREATE)
@once
def certificate_new(request: HtmxRequest, vault: Vault) -> HttpResponse:
    form = CertificateForm(posted(request))
    context: dict[str, Any] = {"vault": vault, "form": form}
    only_shown = "show_effect" in request.POST
    if request.method == "POST" and form.is_valid() and not only_shown:
        name = form.cleaned_data["name"]
        with refused_form(form, context) as attempt:
            certificates.create_certificate(request.actor, vault, name, form.policy(), form.cleaned_data["tags"], None)
        if attempt.succeeded:
            messages.success(request, f"Certificate {name} was requested.")
            return redirect("certificate_operation", vault.slug, name)
    issuers = certificates.list_issuers(request.actor, vault)
    form.offer(issuers)
    context |= effect_context(effect_of(form, issuers, None))
    response = form_page(request, "vaults/certificate_form.html", context)
    if only_shown:
        response.status_code = 200
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.CERTIFICATE_NEW_VERSION)
@once
def certificate_new_version(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    name = observe.spelling_of(vault, CERTIFICATE, name)
    context: dict[str, Any] = {"vault": vault, "name": name}
    if request.method != "POST":
        try:
            form = CertificateVersionForm(renewal=certificates.read_for_new_version(request.actor, vault, name))
        except Forbidden as error:
            context |= {"unread": problems.explain(error, vault=vault), "unread_note": UNREAD_NOTE}
            context["form"] = CertificateUnreadForm(initial={"opened_on": UNREAD})
            return form_page(request, "vaults/certificate_unread_form.html", context)
        return _version_page(request, context, form)
    if request.POST.get("opened_on") == UNREAD:
        return _new_version_unread(request, context, CertificateUnreadForm(request.POST))
    form = CertificateVersionForm(request.POST)
    if form.is_valid():
        with refused_form(form, context) as attempt:
            certificates.new_version_of_certificate(
                request.actor, vault, name, form.wanted(), form.cleaned_data["opened_on"]
            )
        if attempt.succeeded:
            messages.success(request, f"A new version of {name} was requested.")
            return redirect("certificate_operation", vault.slug, name)
    renewal = None
    with suppress(*problems.EXPECTED):  # without it the form still has its submitted data
        renewal = certificates.read_for_new_version(request.actor, vault, name)
    return _version_page(request, context, form.again(renewal, changed_meanwhile="changed" in context))


def _new_version_unread(request: HtmxRequest, context: dict[str, Any], form: CertificateUnreadForm) -> HttpResponse:
    vault, name = context["vault"], context["name"]
    context["form"] = form
    if form.is_valid():
        with refused_form(form, context) as attempt:
            certificates.new_version_of_certificate(request.actor, vault, name, form.wanted(), UNREAD)
        if attempt.succeeded:
            messages.success(request, f"A new version of {name} was requested.")
            return redirect("certificate_operation", vault.slug, name)
    return form_page(request, "vaults/certificate_unread_form.html", context)


def _version_page(request: HtmxRequest, context: dict[str, Any], form: CertificateVersionForm) -> HttpResponse:
    present = form.renewal.certificate if form.renewal else None
    groups = parts_of_form(form, x509.read_certificate(present.cer) if present else None)
    parts = [part for group in groups for part in group.parts]
    losses = unreadable_of_certificate(present) if present else []
    context |= {
        "form": form,
        "present": present,
        "ended": bool(present and present.properties.expires_on and present.properties.expires_on <= timezone.now()),
        "groups": groups,
        "count": len(parts),
        "changed_parts": [part.label for part in parts if part.changed],
        "not_carried": losses,
        "tally": tally_of(groups, lost=bool(losses)),
    }
    return form_page(request, "vaults/certificate_version_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.CERTIFICATE_UPDATE)
@once
def certificate_edit(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    name = observe.spelling_of(vault, CERTIFICATE, name)
    context: dict[str, Any] = {"vault": vault, "name": name}
    if request.method != "POST":
        wanted = request.GET.get("version", "")
        detail = certificates.read_certificate(request.actor, vault, name, wanted)
        current = _shown(detail, wanted)
        initial = {"opened_on": edit_token_of(current), **attributes_of(current, CertificateEditForm)}
        context |= {"form": CertificateEditForm(initial=initial), "odd": current.odd}
        context["unread_parts"] = unread_parts(
            vault, (detail.certificate, FROM_LIST), (detail.versions, NEWER), (detail.operation, OPERATION)
        )
        return form_page(request, "vaults/certificate_edit.html", context)
    form = context["form"] = CertificateEditForm(request.POST)
    if form.is_valid():
        with refused_form(form, context) as attempt:
            certificates.update_certificate(request.actor, vault, name, form.wanted(), form.cleaned_data["opened_on"])
        if attempt.succeeded:
            messages.success(request, f"Certificate {name} was updated.")
            return redirect("certificate_detail", vault.slug, name)
    return form_page(request, "vaults/certificate_edit.html", context)

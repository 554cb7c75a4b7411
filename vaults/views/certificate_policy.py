"""A certificate's policy: what it says, what follows from it, and its change."""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from vaults import problems
from vaults.actions import certificate_policy as policies
from vaults.actions.certificate_policy import PolicyChanged, PolicyUpdate
from vaults.actions.certificates import Renewal
from vaults.forecast.renewals import Course
from vaults.forms.policy_edit import PolicyEditForm
from vaults.forms.policy_effect import EffectForm
from vaults.inventory import observe
from vaults.keyvault import x509
from vaults.keyvault.types import LifetimeAction
from vaults.keyvault.x509 import CertificateFacts
from vaults.kinds import CERTIFICATE
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.certificate_course import authority_for, course_of, effect_of
from vaults.web.certificate_parts import parts_of_form, parts_of_policy
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import form_page, refused_form
from vaults.web.policy_effects import effect_context, effects
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.renewal_trap import renewal_trap
from vaults.web.submissions import once
from vaults.web.version_summary import tally_of

EDIT = "vaults/certificate_policy_form.html"
CHANGED = (
    "Somebody else changed the policy after you opened it. What you typed is still here, beside what the policy is now. Compare "
    "the two, then send again."
)
OTHERWISE = "The vault has something otherwise than it was sent: {}. Compare the policy below."


@require_safe
@with_vault
def certificate_policy(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """All of the policy, and what follows from it."""
    found = policies.read_policy(request.actor, vault, name)
    certificate, now = found.certificate, timezone.now()
    facts = x509.read_certificate(certificate.cer)
    course = _course(request, vault, found, facts)
    context = {
        "vault": vault,
        "name": certificate.properties.name,
        "certificate": certificate,
        "groups": parts_of_policy(certificate) if certificate.policy else [],
        "odd": certificate.odd.get("policy", ""),
        "effects": effects(course, now) if course else [],
        "built_subject": "",
        "mails_contacts": any(action.action == "EmailContacts" for action in _actions(found)),
        "renewal_trap": renewal_trap(certificate, facts, request.actor.exchanges),
    }
    return render_page(request, "vaults/certificate_policy.html", context)


def _course(request: HtmxRequest, vault: Vault, found: Renewal, facts: CertificateFacts) -> Course | None:
    """A CA that nobody has judged is taken for public, as on the page of the renewals."""
    authority = authority_for(request.actor, vault, found, facts)
    return course_of(found, facts, is_public=authority.is_public is not False)


def _actions(found: Renewal) -> tuple[LifetimeAction, ...]:
    return found.certificate.policy.lifetime_actions if found.certificate.policy else ()


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.CERTIFICATE_UPDATE_POLICY)
@once
def certificate_policy_edit(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """Change parts of the policy. Where it can't be read, its page says so."""
    name = observe.spelling_of(vault, CERTIFICATE, name)
    context: dict[str, Any] = {"vault": vault, "name": name}
    if request.method != "POST":
        found = policies.read_policy(request.actor, vault, name)
        if found.certificate.policy is None:
            return redirect("certificate_policy", vault.slug, name)
        return _edit_page(request, context, PolicyEditForm(renewal=found))
    form, was_changed, only_shown = PolicyEditForm(request.POST), False, "show_effect" in request.POST
    if form.is_valid() and not only_shown:
        try:
            with refused_form(form, context) as attempt:
                update = policies.update_policy(
                    request.actor, vault, name, form.policy_changes(), form.cleaned_data["opened_on"]
                )
        except PolicyChanged:
            form.add_error(None, CHANGED)
            was_changed = True
        else:
            if attempt.succeeded:
                _say(request, name, update)
                return redirect("certificate_policy", vault.slug, name)
    present = None
    with suppress(*problems.EXPECTED):  # without it the form still has its submitted data
        present = policies.read_policy(request.actor, vault, name)
    response = _edit_page(request, context, form.again(present, changed_meanwhile=was_changed))
    if only_shown:
        response.status_code = 200
    return response


def _say(request: HtmxRequest, name: str, update: PolicyUpdate) -> None:
    if not update.changed:
        messages.success(request, "Nothing was different, so nothing was sent.")
        return
    messages.success(request, f"The policy of {name} was changed. No new version was made.")
    if update.otherwise:
        messages.warning(request, OTHERWISE.format(", ".join(each.replace("_", " ") for each in update.otherwise)))


def _edit_page(request: HtmxRequest, context: dict[str, Any], form: PolicyEditForm) -> HttpResponse:
    found = form.renewal
    present = found.certificate if found else None
    facts = x509.read_certificate(present.cer) if present else None
    groups = parts_of_form(form, facts)
    parts = [part for group in groups for part in group.parts]
    course = _course(request, context["vault"], found, facts) if found and facts else None
    effect = effect_of(form, found.issuers, course) if found and course and "lifetime_action" in form.fields else None
    context |= {
        "form": form,
        "present": present,
        "groups": groups,
        "count": len(parts),
        "changed_parts": [part.label for part in parts if part.changed],
        "tally": tally_of(groups, lost=False),
        **effect_context(effect),
    }
    return form_page(request, EDIT, context)


@require_safe
@with_vault
@needs(Action.CERTIFICATE_READ)
def policy_effect(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """The part of a policy's form that says what follows from what was typed so far. Azure is not asked."""
    context = {"vault": vault, **effect_context(EffectForm(request.GET))}
    return render_page(request, "includes/policy_effects.html", context)

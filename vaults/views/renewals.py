"""A certificate's next renewals, under the rules for public CAs as they are and as they will be."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from vaults.actions import certificates
from vaults.keyvault import x509
from vaults.models import Vault
from vaults.web.certificate_course import authority_for, course_of
from vaults.web.certificate_future import axis, cards, loses_client_auth
from vaults.web.decorators import with_vault
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.renewal_trap import renewal_trap


@require_safe
@with_vault
def certificate_renewals(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """`?rules=` is the year of the calendar that is shown."""
    found = certificates.read_for_new_version(request.actor, vault, name)
    certificate, facts = found.certificate, x509.read_certificate(found.certificate.cer)
    authority = authority_for(request.actor, vault, found, facts)
    course = course_of(found, facts, is_public=authority.is_public is not False)
    context = {
        "vault": vault,
        "name": certificate.properties.name,
        "certificate": certificate,
        "course": course,
        "nothing_issued": not certificate.cer and "cer" not in certificate.odd,
        "renewal_trap": renewal_trap(certificate, facts, request.actor.exchanges),
        "authority": authority.name,
        "not_said": authority.is_public is None,
        "cards": [],
    }
    if course:
        now = timezone.now()
        shown = cards(course, now)
        chosen = next((card for card in shown if str(card.year) == request.GET.get("rules")), shown[0])
        context |= {"cards": shown, "chosen": chosen, "axis": axis(chosen, course, now)}
        context["loses_client_auth"] = loses_client_auth(course)
    return render_page(request, "vaults/certificate_renewals.html", context)

"""Two versions of a secret compared: whether their values are equal and how they differ, without showing them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from vaults.actions import secrets
from vaults.forms.secrets import SecretCompareForm
from vaults.inventory import observe
from vaults.keyvault.types import SecretProperties
from vaults.kinds import SECRET
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import needs, with_vault
from vaults.web.form_errors import NOTICES, form_page, posted, refused_form
from vaults.web.rendering import HtmxRequest, render_page

PAGE = "vaults/secret_compare.html"


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters(PASSWORD)
@with_vault
@needs(Action.SECRET_COMPARE)
def secret_compare(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """Ask which versions, and for the password; then compare. Nothing of the values or the result is stored."""
    name = observe.spelling_of(vault, SECRET, name)
    versions = secrets.read_secret(request.actor, vault, name).needed()
    if len(versions) == 1:
        messages.info(request, "There is one version only: there is nothing to compare.")
        return redirect("secret_detail", vault.slug, name)
    form = SecretCompareForm(posted(request), versions=versions, initial=_asked_for(request, versions))
    ask_password(request, form)
    context: dict[str, Any] = {"vault": vault, "name": name, "form": form, "result": None}
    if request.method == "POST" and form.is_valid():
        chosen = {"from": form.cleaned_data["from"], "to": form.cleaned_data["to"]}
        with refused_form(form, context) as attempt:
            result = secrets.compare_secret(request.actor, vault, name, chosen["from"], chosen["to"])
        if attempt.succeeded:
            again = SecretCompareForm(versions=versions, initial=chosen)
            context |= {"form": again, "result": result, "before": chosen["from"], "after": chosen["to"]}
            return render_page(request, PAGE, NOTICES | context)
    return form_page(request, PAGE, context)


def _asked_for(request: HtmxRequest, versions: Sequence[SecretProperties]) -> dict[str, str]:
    """The versions in the address; by default the current one and the one before it."""
    known = {version.version for version in versions}
    before, after = request.GET.get("from", ""), request.GET.get("to", "")
    return {
        "from": before if before in known else versions[1].version,
        "to": after if after in known else versions[0].version,
    }

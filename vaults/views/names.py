"""The live check of a new item's name: the part of a form below the field."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from vaults import problems
from vaults.actions.names import NameState, look_up_name
from vaults.azure.errors import AmbiguousPath, InvalidIdentifier
from vaults.keyvault.identifiers import check_name
from vaults.kinds import Kind
from vaults.models import Vault
from vaults.web.decorators import needs, with_vault
from vaults.web.rendering import HtmxRequest, render_page


@require_safe
@with_vault
@needs(lambda kind: kind.actions.create)
def name_state(request: HtmxRequest, vault: Vault, kind: Kind) -> HttpResponse:
    """`?name=`. A name that Key Vault can't have is not asked for; if the vault does not answer, that is said."""
    name = request.GET.get("name", "")
    context = {
        "vault": vault,
        "kind": kind,
        "name": name,
        "state": "",
        "deleted": None,
        "holder": None,
        "problem_title": "",
    }
    if name:
        try:
            use = look_up_name(request.actor, vault, kind, check_name(name))
            context |= {"state": use.state.value, "deleted": use.deleted, "holder": use.holder}
            if use.state in (NameState.UNKNOWN, NameState.UNHELD) and use.unread[0].error:
                context["problem_title"] = problems.explain(use.unread[0].error, vault=vault).title
        except InvalidIdentifier:
            context["state"] = "invalid"
        except AmbiguousPath:
            context["state"] = "reserved"
        except problems.EXPECTED as error:
            context |= {"state": NameState.UNKNOWN.value, "problem_title": problems.explain(error, vault=vault).title}
    return render_page(request, "includes/name_state.html", context)

"""Forms that Azure or the portal refused: they keep the input and show the reason."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict

from vaults import problems
from vaults.actions.changes import UNREAD, ChangedMeanwhile, CurrentUnread, NameTaken, PartsUnread
from vaults.azure.errors import AmbiguousPath, BadRequest, Conflict
from vaults.keyvault.types import Properties
from vaults.web.chosen_connection import lost_connection
from vaults.web.rendering import HtmxRequest, is_swap, render_page

Found = TypeVar("Found", bound=Properties)

#: Matches errors about a certificate's subject, from Azure and from its CAs.
SUBJECT_NAMED = re.compile(r"\bsubject(?! alternative)|x\.?500", re.IGNORECASE)


def posted(request: HttpRequest) -> QueryDict | None:
    """The submitted data, which may be empty; None for GET."""
    return request.POST if request.method == "POST" else None


#: Context for messages above a form: empty, unless the view or `refused_form` fills it.
NOTICES: dict[str, Any] = {
    "held_by_deleted": "",
    "taken": False,
    "changed": None,
    "unread": None,
    "unread_note": "",
    "unread_parts": [],
    "odd": {},
}


def choose_connection(request: HtmxRequest) -> problems.Problem | None:
    """What to do with a form whose connection does not, or no longer, reach the vault; None for any other request."""
    lost = lost_connection(request)
    if lost is None:
        return None
    problem, vault = problems.explain(lost, vault=request.vault), request.vault
    problem.todo = [
        "What you typed is still here. Choose a connection below, then send the form again."
        if vault.other_connections
        else f"What you typed is still here. Send the form again: it then goes through {vault.connection.name}."
    ]
    return problem


def form_page(request: HtmxRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    """A page with a form, when it is opened or when a submitted form comes back.

    A submitted form has the status of the refusal, or 422 if something in it has to be corrected.
    """
    context = NOTICES | context
    if lost := choose_connection(request):
        context["problem"] = lost
    if request.method != "POST":
        return render_page(request, page, context)
    problem: problems.Problem | None = context.get("problem")
    return render_page(request, page, context, status=problem.status if problem else 422)


def form_again(request: HtmxRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    """A refused form with a file; for htmx only its partial `inside`, which shows the errors, so the browser keeps the file."""
    if not is_swap(request):
        return form_page(request, page, context)
    return render_page(request, page, NOTICES | context, partial="inside", status=422)


def selected_version(versions: Sequence[Found], version: str) -> Found:
    """The version in the address, or the current one if the address has none. `versions`: newest first. Raises Http404."""
    selected = next((found for found in versions if version in ("", found.version)), None)
    if selected is None:
        raise Http404("There is no such version.")
    return selected


def attributes_of(properties: Properties, form: type[forms.Form]) -> dict[str, Any]:
    """The initial values of an edit form: the item's attributes with a field; for an unreadable one its text."""
    found = {name: getattr(properties, name) for name in form.base_fields if hasattr(properties, name)}
    if found.get("enabled") is None:
        found["enabled"] = True  # Key Vault's default, and what the item's page shows
    return found | {
        name: text for name, text in properties.odd.items() if name in TEXT_FIELDS & form.base_fields.keys()
    }


#: Fields that may hold the text of an unreadable attribute; if it is not edited, the attribute stays unchanged.
TEXT_FIELDS = {"enabled", "not_before", "expires_on", "content_type"}


@dataclass(slots=True)
class Attempt:
    """`error`: the expected one that the action raised, if it became a problem above the form."""

    succeeded: bool = False
    error: Exception | None = None


def _continue_from(form: forms.Form, edit_token: str) -> None:
    """Replace the edit token: sending the form again confirms that the user has seen the change."""
    data = cast(QueryDict, form.data).copy()
    data["opened_on"] = edit_token
    form.data = data


#: By part: what to do if it can't be read. Without a field for it, only another tool can create the version.
PARTS = {
    "kty": "The key's type can't be read. Choose one.",
    "key_size": "Choose a size: a key of this type has one, and there is none that could be carried over.",
    "crv": "Choose a curve: a key of this type has one, and there is none that could be carried over.",
    "key_ops": "The permitted operations can't be read. Tick those that the new version is to have.",
    "exportable": "Whether the key may be exported can't be read, so no new version is created here: it might lose that.",
    "release_policy": "The key's release policy can't be read, so no new version is created here: it would be without it.",
    "issuer": "The policy names no issuer that can be read. Choose who is to sign the new version.",
    "policy": "The certificate's policy could not be read, so no part of it can be changed here. Request a version without "
    "a change of the policy, or send a whole policy by another tool.",
}


def refuse_taken(form: forms.Form, context: dict[str, Any]) -> None:
    """The error of a new item whose name is in use."""
    form.add_error("name", "This name is in use. Open the item to add a version to it, or choose another name.")
    context["taken"] = True


@contextmanager
def refused_form(form: forms.Form, context: dict[str, Any]) -> Iterator[Attempt]:
    """Run an action with the form's data. An expected error becomes an error at a field, or a problem above the form."""
    attempt = Attempt()
    try:
        yield attempt
        attempt.succeeded = True
    except NameTaken:
        refuse_taken(form, context)
    except PartsUnread as unread:
        for part in unread.parts:
            sentence = PARTS.get(part, f"{part} can't be read, so no part of it can be changed here.")
            form.add_error(part if part in form.fields else None, sentence)
    except ChangedMeanwhile as changed:
        context["changed"] = changed.current
        _continue_from(form, changed.edit_token)
        form.add_error(
            None,
            "Somebody else changed this after you opened it. Look at its current state, then send again.",
        )
    except CurrentUnread as current:
        context["unread"] = problems.explain(current.error, vault=context.get("vault"))
        _continue_from(form, UNREAD)
        form.add_error(
            None,
            "Its current state can't be read any more, so it is not known whether it was changed after you opened it. "
            "Send again to go on all the same: the new version gets what this form shows.",
        )
    except problems.EXPECTED as error:
        if isinstance(error, AmbiguousPath) and "name" in form.fields:
            form.add_error(
                "name",
                "This is a word of Key Vault's own addresses, so the item could not be told apart from what the word stands "
                "for. Choose another name.",
            )
            return
        if isinstance(error, BadRequest) and "subject" in form.fields and SUBJECT_NAMED.search(error.message):
            form.add_error("subject", f"Azure says: {error.message}")
            return
        attempt.error = error
        context["problem"] = problems.explain(error, vault=context.get("vault"), connection=context.get("connection"))
        if isinstance(error, Conflict) and error.inner_code == "ObjectIsDeletedButRecoverable":
            context["held_by_deleted"] = form.cleaned_data.get("name") or context.get("name")

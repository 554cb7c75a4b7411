"""A form that Azure or the portal refused keeps what was typed and says why."""

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
from vaults.web.rendering import HtmxRequest, render_page

Found = TypeVar("Found", bound=Properties)

#: A refusal that is about a certificate's subject, in Azure's words and in those of its CAs.
SUBJECT_NAMED = re.compile(r"\bsubject(?! alternative)|x\.?500", re.IGNORECASE)


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with, also where that is nothing; None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


#: What form pages say over the form: nothing, unless the view or `refused_form` gives it.
NOTICES: dict[str, Any] = {
    "held_by_deleted": "",
    "taken": False,
    "changed": None,
    "unread": None,
    "unread_note": "",
    "unread_parts": [],
    "odd": {},
}


def form_page(request: HtmxRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    """A page with a form: as it is opened, or as it comes back from being sent.

    Its status is then that of what was refused, or 422 where something in it has to be corrected.
    """
    context = NOTICES | context
    if request.method != "POST":
        return render_page(request, page, context)
    problem: problems.Problem | None = context.get("problem")
    return render_page(request, page, context, status=problem.status if problem else 422)


def selected_version(versions: Sequence[Found], version: str) -> Found:
    """The version that the address names, or the current one where it names none. `versions` are newest first."""
    selected = next((found for found in versions if version in ("", found.version)), None)
    if selected is None:
        raise Http404("There is no such version.")
    return selected


def attributes_of(properties: Properties, form: type[forms.Form]) -> dict[str, Any]:
    """What an edit form starts from: those of its fields that the item has; of a date that is none its text."""
    found = {name: getattr(properties, name) for name in form.base_fields if hasattr(properties, name)}
    if found.get("enabled") is None:
        found["enabled"] = True  # as Key Vault takes it, and as the item's page says
    return found | {
        name: text for name, text in properties.odd.items() if name in TEXT_FIELDS & form.base_fields.keys()
    }


#: Fields in which the text of what can't be read may stand; left alone, it stays what it is.
TEXT_FIELDS = {"enabled", "not_before", "expires_on", "content_type"}


@dataclass(slots=True)
class Attempt:
    succeeded: bool = False


def _go_on_from(form: forms.Form, edit_token: str) -> None:
    """The next press of the button means: I have seen it, go on."""
    data = cast(QueryDict, form.data).copy()
    data["opened_on"] = edit_token
    form.data = data


#: By part, what to do where it can't be read; where there is no field for it, nothing but another tool helps.
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


@contextmanager
def refused_form(form: forms.Form, context: dict[str, Any]) -> Iterator[Attempt]:
    """Try an action with what the form holds; what it raises becomes an error at the field or a problem over the form."""
    attempt = Attempt()
    try:
        yield attempt
        attempt.succeeded = True
    except NameTaken:
        form.add_error("name", "This name is in use. Open the item to add a version to it, or choose another name.")
        context["taken"] = True
    except PartsUnread as unread:
        for part in unread.parts:
            sentence = PARTS.get(part, f"{part} can't be read, so no part of it can be changed here.")
            form.add_error(part if part in form.fields else None, sentence)
    except ChangedMeanwhile as changed:
        context["changed"] = changed.current
        _go_on_from(form, changed.edit_token)
        form.add_error(
            None,
            "Somebody else changed this after you opened it. Look at what stands there now, then send again.",
        )
    except CurrentUnread as current:
        context["unread"] = problems.explain(current.error, vault=context.get("vault"))
        _go_on_from(form, UNREAD)
        form.add_error(
            None,
            "What stands there now can't be read any more, so nobody can tell whether it was changed after you opened it. "
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
        context["problem"] = problems.explain(error, vault=context.get("vault"), connection=context.get("connection"))
        if isinstance(error, Conflict) and error.inner_code == "ObjectIsDeletedButRecoverable":
            context["held_by_deleted"] = form.cleaned_data.get("name") or context.get("name")

"""Back up an item to a file, and restore one from it: what the file is, and what will happen, is shown first.

Nothing of the file is kept between the two requests of a restore. The second one brings it again, with the SHA-256 of what was
shown.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from vaults import problems
from vaults.actions import backups
from vaults.actions.backups import NameHeld
from vaults.forms.backups import BackupForm, ReadBackup, RestoreForm, file_name
from vaults.inventory import observe
from vaults.keyvault.age_files import AgeBusy
from vaults.kinds import BY_NAME, Kind
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import needs, with_vault
from vaults.web.downloads import download
from vaults.web.form_errors import NOTICES, form_again, form_page, posted, refused_form
from vaults.web.rendering import HtmxRequest, render_page
from vaults.web.submissions import once

RESTORE_PAGE = "vaults/restore.html"
#: The value of the button that only shows what would happen.
LOOK = "look"
#: Whose right opens the page. The right to the kind in the file is decided when that is known.
ANY_KIND = Action.SECRET_RESTORE


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("file_password", "file_password_again", PASSWORD)
@with_vault
@needs(lambda kind: kind.actions.backup)
@once
@sensitive_variables("form", "file", "password")
def item_backup(request: HtmxRequest, vault: Vault, kind: Kind, name: str) -> HttpResponse:
    """The file is the answer to the form. A managed secret or key has no backup of its own: Key Vault refuses it."""
    name = observe.spelling_of(vault, kind, name)
    form = BackupForm(posted(request))
    ask_password(request, form)
    context: dict[str, Any] = {"vault": vault, "kind": kind, "name": name, "form": form}
    if request.method == "POST" and form.is_valid():
        password = form.cleaned_data["file_password"]
        with refused_form(form, context):
            try:
                file = backups.back_up(request.actor, vault, kind, name, password)
                return download(file, file_name(name, kind, encrypted=bool(password)), "application/octet-stream")
            except AgeBusy as busy:
                form.add_error(None, str(busy))
    return form_page(request, "vaults/backup.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@with_vault
@needs(ANY_KIND)
@once
@sensitive_variables("form")
def restore_page(request: HtmxRequest, vault: Vault) -> HttpResponse:
    """`?kind=`, `?name=`: of a deleted or lost item whose page led here."""
    context: dict[str, Any] = {"vault": vault, "found": None, "held": None, "other_than_shown": False}
    if request.method != "POST":
        kind = request.GET.get("kind", "")
        initial = {"kind": kind if kind in BY_NAME else "", "name": request.GET.get("name", "")[:127]}
        return form_page(request, RESTORE_PAGE, context | {"form": RestoreForm(initial=initial)})
    form = context["form"] = RestoreForm(request.POST, request.FILES)
    if not form.is_valid() or form.backup is None:
        return form_again(request, RESTORE_PAGE, context)
    looks = request.POST.get("step") == LOOK
    if looks or request.POST.get("shown") != form.backup.digest:
        context["other_than_shown"] = not looks
        return _show(request, vault, form, form.backup, context)
    return _restore(request, vault, form, form.backup, context)


@sensitive_variables("form")
def _show(
    request: HtmxRequest, vault: Vault, form: RestoreForm, backup: ReadBackup, context: dict[str, Any]
) -> HttpResponse:
    """What the file is, and who has the name. A name that somebody holds is refused here already."""
    with refused_form(form, context) as attempt:
        try:
            use = backups.who_holds(request.actor, vault, backup.kind, backup.name)
        except NameHeld as held:
            _refuse_held(form, backup, held, context)
    if form.errors or not attempt.succeeded:
        return form_again(request, RESTORE_PAGE, context)
    unread = use.unread[0].error if use.unread else None
    context["found"] = {
        "kind": backup.kind,
        "name": backup.name,
        "size": len(backup.blob),
        "encrypted": backup.was_encrypted,
        "digest": backup.digest,
        "state": use.state.value,
        "why_unknown": problems.explain(unread, vault=vault).title if unread else "",
    }
    return render_page(request, RESTORE_PAGE, NOTICES | context, partial="inside")


@sensitive_variables("form")
def _restore(
    request: HtmxRequest, vault: Vault, form: RestoreForm, backup: ReadBackup, context: dict[str, Any]
) -> HttpResponse:
    restored = None
    with refused_form(form, context):
        try:
            use = backups.who_holds(request.actor, vault, backup.kind, backup.name)
            restored = backups.restore(request.actor, vault, backup.kind, backup.name, backup.blob, use.state)
        except NameHeld as held:
            _refuse_held(form, backup, held, context)
    if restored is None:
        return form_again(request, RESTORE_PAGE, context)
    name = restored.name or backup.name
    other = f" In the backup it had this name, and not {backup.name}." if name.lower() != backup.name.lower() else ""
    messages.success(request, f"{backup.kind.title} {name} was restored with all its versions.{other}")
    return redirect(backup.kind.pages.detail, vault.slug, name)


def _refuse_held(form: RestoreForm, backup: ReadBackup, held: NameHeld, context: dict[str, Any]) -> None:
    form.add_error("name", f"The name {backup.name} is not free, so Key Vault would refuse the restore.")
    context["held"] = {
        "kind": backup.kind,
        "name": backup.name,
        "state": held.use.state.value,
        "holder": held.use.holder,
        "deleted": held.use.deleted,
    }

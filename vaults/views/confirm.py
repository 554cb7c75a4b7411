"""What the pages that ask twice say: what will happen, and what can be undone."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from vaults.actions.parts import Part, part
from vaults.forms.confirm import ConfirmForm
from vaults.keyvault.errors import NotFound
from vaults.keyvault.types import Properties
from vaults.models import Vault
from vaults.views.parts import unread_parts

RETENTION = "for the vault's retention time (7 to 90 days)"

WHAT_GOES = {
    "secret": "All versions of the secret go. Whoever uses it gets an error from this moment on.",
    "key": "All versions of the key go. What was encrypted with it can't be decrypted until it is recovered.",
    "certificate": "All versions of the certificate go, with its key and its secret of the same name.",
}


def deletion_page(vault: Vault, kind: str, name: str, current: Properties | None = None) -> dict[str, Any]:
    """The page that asks before something is soft-deleted. `current` tells for how long it can be brought back."""
    item_url = reverse(f"{kind}_detail", args=[vault.slug, name])
    return {
        "vault": vault,
        "kind": kind,
        "name": name,
        "title": f"Delete {name}?",
        "consequences": [
            WHAT_GOES[kind],
            how_long(current),
            "Until it is recovered or purged, nobody can create another one of this name.",
        ],
        "submit_label": f"Delete the {kind}",
        "cancel_url": item_url,
        "danger": True,
        "crumbs": [(f"{kind.title()}s", reverse(f"{kind}_list", args=[vault.slug])), (name, item_url)],
        "form": ConfirmForm(),
    }


def how_long(current: Properties | None) -> str:
    """Until when it can be recovered, where the vault tells; API versions before 7.1 don't."""
    days = current.recoverable_days if current else None
    until = f"until {date_format(timezone.localtime() + timedelta(days=days), 'j F Y')}" if days else RETENTION
    protected = " Purge protection is on: nobody can purge it before." if current and current.purge_protected else ""
    return f"It stays under Deleted and can be recovered {until}.{protected}"


#: What stands there, and its parts with what it means for the page where one could not be read.
Seen = tuple[Properties | None, Sequence[tuple[Part[Any], str]]]

NOTHING = (
    "What goes, and for how long it can be recovered is not known here. It can be deleted all the same, if it is there."
)
VERSIONS = "All versions go, also those that are not known here."
FROM_LIST = "What is said of it here is from the list of versions."
OPERATION = "Whether a new version is under way is not known here."


def deletion_asked(vault: Vault, kind: str, name: str, look: Callable[[], Seen]) -> dict[str, Any]:
    """The page as it is opened. Who may delete but not look is asked all the same, and so is everybody where Azure does not
    tell just now. Raises NotFound."""
    looked = part(look)
    if isinstance(looked.error, NotFound):
        raise looked.error
    current, parts = looked.value or (None, [(looked, NOTHING)])
    return {**deletion_page(vault, kind, name, current), "unread_parts": unread_parts(vault, *parts)}

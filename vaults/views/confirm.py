"""What the pages that ask twice say: what will happen, and what can be undone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from vaults.forms.confirm import ConfirmForm
from vaults.keyvault.errors import KeyVaultError, NotFound
from vaults.keyvault.types import Properties
from vaults.models import Vault

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


def current_if_read(read: Callable[[], Properties]) -> Properties | None:
    """What is about to go; None where the service principal may delete but not look, or Azure does not tell just now."""
    try:
        return read()
    except NotFound:
        raise
    except KeyVaultError:
        return None

"""What the pages that ask twice say: what will happen, and what can be undone."""

from typing import Any

from django.urls import reverse

from vaults.forms.confirm import ConfirmForm
from vaults.models import Vault

WHAT_GOES = {
    "secret": "All versions of the secret go. Whoever uses it gets an error from this moment on.",
    "key": "All versions of the key go. What was encrypted with it can't be decrypted until it is recovered.",
    "certificate": "All versions of the certificate go, with its key and its secret of the same name.",
}


def deletion_page(vault: Vault, kind: str, name: str) -> dict[str, Any]:
    """The page that asks before something is soft-deleted."""
    item_url = reverse(f"{kind}_detail", args=[vault.slug, name])
    return {
        "vault": vault,
        "kind": kind,
        "name": name,
        "title": f"Delete {name}?",
        "consequences": [
            WHAT_GOES[kind],
            "It stays under Deleted for the vault's retention time (7 to 90 days) and can be recovered from there.",
            "Until it is recovered or purged, nobody can create another one of this name.",
        ],
        "submit_label": f"Delete the {kind}",
        "cancel_url": item_url,
        "danger": True,
        "crumbs": [(f"{kind.title()}s", reverse(f"{kind}_list", args=[vault.slug])), (name, item_url)],
        "form": ConfirmForm(),
    }

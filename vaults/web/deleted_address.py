"""The address of an item that is deleted leads to the page of the deleted item, where it can be recovered."""

from django.urls import reverse

from vaults.inventory import observe
from vaults.kinds import CERTIFICATE, KEY, KINDS, SECRET, Kind
from vaults.models import InventoryItem, Vault
from vaults.web.chosen_connection import kept_way
from vaults.web.rendering import HtmxRequest, is_swap

#: The kind that a page of one live item is about, by the name of its URL.
PAGES = (
    {
        page: kind
        for kind in KINDS
        for page in (
            kind.pages.detail,
            kind.pages.version,
            kind.pages.edit,
            kind.pages.new_version,
            kind.pages.delete,
            kind.pages.backup,
        )
    }
    | dict.fromkeys(("secret_roll_back", "secret_compare"), SECRET)
    | dict.fromkeys(
        ("certificate_renewals", "certificate_policy", "certificate_policy_edit", "certificate_export"), CERTIFICATE
    )
    | dict.fromkeys(("key_rotate", "key_rotation", "key_rotation_edit", "key_attestation"), KEY)
    | dict.fromkeys(("key_try", "key_encrypt", "key_decrypt", "key_sign", "key_verify", "key_wrap", "key_unwrap"), KEY)
    | dict.fromkeys(("key_release", "key_secure_wrap", "key_secure_unwrap"), KEY)
    | {f"{kind}_version_{verb}": kind for kind in KINDS for verb in ("enable", "disable")}
)


def deleted_address(request: HtmxRequest, vault: Vault) -> str:
    """The address of the page of the deleted item, if this request is for a page of it and the inventory knows; else ""."""
    match = request.resolver_match
    kind = PAGES.get(match.url_name or "") if match else None
    if match is None or kind is None or request.method not in ("GET", "HEAD") or is_swap(request):
        return ""
    name = match.kwargs["name"]
    deleted = observe.read(lambda: _deleted_of(vault, kind, name), None)
    if deleted is None:
        return ""
    return kept_way(request, reverse("deleted_detail", args=[vault.slug, deleted.of_kind, deleted.name]))


def _deleted_of(vault: Vault, kind: Kind, name: str) -> InventoryItem | None:
    """The row of the deleted item; for a managed secret or key that of its certificate, with which it comes back."""
    known = observe.known_item(vault, kind.name, name)
    if known and known.is_live and known.managed:
        known = observe.known_item(vault, CERTIFICATE.name, name)
    return known if known and known.deleted_on and not known.gone_since else None

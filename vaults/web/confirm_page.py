"""The confirmation page, which all acts that need one share."""

from collections.abc import Sequence
from typing import Any

from vaults.kinds import Kind
from vaults.models import Vault

#: A label, and the address that it links to.
Link = tuple[str, str]


def confirm_page(
    *,
    title: str,
    name: str,
    consequences: Sequence[str],
    submit_label: str,
    cancel_url: str,
    crumbs: Sequence[Link],
    vault: Vault | None = None,
    kind: Kind | str = "",
    danger: bool = False,
    typed_name: bool = False,
    removed_before: Sequence[Link] = (),
) -> dict[str, Any]:
    """Template context of confirm.html, without its `form`.

    `consequences`: sentences. `danger`: the act can't easily be undone. `typed_name`: the form has a field for the name.
    `removed_before`: objects that must be removed first; the act is impossible while there are any.
    """
    return {
        "title": title,
        "name": name,
        "consequences": consequences,
        "submit_label": submit_label,
        "cancel_url": cancel_url,
        "crumbs": crumbs,
        "vault": vault,
        "kind": kind,
        "danger": danger,
        "typed_name": typed_name,
        "removed_before": removed_before,
    }

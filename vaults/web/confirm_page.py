"""The one page for every act that asks twice."""

from collections.abc import Sequence
from typing import Any

from vaults.kinds import Kind
from vaults.models import Vault

#: A label and the address that it leads to.
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
    """The context of confirm.html, but for its `form`. `consequences` are sentences; `danger`: the act can't simply be undone.

    `typed_name`: the form has a field for the name; `removed_before`: as long as there is something, the act can't be done.
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

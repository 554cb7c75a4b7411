"""Secret, key and certificate as values: code that is the same for all three kinds finds their differences here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vaults.keyvault.client import VaultClient
from vaults.keyvault.objects import ObjectClient
from vaults.keyvault.paging import Page
from vaults.permissions import Action


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions for items of one kind."""

    list: Action
    read: Action
    create: Action
    new_version: Action
    update: Action
    delete: Action
    recover: Action
    purge: Action
    backup: Action
    restore: Action


@dataclass(frozen=True, slots=True)
class Pages:
    """The names of a kind's URLs, as in `vaults.urls`."""

    list: str
    new: str
    detail: str
    version: str
    edit: str
    new_version: str
    delete: str
    backup: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of item.

    `name`: the singular, as in the record and the inventory. `collection`: the plural, as in identifiers and permissions.
    `can_be_managed`: an item may belong to a certificate. `client`: gives the kind's client of a vault. `live_page`: reads
    one page of items that are not deleted, by page token; it includes items that are still being created.
    """

    name: str
    collection: str
    icon: str
    can_be_managed: bool
    actions: Actions
    pages: Pages
    client: Callable[[VaultClient], ObjectClient[Any, Any]]
    live_page: Callable[[VaultClient, str | None], Page[Any]]

    @property
    def title(self) -> str:
        return self.name.capitalize()

    @property
    def titles(self) -> str:
        return self.collection.capitalize()

    def __str__(self) -> str:
        return self.name


SECRET: Final = Kind(
    "secret",
    "secrets",
    "key",
    True,
    Actions(
        list=Action.SECRET_LIST,
        read=Action.SECRET_READ,
        create=Action.SECRET_CREATE,
        new_version=Action.SECRET_NEW_VERSION,
        update=Action.SECRET_UPDATE,
        delete=Action.SECRET_DELETE,
        recover=Action.SECRET_RECOVER,
        purge=Action.SECRET_PURGE,
        backup=Action.SECRET_BACKUP,
        restore=Action.SECRET_RESTORE,
    ),
    Pages(
        list="secret_list",
        new="secret_new",
        detail="secret_detail",
        version="secret_version",
        edit="secret_edit",
        new_version="secret_new_version",
        delete="secret_delete",
        backup="secret_backup",
    ),
    lambda client: client.secrets,
    lambda client, token: client.secrets.list_page(token),
)
KEY: Final = Kind(
    "key",
    "keys",
    "lock-password",
    True,
    Actions(
        list=Action.KEY_LIST,
        read=Action.KEY_READ,
        create=Action.KEY_CREATE,
        new_version=Action.KEY_NEW_VERSION,
        update=Action.KEY_UPDATE,
        delete=Action.KEY_DELETE,
        recover=Action.KEY_RECOVER,
        purge=Action.KEY_PURGE,
        backup=Action.KEY_BACKUP,
        restore=Action.KEY_RESTORE,
    ),
    Pages(
        list="key_list",
        new="key_new",
        detail="key_detail",
        version="key_version",
        edit="key_edit",
        new_version="key_new_version",
        delete="key_delete",
        backup="key_backup",
    ),
    lambda client: client.keys,
    lambda client, token: client.keys.list_page(token),
)
CERTIFICATE: Final = Kind(
    "certificate",
    "certificates",
    "certificate",
    False,
    Actions(
        list=Action.CERTIFICATE_LIST,
        read=Action.CERTIFICATE_READ,
        create=Action.CERTIFICATE_CREATE,
        new_version=Action.CERTIFICATE_NEW_VERSION,
        update=Action.CERTIFICATE_UPDATE,
        delete=Action.CERTIFICATE_DELETE,
        recover=Action.CERTIFICATE_RECOVER,
        purge=Action.CERTIFICATE_PURGE,
        backup=Action.CERTIFICATE_BACKUP,
        restore=Action.CERTIFICATE_RESTORE,
    ),
    Pages(
        list="certificate_list",
        new="certificate_new",
        detail="certificate_detail",
        version="certificate_version",
        edit="certificate_edit",
        new_version="certificate_new_version",
        delete="certificate_delete",
        backup="certificate_backup",
    ),
    lambda client: client.certificates,
    lambda client, token: client.certificates.list_page(token, include_pending=True),
)

KINDS: Final = (SECRET, KEY, CERTIFICATE)
BY_NAME: Final[Mapping[str, Kind]] = {kind.name: kind for kind in KINDS}
BY_COLLECTION: Final[Mapping[str, Kind]] = {kind.collection: kind for kind in KINDS}
#: The kind whose items an action is about.
OF_ACTION: Final[Mapping[Action, Kind]] = {
    action: kind
    for kind in KINDS
    for action in (
        kind.actions.list,
        kind.actions.read,
        kind.actions.create,
        kind.actions.new_version,
        kind.actions.update,
        kind.actions.delete,
        kind.actions.recover,
        kind.actions.purge,
        kind.actions.backup,
        kind.actions.restore,
    )
} | {
    Action.SECRET_REVEAL: SECRET,
    Action.CERTIFICATE_IMPORT: CERTIFICATE,
    Action.SECRET_COMPARE: SECRET,
    Action.CERTIFICATE_EXPORT: CERTIFICATE,
    Action.CERTIFICATE_UPDATE_POLICY: CERTIFICATE,
    Action.KEY_IMPORT: KEY,
    Action.KEY_ROTATE: KEY,
    Action.KEY_ENCRYPT: KEY,
    Action.KEY_DECRYPT: KEY,
    Action.KEY_SIGN: KEY,
    Action.KEY_VERIFY: KEY,
    Action.KEY_WRAP: KEY,
    Action.KEY_UNWRAP: KEY,
    Action.KEY_RELEASE: KEY,
    Action.KEY_SECURE_WRAP: KEY,
    Action.KEY_SECURE_UNWRAP: KEY,
    Action.KEY_UPDATE_ROTATION: KEY,
    Action.CERTIFICATE_OPERATION_CANCEL: CERTIFICATE,
    Action.CERTIFICATE_OPERATION_DELETE: CERTIFICATE,
    Action.CERTIFICATE_OPERATION_MERGE: CERTIFICATE,
}

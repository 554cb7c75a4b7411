"""From a vault's row to a client that is ready to call it.

Tokens are kept in memory only, with one source per connection and revision of its credential: a changed secret never uses a
token of the earlier one.
"""

import threading
import uuid
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from vaults.azure.clouds import AZURE_CLOUDS, Cloud, load_clouds
from vaults.azure.limits import Caller, LimitsByVault
from vaults.azure.sign_in import ClientCertificate, ClientSecret, TokenSource
from vaults.azure.transport import Transport
from vaults.keyvault.client import VaultClient
from vaults.models import Connection, Vault


class UnknownCloud(Exception):
    """A connection names a cloud that this deployment does not have, or no longer."""


class Azure:
    """Access to Azure for one process: its clouds, tokens, open connections, and the limits of each vault. Thread-safe."""

    def __init__(self) -> None:
        self._transport = Transport()
        self._limits = LimitsByVault()
        self._lock = threading.RLock()  # reentrant: token_source needs the cloud while it is held
        self._sources: dict[uuid.UUID, tuple[object, TokenSource]] = {}
        self._clouds: tuple[object, dict[str, Cloud]] | None = None

    def clouds(self) -> dict[str, Cloud]:
        """All clouds of this deployment; the clouds file is read again after a change. Raises InvalidClouds."""
        path: Path | None = settings.CLOUDS_FILE
        state = (
            path,
            path.stat().st_mtime_ns if path and path.exists() else None,
            settings.OUTBOUND_PROXY,
            settings.CA_FILE,
        )
        with self._lock:
            if self._clouds is None or self._clouds[0] != state:
                self._clouds = (state, _as_deployed(load_clouds(path)))
            return {**self._clouds[1], **settings.CLOUDS}

    def cloud_of(self, connection: Connection) -> Cloud:
        """Raises UnknownCloud."""
        try:
            return self.clouds()[connection.cloud]
        except KeyError:
            raise UnknownCloud(connection.cloud) from None

    def token_source(self, connection: Connection) -> TokenSource:
        """A new token source, without a token yet. Raises SealBroken, UnknownCloud."""
        credential: ClientSecret | ClientCertificate
        if connection.certificate_sealed:
            private_key, certificate = connection.certificate_parts()
            credential = ClientCertificate(private_key, certificate)
        else:
            credential = ClientSecret(connection.client_secret())
        cloud = self.cloud_of(connection)
        return TokenSource(cloud, connection.tenant_id, connection.client_id, credential, transport=self._transport)

    def shared_token_source(self, connection: Connection) -> TokenSource:
        """The process's shared source for the connection's present credential. Raises SealBroken, UnknownCloud."""
        state = (connection.revision, self.cloud_of(connection))
        with self._lock:
            kept = self._sources.get(connection.pk)
            if kept is None or kept[0] != state:
                kept = self._sources[connection.pk] = (state, self.token_source(connection))
            return kept[1]

    def client(self, vault: Vault, tokens: TokenSource, caller: Caller, *, request_id: str) -> VaultClient:
        """A client of the vault. `request_id` is sent with each call as x-ms-client-request-id.

        Calls take the slots of their class of `caller`.

        Raises UnknownCloud, InvalidVaultName, HostNotAllowed.
        """
        url, connection = vault_url(vault), vault.connection
        return VaultClient(
            url,
            self.cloud_of(connection),
            tokens,
            api_version=connection.api_version,
            request_id=request_id,
            limits=self._limits.of(url, caller),
        )

    def forget_tokens(self) -> None:
        """Drop every token that this process holds."""
        with self._lock:
            self._sources.clear()


#: The only instance of this process.
azure = Azure()


def _as_deployed(known: dict[str, Cloud]) -> dict[str, Cloud]:
    """Azure's own clouds use the deployment's proxy and CA file; other clouds of the file define their own."""
    return {**known, **{name: _behind_company(known[name]) for name in AZURE_CLOUDS}}


def _behind_company(cloud: Cloud) -> Cloud:
    """The values of the clouds file take precedence."""
    ca_file = str(settings.CA_FILE) if settings.CA_FILE else None
    return replace(cloud, proxy=cloud.proxy or settings.OUTBOUND_PROXY, ca_file=cloud.ca_file or ca_file)


def local_data_dir(connection: Connection) -> Path | None:
    """The data directory of the local Key Vault that the connection uses; None for another cloud.

    The local cloud is recognised by its CA file, which is among the local
    Key Vault's files: any cloud may be called "local".
    """
    cloud = azure.clouds().get(connection.cloud)
    if cloud is None or cloud.name != "local":
        return None
    if cloud.name in settings.CLOUDS:
        return Path(settings.DATA_DIR)
    home = Path(cloud.ca_file or "").parent
    return home.parent if home.name == "emulator" and (home / "emulator.sqlite3").exists() else None


def vault_url(vault: Vault) -> str:
    """The vault's base URL. Raises UnknownCloud, InvalidVaultName, HostNotAllowed."""
    return azure.cloud_of(vault.connection).stored_vault_url(vault.name, vault.host)


def vault_of(connection: Connection, typed: str) -> Vault:
    """The vault that was typed as a name, host or URL, reached through the connection; it is not stored.

    Raises UnknownCloud, InvalidVaultName, HostNotAllowed.
    """
    cloud = azure.cloud_of(connection)
    host, name = cloud.vault_host(typed), cloud.vault_name(typed)
    return Vault(team=connection.team, cloud=connection.cloud, host=host, name=name).through(connection)

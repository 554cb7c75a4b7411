"""Tokens are sent only to hosts that the cloud allows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from vaults.azure.clouds import AZURE_CLOUDS, Cloud, load_clouds
from vaults.azure.errors import HostNotAllowed, InvalidClouds, InvalidVaultName

AZURE = AZURE_CLOUDS["azure"]
LOCAL = Cloud(
    name="local",
    label="Local",
    authority="https://localhost:8443",
    scope="https://vault.azure.net/.default",
    vault_hosts={"kv-shop-prod": "localhost:8444"},
)


@pytest.mark.parametrize(
    "address",
    [
        "kv-one",
        "KV-One",
        "kv-one.vault.azure.net",
        "https://kv-one.vault.azure.net",
        "https://kv-one.vault.azure.net/",
        "https://kv-one.vault.azure.net:443/",
        "HTTPS://KV-ONE.VAULT.AZURE.NET",
        "kv-one.vault.azure.net:443",
    ],
)
def test_all_spellings_of_a_vault_give_its_url_and_name(address: str) -> None:
    assert AZURE.vault_url(address) == "https://kv-one.vault.azure.net"
    assert AZURE.vault_name(address) == "kv-one"


@pytest.mark.parametrize("address", ["kv-shop-prod", "KV-Shop-Prod", "localhost:8444", "https://LOCALHOST:8444/"])
def test_exact_hosts_may_have_a_port(address: str) -> None:
    assert LOCAL.vault_url(address) == "https://localhost:8444"
    assert LOCAL.vault_name(address) == "kv-shop-prod"


def test_what_is_typed_is_read_leniently_and_what_is_asked_strictly() -> None:
    """A client receives only names normalised by `vault_name`, never text as people typed it."""
    for address in ("kv-one.vault.azure.net.", "https://kv-one.vault.azure.net:0443/", '"kv-one"', "kv-one\u200b"):
        assert AZURE.vault_name(address) == "kv-one"
        with pytest.raises((HostNotAllowed, InvalidVaultName)):
            AZURE.vault_url(address)
    for address in ("[::1]:8443", "<https://[::1]:08443/>", "'[::1]:8443'"):
        assert replace(LOCAL, vault_hosts={"kv-six": "[::1]:8443"}).vault_name(address) == "kv-six"
    with pytest.raises((HostNotAllowed, InvalidVaultName)):
        AZURE.vault_name("https://kv-one.vault.azure.net@evil.test/")


@pytest.mark.parametrize(
    "path",
    [
        "secrets",
        "secrets/x",
        "keys/x/0123456789abcdef",
        "certificates/x/pending",
        "deletedsecrets/x/",
        "/keys/x?api-version=7.4",
    ],
)
def test_an_items_address_names_its_vault(path: str) -> None:
    assert AZURE.vault_name(f"https://kv-one.vault.azure.net/{path}") == "kv-one"
    assert LOCAL.vault_name(f"<localhost:8444/{path}>,") == "kv-shop-prod"
    for host in ("evil.test", "kv-one.vault.azure.net@evil.test", "evil.test/.vault.azure.net"):
        with pytest.raises((HostNotAllowed, InvalidVaultName)):
            AZURE.vault_name(f"https://{host}/{path}")


@pytest.mark.parametrize("path", ["other", "secrets/x/y/z", "secrets/x#y", "secrets/../keys", "secretsx/y"])
def test_another_address_below_a_vault_names_none(path: str) -> None:
    with pytest.raises((HostNotAllowed, InvalidVaultName)):
        AZURE.vault_name(f"https://kv-one.vault.azure.net/{path}")


def test_a_vault_is_named_as_az_names_it_and_found_by_its_host() -> None:
    stack = Cloud(
        name="stack",
        label="Stack",
        authority="https://login.stack.test",
        scope="https://vault.stack.test/.default",
        vault_suffixes=("vault.stack.test", "vault.old.test"),
        vault_hosts={"kv-lab": "10.0.0.7:8443"},
    )
    assert stack.vault_name("kv-one.vault.old.test") == "kv-one"
    assert stack.vault_name("kv-lab.vault.stack.test") == "kv-lab"
    assert stack.vault_name("10.0.0.7:8443") == "kv-lab"
    for name, host in (("kv-one", "kv-one.vault.old.test"), ("kv-lab", "kv-lab.vault.stack.test")):
        assert stack.stored_vault_url(name, host) == f"https://{host}"


def test_a_listed_vault_is_where_the_clouds_file_says_now() -> None:
    moved = replace(LOCAL, vault_hosts={"kv-shop-prod": "localhost:9444", "kv-shop-stage": "localhost:8444"})
    assert moved.stored_vault_url("kv-shop-prod", "localhost:8444") == "https://localhost:9444"
    with pytest.raises(HostNotAllowed):
        moved.stored_vault_url("kv-other", "localhost:8445")


@pytest.mark.parametrize(
    "address",
    [
        "evilvault.azure.net",
        "evil-vault.azure.net",
        "vault.azure.net",
        ".vault.azure.net",
        "a.b.vault.azure.net",
        "kv-one.vault.azure.net.evil.test",
        "kv-one.vault.azure.net.",
        "kv-one.vault.azure.net:8443",
        "kv-one.vault.azure.net:0443",
        "kv-one.vault.azure.net@evil.test",
        "kv-one.vault.azure.cn",
        "https://user@kv-one.vault.azure.net",
        "https://kv-one.vault.azure.net@evil.test",
        "https://evil.test#.vault.azure.net",
        "https://evil.test?.vault.azure.net",
        "https://evil.test/.vault.azure.net",
        "https://evil.test\\.vault.azure.net",
        "https://kv-one.vault.azure.net/secrets",
        "https://kv-one.vault.azure.net?x=1",
        "https://kv-one.vault.azure.net:99999",
        "https://[::1]",
        "https://[::1",
        "http://kv-one.vault.azure.net",
        "ftp://kv-one.vault.azure.net",
        "//kv-one.vault.azure.net",
        "https://kv-one.vault.azure.net\n",
        "kv-öne.vault.azure.net",
        "kv%2eone.vault.azure.net",
        "127.0.0.1",
        "169.254.169.254",
        "localhost:8444",
        "[::1]:443",
        "kv..vault.azure.net",
        "-kv.vault.azure.net",
        "kv--one.vault.azure.net",
    ],
)
def test_other_hosts_are_refused(address: str) -> None:
    with pytest.raises((HostNotAllowed, InvalidVaultName)):
        AZURE.vault_url(address)


@pytest.mark.parametrize("name", ["", "kv", "a" * 25, "1kv", "kv-", "kv one", "kv_one", "kv--one", "kv\n", "kv/x"])
def test_names_that_no_vault_has_are_refused(name: str) -> None:
    with pytest.raises(InvalidVaultName):
        AZURE.vault_url(name)


def test_a_cloud_of_exact_hosts_has_no_other_vaults() -> None:
    for address in ("kv-other", "localhost:8443", "kv-one.vault.azure.net"):
        with pytest.raises(HostNotAllowed):
            LOCAL.vault_url(address)


def test_azures_own_clouds_ask_for_their_own_scope() -> None:
    for cloud in AZURE_CLOUDS.values():
        assert cloud.scope == f"https://{cloud.vault_suffixes[0]}/.default"


def test_a_file_adds_clouds(tmp_path: Path) -> None:
    file = tmp_path / "clouds.toml"
    file.write_text(
        """
        [clouds.local]
        label = "Local Key Vault"
        authority = "https://localhost:8443/"
        scope = "https://vault.azure.net/.default"
        vault_suffixes = []
        arm_endpoint = "https://localhost:8443"
        arm_scope = "https://management.azure.com/.default"
        ca_file = "/somewhere/ca.pem"
        [clouds.local.vault_hosts]
        KV-Shop-Prod = "LOCALHOST:8444"
        kv-lab = "kv-lab.test:443"
        kv-six = "https://[::1]:08443/"
        kv-dot = "kv-dot.test."
        """
    )

    clouds = load_clouds(file)

    assert set(clouds) == {"azure", "china", "usgov", "local"}
    local = clouds["local"]
    assert local.authority == "https://localhost:8443"
    assert local.vault_url("kv-shop-prod") == "https://localhost:8444"
    assert local.vault_name("https://kv-lab.test/") == "kv-lab"
    assert local.vault_url("kv-six") == "https://[::1]:8443"
    assert local.vault_url("kv-dot") == "https://kv-dot.test"
    assert local.ca_file == "/somewhere/ca.pem"
    assert load_clouds(file)["local"] == local
    assert hash(load_clouds(file)["local"]) == hash(local)


def test_a_file_may_change_a_part_of_azures_own_clouds(tmp_path: Path) -> None:
    file = tmp_path / "clouds.toml"
    file.write_text('[clouds.azure]\nca_file = "/etc/company.pem"\n[clouds.usgov]\nlabel = "Gov"\nproxy = "http://p:1"')
    clouds = load_clouds(file)
    assert clouds["azure"] == replace(AZURE, ca_file="/etc/company.pem")
    assert clouds["usgov"] == replace(AZURE_CLOUDS["usgov"], label="Gov", proxy="http://p:1")
    assert clouds["china"] == AZURE_CLOUDS["china"]


@pytest.mark.parametrize(
    "text",
    [
        "clouds = ",
        "clouds = 3",
        "[clouds]\nx = 3",
        "[clouds.x]",
        '[clouds.x]\nauthority = "http://login.test"\nscope = "https://v/.default"',
        '[clouds.x]\nauthority = "https://login.test"',
        '[clouds.x]\nauthority = "https://login.test"\nscope = "https://v/.default"\nverify = false',
        '[clouds.x]\nauthority = "https://login.test"\nscope = "https://v/.default"\nvault_suffixes = [""]',
        '[clouds.x]\nauthority = "https://login.test"\nscope = "https://v/.default"\nvault_hosts = ["a"]',
        '[clouds.x]\nauthority = "https://login.test"\nscope = "https://v/.default"\nca_file = 3',
        "[clouds.azure]\nca_file = 3",
        '[clouds.azure]\nauthority = "http://login.test"',
        "[clouds.azure]\nvault_suffixes = [3]",
        '[clouds.azure]\nvault_suffixes = [""]',
    ],
)
def test_a_file_that_could_mislead_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clouds.toml"
    file.write_text(text)
    with pytest.raises(InvalidClouds):
        load_clouds(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidClouds):
        load_clouds(tmp_path / "nothing.toml")


def test_no_file_gives_azures_clouds() -> None:
    assert load_clouds(None) == dict(AZURE_CLOUDS)

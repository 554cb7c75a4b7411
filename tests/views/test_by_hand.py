"""Every page that talked to Azure says what it asked, without values and tokens."""

import html
import re
import shlex
from urllib.parse import quote

import pytest
from django.test import Client

from tests.browsing import fill_in
from tests.conftest import World
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.operations import OPERATIONS
from vaults.keyvault.session import Exchange
from vaults.web.az import COMMANDS, az_command

pytestmark = pytest.mark.slow

V = "/vaults/kv-shop-prod"


@pytest.mark.parametrize(
    "path",
    [
        f"{V}/secrets/",
        f"{V}/secrets/fresh/",
        f"{V}/secrets/fresh/edit/",
        f"{V}/secrets/none/",
        f"{V}/keys/",
        f"{V}/certificates/",
        f"{V}/deleted/",
        f"{V}/access/",
    ],
)
def test_a_page_shows_its_requests(olga: Client, azure: VaultClient, path: str) -> None:
    azure.secrets.set("fresh", "a value nobody sees")
    page = olga.get(path).content.decode()
    assert "By hand" in page
    assert "api-version=7.0" in page
    assert "Authorization: Bearer" in page
    assert "a value nobody sees" not in page


def test_the_test_of_a_connection_shows_its_requests(olga: Client, world: World) -> None:
    page = olga.post(f"/connections/{world.connection.pk}/test/").content.decode()
    assert "By hand" in page
    assert "/secrets?api-version=7.0" in page


def shown_as_az(page: str) -> list[list[str]]:
    """The az commands of a page, as a shell takes them apart."""
    commands = re.findall(r'<div class="code as-az">\s*<pre tabindex="0">(.*?)</pre>', page, re.DOTALL)
    return [shlex.split(html.unescape(command)) for command in commands]


HOST = "https://kv-shop-prod.vault.test"
ITEM = f"{HOST}/secrets/fresh"


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (f"{V}/secrets/", ["secret", "list", "--include-managed", "true", "--id", HOST]),
        (f"{V}/secrets/fresh/", ["secret", "list-versions", "--id", ITEM]),
        (f"{V}/secrets/fresh/delete/", ["secret", "list-versions", "--id", ITEM]),
        (f"{V}/keys/", ["key", "list", "--include-managed", "true", "--id", HOST]),
        (f"{V}/certificates/none/", ["certificate", "list-versions", "--id", f"{HOST}/certificates/none"]),
        (f"{V}/deleted/", ["certificate", "list-deleted", "--id", HOST]),
    ],
)
def test_az_stands_beside_rest_and_curl(olga: Client, azure: VaultClient, path: str, command: list[str]) -> None:
    azure.secrets.set("fresh", "a value nobody sees")
    page = olga.get(path).content.decode()
    commands = shown_as_az(page)
    assert len(commands) == page.count('class="code as-rest"') == page.count('class="code as-curl"') > 0
    assert ["az", "keyvault", *command] in [words[: len(command) + 2] for words in commands]
    assert "a value nobody sees" not in page


def test_every_probe_of_the_check_has_its_command(olga: Client, world: World) -> None:
    commands = shown_as_az(olga.get(f"{V}/access/").content.decode())
    assert len(commands) > 35
    assert all(words[:2] in (["az", "keyvault"], ["az", "rest"]) for words in commands)
    patch = next(words for words in commands if "patch" in words and "/secrets/" in words[5])
    assert patch[:5] == ["az", "rest", "--method", "patch", "--url"]
    assert patch[5].startswith(f"{HOST}/secrets/probe-")
    assert patch[6:] == ["--resource", "https://vault.azure.net", "--body", "@body.json"]


def test_a_form_that_was_refused_shows_no_value(olga: Client, world: World, emulator: Emulator) -> None:
    value = 'top secret $(reboot) "quoted"'
    emulator.deny("secrets/set")
    page = fill_in(olga, f"{V}/new/secret/", name="fresh", value=value)
    put = next(words for words in shown_as_az(page.content.decode()) if "put" in words)
    assert put[-2:] == ["--body", "@body.json"]
    assert not [word for words in shown_as_az(page.content.decode()) for word in words if "top secret" in word]


HOSTILE = ["a'; reboot; '", "$(reboot)", "`reboot`", "a b", 'a"b', "a\nb", "--help"]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("operation", ["GetSecrets", "SetSecret", "nothing of the catalogue"])
def test_nothing_in_an_address_reaches_the_shell(hostile: str, operation: str) -> None:
    """Names are checked before anything is sent; what a vault's own next link carries is not ours."""
    url = f"{HOST}/secrets?api-version=7.0&$skiptoken={hostile}"
    words = shlex.split(
        az_command(Exchange("GET", url, 200, "", 1, "7.0", operation, "https://vault.azure.net/.default"))
    )
    assert words == ["az", "rest", "--method", "get", "--url", url, "--resource", "https://vault.azure.net"]
    listed = f"{HOST}/secrets?maxresults={quote(hostile)}"
    words = shlex.split(az_command(Exchange("GET", listed, 200, "", 1, "7.0", "GetSecrets", "s/.default")))
    assert words == ["az", "rest", "--method", "get", "--url", listed, "--resource", "s"]


@pytest.mark.parametrize(
    ("operation", "path", "command"),
    [
        ("GetSecret", f"/secrets/a/{'0' * 32}?api-version=7.0", f"secret show --id {HOST}/secrets/a/{'0' * 32}"),
        ("GetSecret", "/secrets/versions?api-version=7.0", f"secret show --id {HOST}/secrets/versions"),
        ("DeleteKey", "/keys/a?api-version=7.0", f"key delete --id {HOST}/keys/a"),
        ("RotateKey", "/keys/a/rotate?api-version=7.3", f"key rotate --id {HOST}/keys/a"),
        ("GetKeyRotationPolicy", "/keys/a/rotationpolicy?x", f"key rotation-policy show --id {HOST}/keys/a"),
        ("RecoverDeletedKey", "/deletedkeys/a/recover?x", f"key recover --id {HOST}/deletedkeys/a"),
        ("PurgeDeletedSecret", "/deletedsecrets/a?x", f"secret purge --id {HOST}/deletedsecrets/a"),
        ("GetDeletedCertificates", "/deletedcertificates?x", f"certificate list-deleted --id {HOST}"),
        ("GetCertificates", "/certificates?includePending=true&maxresults=25",
         f"certificate list --id {HOST} --include-pending true --maxresults 25"),
    ],
)  # fmt: skip
def test_the_command_names_what_the_request_names(operation: str, path: str, command: str) -> None:
    sent = Exchange("GET", f"{HOST}{path}", 200, "", 1, "7.0", operation, "https://vault.azure.net/.default")
    assert az_command(sent) == f"az keyvault {command}"


def test_an_operation_of_a_certificate_is_asked_for_by_its_address() -> None:
    """`az keyvault certificate pending` takes a vault's name only, which leads elsewhere in another cloud."""
    url = f"{HOST}/certificates/a/pending?api-version=7.0"
    sent = Exchange("GET", url, 200, "", 1, "7.0", "GetCertificateOperation", "https://vault.azure.net/.default")
    assert shlex.split(az_command(sent))[:6] == ["az", "rest", "--method", "get", "--url", url]


def test_every_command_is_for_an_operation_there_is() -> None:
    assert set(COMMANDS) <= set(OPERATIONS)

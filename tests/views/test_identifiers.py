"""The one box: an identifier of Key Vault opens its page, words are looked for, nothing leads away from here."""

import base64
import re
import time
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from django.utils import timezone

from tests.browsing import fill_in, text_of
from tests.conftest import World, client_of, make_connection, make_vault, signed_in, unreadable
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import ADMIN, Emulator
from vaults.keyvault.references import find_references
from vaults.keyvault.types import Certificate, CertificatePolicy
from vaults.models import InventoryItem, KnownCertificate, Vault

pytestmark = pytest.mark.slow

HOST = "https://kv-shop-prod.vault.test"
SECRETS = "/vaults/kv-shop-prod/secrets/"
VERSION = "0123456789abcdef" * 2

PAGES = {
    f"{HOST}/secrets/checkout": "/vaults/kv-shop-prod/secrets/checkout/",
    f"{HOST}/secrets/checkout/{VERSION}": f"/vaults/kv-shop-prod/secrets/checkout/versions/{VERSION}/",
    f"{HOST}:443/keys/signing": "/vaults/kv-shop-prod/keys/signing/",
    f"{HOST}/certificates/tls/pending": "/vaults/kv-shop-prod/certificates/tls/operation/",
    f"{HOST}/deletedsecrets/gone": "/vaults/kv-shop-prod/deleted/secrets/gone/",
    f"  {HOST}/keys/signing  ": "/vaults/kv-shop-prod/keys/signing/",
    "checkout": "/inventory/?q=checkout",
    "": "/inventory/?q=",
}


@pytest.mark.parametrize("wanted", PAGES)
def test_where_it_leads(wanted: str, olga: Client, world: World, emulator: Emulator) -> None:
    assert olga.get("/go/", {"q": wanted})["Location"] == PAGES[wanted]
    assert emulator.requests == []


def test_without_anything_asked_it_is_the_box_itself(olga: Client, world: World) -> None:
    answer = olga.get("/go/")
    assert answer.status_code == 200
    assert "Search all vaults" in answer.content.decode()


ITEM, ITEM_VERSION = (
    "/vaults/kv-shop-prod/secrets/checkout/",
    f"/vaults/kv-shop-prod/secrets/checkout/versions/{VERSION}/",
)
RESOURCE = (
    "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg-shop"
    "/providers/Microsoft.KeyVault/vaults/kv-shop-prod"
)
PORTAL = "https://portal.azure.com/#@shop.onmicrosoft.com"
BLADE = (
    "https://portal.azure.com/?l=en.en-us#view/Microsoft_Azure_KeyVault/ListObjectVersionsRBACBlade/~/overview/objectType/secrets"
    f"/objectId/{quote(f'{HOST}/secrets/checkout', safe='')}"
    f"/vaultResourceUri/{quote(RESOURCE, safe='')}/vaultId/{quote(RESOURCE, safe='')}"
)

PASTED = {
    # the vault itself and its lists
    HOST: "/vaults/kv-shop-prod/",
    f"{HOST}/": "/vaults/kv-shop-prod/",
    f"{HOST}:443/": "/vaults/kv-shop-prod/",
    "kv-shop-prod.vault.test": "/vaults/kv-shop-prod/",
    "KV-Shop-Prod.vault.test/": "/vaults/kv-shop-prod/",
    "KV-SHOP-PROD": "/vaults/kv-shop-prod/",
    "“kv-shop-prod”": "/vaults/kv-shop-prod/",
    f"{HOST}/secrets?api-version=7.4&maxresults=25": "/vaults/kv-shop-prod/secrets/",
    f"{HOST}/deletedkeys/": "/vaults/kv-shop-prod/deleted/",
    f"{HOST}/certificates/issuers/Digi-int": "/vaults/kv-shop-prod/issuers/Digi-int/",
    f"{HOST}/certificates/issuers?api-version=7.4": "/vaults/kv-shop-prod/issuers/",
    f"{HOST}/certificates/contacts": "/vaults/kv-shop-prod/contacts/",
    # spellings
    f"HTTPS://KV-SHOP-PROD.VAULT.TEST/SECRETS/checkout/{VERSION.upper()}": ITEM_VERSION,
    f"kv-shop-prod.vault.test/secrets/checkout/{VERSION}": ITEM_VERSION,
    f'"{HOST}/secrets/checkout"': ITEM,
    f"'{HOST}/secrets/checkout',": ITEM,
    f"<{HOST}/secrets/checkout>": ITEM,
    f"({HOST}/secrets/checkout).": ITEM,
    f"„{HOST}/secrets/checkout“": ITEM,
    f"[checkout]({HOST}/secrets/checkout)": ITEM,
    f"\u200b{HOST}/secrets/checkout\ufeff\u00a0\n": ITEM,
    f"Secret not found: {HOST}/secrets/checkout.": ITEM,
    f'{{"id":"{HOST}/secrets/checkout/{VERSION}","attributes":{{}}}}': ITEM_VERSION,
    f"{HOST}/secrets/checkout".replace("/", "\\/"): ITEM,
    f"curl '{HOST}/secrets/checkout/versions?api-version=7.0'": ITEM,
    f"GET {HOST}/keys/signing/{VERSION}/sign?api-version=7.4": f"/vaults/kv-shop-prod/keys/signing/versions/{VERSION}/",
    f"{HOST}/secrets/checkout".removeprefix("https:"): ITEM,
    f"{HOST}/".removeprefix("https:"): "/vaults/kv-shop-prod/",
    f"{HOST}/secrets/%63heckout": ITEM,
    f"{HOST}/secrets/checkout".replace("-", "%2D").replace("https", "HTTPS"): ITEM,
    f"https://login.test/?to={quote(f'{HOST}/secrets/%63heckout', safe='')}": ITEM,
    f"{HOST}./secrets/checkout": ITEM,
    f"{HOST}:0443/secrets/checkout": ITEM,
    f"{HOST}:/secrets/checkout": ITEM,
    f"{HOST}.:443/": "/vaults/kv-shop-prod/",
    f"{HOST}/secrets/checkout".replace("-", "\u2011"): ITEM,
    "\u2066kv\u2010shop\u2010prod\u2069": "/vaults/kv-shop-prod/",
    # app settings
    "@Microsoft.KeyVault(SecretUri=@Microsoft.KeyVault(VaultName=kv-shop-prod;SecretName=checkout))": ITEM,
    f"@Microsoft.KeyVault(SecretUri=@Microsoft.KeyVault(SecretUri={HOST}/secrets/checkout))": ITEM,
    f"@Microsoft.KeyVault(SecretUri={HOST}/secrets/checkout/)": ITEM,
    f"DB_PASSWORD=@Microsoft.KeyVault(SecretUri={HOST}/secrets/checkout/{VERSION})": ITEM_VERSION,
    "@Microsoft.KeyVault(VaultName=kv-shop-prod;SecretName=checkout)": ITEM,
    f"@microsoft.keyvault( vaultname = KV-Shop-Prod ; SecretName='checkout'; SecretVersion={VERSION} )": ITEM_VERSION,
    '"@Microsoft.KeyVault(VaultName=kv-shop-prod;SecretName=checkout;SecretVersion=)"': ITEM,
    # resource ids
    RESOURCE: "/vaults/kv-shop-prod/",
    RESOURCE.upper(): "/vaults/kv-shop-prod/",
    RESOURCE.removeprefix("/"): "/vaults/kv-shop-prod/",
    f"https://management.azure.com{RESOURCE}?api-version=2023-07-01": "/vaults/kv-shop-prod/",
    f"{RESOURCE}/secrets/checkout": ITEM,
    f"{RESOURCE}/secrets/checkout/versions/{VERSION}": ITEM_VERSION,
    f"{RESOURCE}/secrets/checkout/providers/Microsoft.Authorization/roleAssignments/{VERSION}": ITEM,
    # links of the Portal
    f"{PORTAL}/resource{RESOURCE}/overview": "/vaults/kv-shop-prod/",
    f"{PORTAL}/resource{RESOURCE}/keys": "/vaults/kv-shop-prod/keys/",
    f"{PORTAL}/resource{RESOURCE}/access_policies": "/vaults/kv-shop-prod/",
    f"{PORTAL}/asset/Microsoft_Azure_KeyVault/Secret/{HOST}/secrets/checkout/{VERSION}": ITEM_VERSION,
    f"{PORTAL}/asset/Microsoft_Azure_KeyVault/Key/{HOST}/keys/signing": "/vaults/kv-shop-prod/keys/signing/",
    BLADE: ITEM,
    BLADE.replace("#view", "#blade").replace("/~/", "/"): ITEM,
    f"https://eur01.safelinks.protection.outlook.com/?url={quote(BLADE, safe='')}&reserved=0": ITEM,
    f"https://portal.azure.com/#view/X/VaultMenuBlade/~/overview/vaultUri/{quote(HOST + '/', safe='')}": "/vaults/kv-shop-prod/",
}  # fmt: skip


KEY = "/vaults/kv-shop-prod/keys/signing/"
VAULT = "/vaults/kv-shop-prod/"
NUMBER = f"versions/{VERSION}/"
LINES = {
    # az
    "az keyvault secret show --vault-name kv-shop-prod --name checkout": ITEM,
    "az keyvault secret show -n checkout --vault-name=kv-shop-prod --query value -o tsv": ITEM,
    "$ az keyvault secret show --vault-name 'KV-Shop-Prod' --name \"checkout\"": ITEM,
    f"az keyvault secret show --id {HOST}/secrets/checkout/{VERSION}": ITEM_VERSION,
    f"az keyvault secret show --vault-name kv-shop-prod --name checkout --version {VERSION}": ITEM_VERSION,
    "az  keyvault   secret list --vault-name kv-shop-prod": SECRETS,
    "az keyvault key rotate --vault-name kv-shop-prod -n signing": KEY,
    "az keyvault certificate show --vault-name kv-shop-prod --name tls": "/vaults/kv-shop-prod/certificates/tls/",
    "az keyvault secret show-deleted --vault-name kv-shop-prod --name gone": "/vaults/kv-shop-prod/deleted/secrets/gone/",
    "az keyvault key list-deleted --vault-name kv-shop-prod": "/vaults/kv-shop-prod/deleted/",
    "az keyvault secret recover --vault-name kv-shop-prod --name gone": "/vaults/kv-shop-prod/deleted/secrets/gone/",
    "az keyvault show --name kv-shop-prod": VAULT,
    "az keyvault network-rule list -n kv-shop-prod": VAULT,
    f"az role assignment create --role 'Key Vault Reader' --scope {RESOURCE}/secrets/checkout": ITEM,
    # PowerShell
    "Get-AzKeyVaultSecret -VaultName kv-shop-prod -Name checkout": ITEM,
    "get-azkeyvaultsecret -vaultname:'kv-shop-prod' -name:'checkout' -AsPlainText": ITEM,
    f'Get-AzKeyVaultKey -VaultName "kv-shop-prod" -Name "signing" -Version "{VERSION}"': f"{KEY}{NUMBER}",
    "Add-AzKeyVaultCertificate -VaultName kv-shop-prod -Name tls -CertificatePolicy $p": "/vaults/kv-shop-prod/certificates/tls/",
    "Get-AzKeyVaultSecret -VaultName kv-shop-prod -Name gone -InRemovedState": "/vaults/kv-shop-prod/deleted/secrets/gone/",
    "Get-AzKeyVault -VaultName kv-shop-prod": VAULT,
    # names of private endpoints
    "kv-shop-prod.privatelink.vaultcore.test": VAULT,
    "https://kv-shop-prod.vaultcore.test/": VAULT,
    "kv-shop-prod.privatelink.vaultcore.test.": VAULT,
    "https://kv-shop-prod.privatelink.vaultcore.test/secrets/checkout": ITEM,
    # settings of other tools
    f"SecretUri={HOST}/secrets/checkout": ITEM,
    f"secretUri: {HOST}/secrets/checkout/{VERSION}": ITEM_VERSION,
    f"SecretUri:{HOST}/secrets/checkout": ITEM,
    f"azure.keyvault.uri={HOST}/": VAULT,
    f"KEY_VAULT_URL={HOST}": VAULT,
    f"vaultUrl: '{HOST}'": VAULT,
    f'key_vault_secret_id = "{HOST}/secrets/checkout"': ITEM,
    f'data "azurerm_key_vault_secret" "db" {{ name = "checkout" key_vault_id = "{RESOURCE}" }}': ITEM,
    'data "azurerm_key_vault" "main" { name = "kv-shop-prod" resource_group_name = "rg" }': VAULT,
    f'"reference": {{"keyVault": {{"id": "{RESOURCE}"}}, "secretName": "checkout"}}': ITEM,
    f'{{"secretName":"checkout","keyVault":{{"id":"{RESOURCE}"}}}}': ITEM,
    "key_vault_name = kv-shop-prod": VAULT,
    'keyvaultName: "kv-shop-prod"': VAULT,
    'keyvaultName: "kv-shop-prod" objects: | - objectName: signing objectType: key': KEY,
    "keyvaultName: kv-shop-prod array: - | objectName: tls objectType: cert": "/vaults/kv-shop-prod/certificates/tls/",
    "KeyVaultName: 'kv-shop-prod' SecretsFilter: '*'": VAULT,
    # what stands around it in texts
    f"`{HOST}/secrets/checkout`": ITEM,
    f"**{HOST}/secrets/checkout**": ITEM,
    f"> {HOST}/secrets/checkout?": ITEM,
    f"- <{HOST}>;": VAULT,
    f"{HOST}/:": VAULT,
    "kv-shop-prod.vault.test…": VAULT,
    "_kv-shop-prod.vault.test_": VAULT,
    f"[the vault]({HOST}/)": VAULT,
    f'[checkout]({HOST}/secrets/checkout "its page"), see there': ITEM,
    "`az keyvault secret show --vault-name kv-shop-prod --name checkout`.": ITEM,
}  # fmt: skip


@pytest.mark.sweep
@pytest.mark.parametrize("pasted", LINES)
def test_command_lines_and_settings(pasted: str, olga: Client, world: World) -> None:
    assert olga.get("/go/", {"q": pasted}).headers.get("Location") == LINES[pasted]
    spread = pasted.replace(" --", " \\\n  --").replace(" key_vault_id", "\n  key_vault_id")
    assert olga.get("/go/", {"q": spread}).headers.get("Location") == LINES[pasted]


@pytest.mark.parametrize(
    "piece",
    [
        "az keyvault ",
        "--vault-name ",
        "vaultname= ",
        "a.",
        "https://",
        "name=",
        "%25",
        "objectType:",
        " ",
        "'\"",
        "a-",
        "/",
    ],
)
def test_no_text_takes_long_to_read(piece: str) -> None:
    began = time.monotonic()
    find_references(piece * 4000)
    find_references(f"az keyvault secret show --vault-name {piece * 4000}!")
    assert time.monotonic() - began < 0.5


@pytest.mark.sweep
@pytest.mark.parametrize("pasted", PASTED)
def test_what_people_paste(pasted: str, olga: Client, world: World) -> None:
    assert olga.get("/go/", {"q": pasted}).headers.get("Location") == PASTED[pasted]


def test_the_box_takes_a_whole_link_of_the_portal(olga: Client, world: World) -> None:
    box = re.search(r'name="q" maxlength="(\d+)"', olga.get("/").content.decode())
    assert box
    assert len(BLADE) * 3 < int(box[1])


WORDS = [
    # an address with a user in it is none of Key Vault's, whichever of its parts is the host
    f"{HOST}/secrets/checkout".replace("//", "//user@"),
    f"{HOST}@evil.test/secrets/checkout",
    "checkout password",
    "www.example.com",
    "https://www.example.com/",
    "cn=shop.example.com",
    "1.5",
    "a/b",
    "kv-shop",
    "name: checkout",
    "--name checkout",
    "vault name kv-shop-prod checkout",
    "az keyvault secret show --name checkout",
    "CN=nobody.example, O=Nobody",
]


@pytest.mark.parametrize("words", WORDS)
def test_words_are_looked_for(words: str, olga: Client, world: World) -> None:
    assert olga.get("/go/", {"q": words})["Location"] == f"/inventory/?{urlencode({'q': words})}"


ABSENT = [
    "https://kv-other.vault.test/",
    "kv-other.vault.test",
    RESOURCE.replace("-prod", "-none"),
    f"{HOST}:8443/keys/a",
    "az keyvault secret show --vault-name kv-other --name checkout",
    "kv-other.privatelink.vaultcore.test",
]


@pytest.mark.parametrize("wanted", ABSENT)
def test_a_vault_that_is_not_here_is_told(wanted: str, olga: Client, world: World) -> None:
    answer = olga.get("/go/", {"q": wanted})
    assert answer.status_code == 404
    assert "None of your vaults has this name or address" in answer.content.decode()


def test_another_teams_vault_is_not_there(world: World) -> None:
    assert signed_in(world.otto).get("/go/", {"q": f"{HOST}/secrets/checkout"}).status_code == 404
    assert signed_in(world.otto).get("/go/", {"q": "kv-shop-prod"})["Location"] == "/inventory/?q=kv-shop-prod"


def test_a_name_in_two_clouds_is_a_choice(olga: Client, world: World) -> None:
    china = make_connection(world.team, "sp-shop-china", ADMIN.client_id, ADMIN.client_secret)
    china.cloud = "china"
    china.save()
    make_vault(connection=china, name="kv-shop-prod", slug="kv-shop-prod-cn")
    answer = olga.get("/go/", {"q": "@Microsoft.KeyVault(VaultName=kv-shop-prod;SecretName=checkout)"})
    assert answer.status_code == 200
    for slug in ("kv-shop-prod", "kv-shop-prod-cn"):
        assert f'href="/vaults/{slug}/secrets/checkout/"' in answer.content.decode()
    identifier = "https://kv-shop-prod.vault.azure.cn/secrets/checkout"
    assert olga.get("/go/", {"q": identifier})["Location"] == "/vaults/kv-shop-prod-cn/secrets/checkout/"


def test_two_connections_to_one_vault_are_no_choice(olga: Client, narrow_vault: Vault) -> None:
    assert olga.get("/go/", {"q": "kv-shop-prod"})["Location"] == "/vaults/kv-shop-prod/"


def test_an_item_has_its_own_spelling(olga: Client, world: World) -> None:
    InventoryItem.objects.create(vault=world.vault, kind="secret", name="Checkout-DB", enabled=True)
    InventoryItem.objects.create(vault=world.vault, kind="key", name="checkout-db", enabled=True)
    assert olga.get("/go/", {"q": f"{HOST}/secrets/CHECKOUT-DB".upper()})["Location"] == f"{SECRETS}Checkout-DB/"
    assert olga.get("/go/", {"q": f"{HOST}/secrets/OTHER"})["Location"] == f"{SECRETS}OTHER/"


def test_the_inventorys_own_box_takes_them_too(olga: Client, world: World) -> None:
    for name in ("checkout", "checkout-old"):
        InventoryItem.objects.create(vault=world.vault, kind="secret", name=name, enabled=True)
    for pasted, found in (
        (f"{HOST}/secrets/checkout", 1),
        (f"{HOST}/", 2),
        (RESOURCE, 2),
        (f"{HOST}/certificates/issuers/digi", 2),
        ("checkout-old", 1),
        ("checkout", 2),
        ('"checkout"', 2),
        ("<checkout-old>,", 1),
        ("\u200bcheckout\ufeff old", 1),
        ('"', 0),
    ):
        assert olga.get("/inventory/", {"q": pasted}).context["page"].paginator.count == found, pasted


HOSTILE = [
    "https://evil.test/secrets/a",
    "https://kv-shop-prod.vault.test@evil.test/secrets/a",
    "https://kv-shop-prod.vault.test.evil.test/secrets/a",
    "http://kv-shop-prod.vault.test/secrets/a",
    "https://kv-shop-prod.vault.test:8443/secrets/a",
    "//evil.test/secrets/a",
    "javascript:alert(1)",
    "https://kv-shop-prod.vault.test/secrets/../../evil",
    "https://kv-shop-prod.vault.test/storage/a",
    "https://[/secrets/a",
    "https://kv-shop-prod.vault.test/secrets/a?x=1#y",
    "\r\nLocation: https://evil.test",
    "https://" + "a" * 5000,
    "\x00",
]


@pytest.mark.sweep
@pytest.mark.parametrize("wanted", HOSTILE)
def test_nothing_leads_away(wanted: str, olga: Client, world: World, emulator: Emulator) -> None:
    answer = olga.get("/go/", {"id": wanted})
    assert answer.status_code in (302, 404)
    place = answer.headers.get("Location", "/")
    assert place.startswith(("/inventory/?q=", "/vaults/kv-shop-prod/")) or answer.status_code == 404
    assert emulator.requests == []
    if answer.status_code == 302:
        assert olga.get(place).status_code in (200, 404)


@pytest.mark.parametrize(
    "spelling",
    [
        "{}",
        "{lower}",
        "{colons}",
        " {blanks} ",
        "\u200e{colons}",
        '"{}",',
        "Thumbprint: {lower}",
        "SHA1 Fingerprint={colons}",
        "sha1 Fingerprint={colons}",
    ],
)
def test_a_thumbprint_opens_its_certificate(spelling: str, olga: Client, world: World, emulator: Emulator) -> None:
    client = client_of(world.vault)
    client.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    x5t = client.certificates.get("tls").properties.x5t
    scan_vault(System(), world.vault)
    pairs = [x5t[place : place + 2] for place in range(0, 40, 2)]
    text = spelling.format(
        x5t,
        lower=x5t.lower(),
        colons=":".join(pairs),
        blanks=" ".join(pairs),
    )
    assert olga.get("/go/", {"q": text})["Location"] == f"/vaults/{world.vault.slug}/certificates/tls/"
    assert "tls" in text_of(olga.get("/inventory/", {"q": text}))


@pytest.fixture
def certificate(world: World, emulator: Emulator) -> Certificate:
    """A certificate that was scanned, as it is in the vault."""
    client = client_of(world.vault)
    subject = 'CN=shop.example, O="Shop, Ltd.", C=DE'
    client.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject=subject))
    client.certificates.create("other", CertificatePolicy(issuer_name="Self", subject="CN=www.shop.example, C=DE"))
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)
    emulator.requests.clear()
    return client.certificates.get("tls")


TLS = "/vaults/kv-shop-prod/certificates/tls/"


@pytest.mark.parametrize("spelling", ["{}", "{}=", '"x5t": "{}"'.partition(": ")[2], "'{}',"])
def test_the_x5t_of_key_vault_opens_its_certificate(spelling: str, olga: Client, certificate: Certificate) -> None:
    x5t = base64.urlsafe_b64encode(bytes.fromhex(certificate.properties.x5t)).decode().rstrip("=")
    assert olga.get("/go/", {"q": spelling.format(x5t)})["Location"] == TLS
    assert olga.get("/go/", {"q": "a" * 27})["Location"].startswith("/inventory/")


@pytest.mark.parametrize(
    "subject",
    [
        'CN=shop.example, O="Shop, Ltd.", C=DE',
        'cn=SHOP.example,o="shop, ltd.",c=de',
        'subject=C = DE, O = "Shop, Ltd.", CN = shop.example',
        'Subject: C=DE, O="Shop, Ltd.", CN=shop.example',
    ],
)
def test_a_subject_opens_its_certificate(subject: str, olga: Client, certificate: Certificate) -> None:
    assert olga.get("/go/", {"q": subject})["Location"] == TLS


def test_a_subject_that_is_not_whole_is_searched_for(olga: Client, certificate: Certificate) -> None:
    place = olga.get("/go/", {"q": "CN=shop.example"})["Location"]
    assert place == "/inventory/?q=CN%3Dshop.example"
    assert "tls" in text_of(olga.get(place))
    assert olga.get("/go/", {"q": "C=DE"})["Location"] == "/inventory/?q=C%3DDE"


@pytest.mark.parametrize("spelling", ["{}", "{upper}", '"{}",', " {}\n", "({})."])
def test_the_current_version_of_a_certificate_opens_it(
    spelling: str, olga: Client, world: World, certificate: Certificate, emulator: Emulator
) -> None:
    version = certificate.properties.version
    emulator.requests.clear()
    text = spelling.format(version, upper=version.upper())
    assert olga.get("/go/", {"q": text})["Location"] == f"{TLS}versions/{version}/"
    assert emulator.requests == []
    assert signed_in(world.otto).get("/go/", {"q": text}).status_code == 404


def test_a_version_of_the_record_opens_its_item(olga: Client, world: World) -> None:
    assert fill_in(olga, "/vaults/kv-shop-prod/new/secret/", name="made-here", value="hidden").status_code == 302
    version = client_of(world.vault).secrets.versions("made-here")[0].version
    fill_in(olga, "/vaults/kv-shop-prod/secrets/made-here/new-version/", value="hidden again")
    page = f"/vaults/kv-shop-prod/secrets/made-here/versions/{version}/"
    assert olga.get("/go/", {"q": version})["Location"] == page
    assert signed_in(world.otto).get("/go/", {"q": version}).status_code == 404


def test_one_version_of_several_items_is_a_choice(olga: Client, world: World, certificate: Certificate) -> None:
    other = make_vault(world.connection, "kv-shop-dev")
    item = InventoryItem.objects.create(vault=other, kind="certificate", name="restored", enabled=True)
    version = certificate.properties.version
    KnownCertificate.objects.create(item=item, version=version, read_at=timezone.now())
    answer = olga.get("/go/", {"q": version})
    assert "Several items have this version" in text_of(answer)
    for place in (f"{TLS}versions/{version}/", f"/vaults/kv-shop-dev/certificates/restored/versions/{version}/"):
        assert f'href="{place}"' in answer.content.decode()


VERSION_SAID, SHA256_SAID = "This version is not known here", "Certificates are not known by SHA-256 here"


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("0a" * 16, VERSION_SAID),
        (f"'{'0A' * 16}',", VERSION_SAID),
        ("0a" * 32, SHA256_SAID),
        (":".join(["0A"] * 32), SHA256_SAID),
        (f"sha256 Fingerprint={':'.join(['0A'] * 32)}", SHA256_SAID),
    ],
)
def test_what_is_not_known_is_said(token: str, said: str, olga: Client, world: World) -> None:
    answer = olga.get("/go/", {"q": token})
    assert answer.status_code == 404
    assert said in text_of(answer)


@pytest.mark.parametrize("length", [32, 64])
def test_a_name_or_tag_that_looks_so_is_found(length: int, olga: Client, world: World) -> None:
    token = "0A" * (length // 2)
    InventoryItem.objects.create(vault=world.vault, kind="secret", name="x", enabled=True, tags={"commit": token})
    assert olga.get("/go/", {"q": token})["Location"] == f"/inventory/?q={token}"
    assert signed_in(world.otto).get("/go/", {"q": token}).status_code == 404


def test_without_the_index_the_box_still_answers(olga: Client, world: World) -> None:
    with unreadable("vaults_knowncertificate"):
        assert olga.get("/go/", {"q": "0a" * 16}).status_code == 404
        assert olga.get("/go/", {"q": "CN=a"})["Location"].startswith("/inventory/")


def test_an_unknown_thumbprint_is_said_and_another_teams_is_unknown(olga: Client, world: World) -> None:
    said = "No current certificate has this thumbprint, as far as is known"
    answer = olga.get("/go/", {"q": "AB" * 20})
    assert answer.status_code == 404
    assert said in text_of(answer)
    InventoryItem.objects.create(vault=world.vault, kind="certificate", name="tls", thumbprint="AB" * 20)
    assert said in text_of(signed_in(world.otto).get("/go/", {"q": "AB" * 20}))
    InventoryItem.objects.create(vault=world.vault, kind="certificate", name="twin", thumbprint="AB" * 20)
    choice = olga.get("/go/", {"q": "AB" * 20})
    assert "Several items have this thumbprint" in text_of(choice)
    for name in ("tls", "twin"):
        assert f'href="/vaults/kv-shop-prod/certificates/{name}/"' in choice.content.decode()

"""What can be done to an emulator by hand, verb by verb, as the command and the page have it done."""

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding

from tests.emulator.caller import VAULT, Caller, issued, refusal
from vaults.emulator import ADMIN, DEPLOY, TENANT_ID, Emulator
from vaults.emulator.control.context import Context
from vaults.emulator.control.fields import RefusedError
from vaults.emulator.control.verbs import BY_NAME, VERBS, perform
from vaults.emulator.dataplane import certificate_policy, x509tools
from vaults.emulator.faults.trouble import KINDS
from vaults.emulator.samples.names import Credentials
from vaults.emulator.serve.home import Home
from vaults.emulator.state import keymaterial

pytestmark = pytest.mark.slow


@pytest.fixture
def workspace(emulator: Emulator, tmp_path: Path) -> Context:
    home = Home(tmp_path, 39000)
    home.write_credentials({"tenant_id": TENANT_ID, "subscription_id": "", "principals": {}})
    return Context(emulator, home)


def do(workspace: Context, name: str, /, **given: Any) -> str:
    verb = BY_NAME.get(name)
    assert verb is not None
    return perform(workspace, verb, {field.replace("_", "-"): value for field, value in given.items()})


def refused(workspace: Context, name: str, /, **given: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        do(workspace, name, **given)
    return str(caught.value)


def error_code(emulator: Emulator, who: Credentials) -> int:
    """The AADSTS number of a sign-in that fails."""
    form = {
        "grant_type": "client_credentials",
        "client_id": who.client_id,
        "client_secret": who.client_secret,
        "scope": "https://vault.azure.net/.default",
    }
    answer = Caller(emulator).session.post(f"https://login.test/{TENANT_ID}/oauth2/v2.0/token", data=form)
    return int(answer.json().get("error_codes", [0])[0])


def test_every_verb_says_what_it_does() -> None:
    names = [verb.name for verb in VERBS]
    assert len(set(names)) == len(names)
    assert all(verb.help and all(field.help for field in verb.fields) for verb in VERBS)


def test_an_item_holds_what_no_api_takes(workspace: Context, emulator: Emulator) -> None:
    admin = Caller(emulator)
    admin.put("secrets/old", {"value": "x", "attributes": {"exp": 1924991940}, "contentType": "text/plain"})
    assert "until the member is updated" in do(
        workspace, "hold", vault=VAULT, item="secrets/old", member="attributes.exp", value="253402303861"
    )
    do(workspace, "hold", vault=VAULT, item="Secrets/OLD", member="tags", value='["a", null]')
    listed = next(item for item in admin.get("secrets").json()["value"] if item["id"].endswith("/old"))
    for shown in (admin.get("secrets/old").json(), listed):
        assert (shown["attributes"]["exp"], shown["tags"]) == (253402303861, ["a", None])
    admin.patch("secrets/old", {"attributes": {"exp": 1924991941}})
    assert admin.get("secrets/old").json()["attributes"]["exp"] == 1924991941
    assert admin.get("secrets/old").json()["tags"] == ["a", None]
    admin.put("secrets/old", {"value": "y"})
    assert "tags" not in admin.get("secrets/old").json()


@pytest.mark.parametrize(
    ("member", "value"),
    [("attributes.exp", 1569628800000), ("attributes.nbf", 253402303861), ("tags", {"n" * 512: "v" * 512})],
)
@pytest.mark.parametrize("kind", ["secrets", "keys", "certificates"])
def test_what_real_vaults_store_can_be_held(
    workspace: Context, emulator: Emulator, kind: str, member: str, value: object
) -> None:
    admin = Caller(emulator)
    item = f"{kind}/old-{kind}"
    admin.put("secrets/old-secrets", {"value": "x"})
    admin.post("keys/old-keys/create", {"kty": "EC"})
    issued(admin, "old-certificates")
    do(workspace, "hold", vault=VAULT, item=item, member=member, value=json.dumps(value))
    shown = admin.get(item).json()
    outer, _, inner = member.partition(".")
    assert (shown[outer][inner] if inner else shown[outer]) == value
    listed = next(each for each in admin.get(kind).json()["value"] if item in str(each))
    assert (listed[outer][inner] if inner else listed[outer]) == value


def test_what_cannot_be_held_is_said(workspace: Context, emulator: Emulator) -> None:
    given = {"vault": VAULT, "item": "secrets/absent", "member": "attributes.exp", "value": "1"}
    assert "There is no secret absent" in refused(workspace, "hold", **given)
    assert "is not secrets/, keys/ or certificates/" in refused(workspace, "hold", **given | {"item": "issuers/a"})
    assert "is not the path of a member" in refused(workspace, "hold", **given | {"member": "a b"})
    assert "value" in refused(workspace, "hold", **given | {"value": "{"})


def test_service_principals_come_and_go(workspace: Context, emulator: Emulator) -> None:
    lines = dict(line.split() for line in do(workspace, "add-principal", name="sp-new").splitlines())
    who = Credentials("sp-new", lines["client_id"], lines["client_secret"], lines["object_id"])
    assert workspace.home.credentials()["principals"]["sp-new"]["client_secret"] == who.client_secret
    do(workspace, "grant", principal="sp-new", permissions="secrets/get secrets/list", vault=VAULT)
    assert Caller(emulator, who).get("secrets").status_code == 200
    assert "already" in refused(workspace, "add-principal", name="sp-new")
    do(workspace, "remove-principal", principal="sp-new")
    assert error_code(emulator, who) == 700016
    assert "sp-new" not in workspace.home.credentials()["principals"]
    assert emulator.vault(VAULT)
    assert "no service principal" in refused(workspace, "remove-principal", principal="sp-new")


def test_client_secrets(workspace: Context, emulator: Emulator) -> None:
    def fresh(**given: Any) -> Credentials:
        secret = do(workspace, "add-secret", principal=DEPLOY.name, **given).split()[1]
        return Credentials(DEPLOY.name, DEPLOY.client_id, secret)

    assert error_code(emulator, fresh(days="-1")) == 7000222
    good = fresh()
    assert error_code(emulator, good) == 0
    do(workspace, "remove-credentials", principal=DEPLOY.name)
    assert error_code(emulator, good) == 7000215
    assert "not between" in refused(workspace, "add-secret", principal=DEPLOY.name, days="999999")
    assert "not a number" in refused(workspace, "add-secret", principal=DEPLOY.name, days="soon")


def pem(kty: str) -> str:
    policy = certificate_policy.complete({"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a"}}, 0)
    certificate = x509tools.issue(policy, keymaterial.pooled_key(kty, 2048, "P-256"), time.time())
    return certificate.public_bytes(Encoding.PEM).decode()


def test_certificates_to_sign_in_with(workspace: Context) -> None:
    assert "may sign in" in do(workspace, "add-certificate", principal=DEPLOY.name, pem=pem("RSA"))
    assert "RSA" in refused(workspace, "add-certificate", principal=DEPLOY.name, pem=pem("EC"))
    assert "PEM" in refused(workspace, "add-certificate", principal=DEPLOY.name, pem="rubbish")
    assert "too long" in refused(workspace, "add-certificate", principal=DEPLOY.name, pem="x" * 200_000)


def test_tenants(workspace: Context, emulator: Emulator) -> None:
    tenant = do(workspace, "add-tenant", domain="other.example").split()[1]
    assert "already" in refused(workspace, "add-tenant", domain="Other.example")
    do(workspace, "add-principal", name="sp-other", tenant="other.example")
    do(workspace, "add-vault", vault="kv-other", tenant=tenant)
    assert emulator.vault("kv-other").tenant == tenant
    assert "kv-other" in refused(workspace, "remove-tenant", tenant=tenant)
    do(workspace, "delete-vault", vault="kv-other")
    do(workspace, "purge-vault", vault="kv-other")
    do(workspace, "remove-tenant", tenant=tenant)
    assert "no service principal" in refused(workspace, "add-secret", principal="sp-other")
    assert "no tenant" in refused(workspace, "add-principal", name="sp-lost", tenant=tenant)
    for domain in ("nodot", "a b.example", "é.example"):
        assert "not a domain" in refused(workspace, "add-tenant", domain=domain)
    assert "not a GUID" in refused(workspace, "add-tenant", domain="a.example", id="7")


def test_people_and_redirects(workspace: Context) -> None:
    do(workspace, "add-person", name="Olga Brandt", email="Olga@shop.example")
    assert "already" in refused(workspace, "add-person", name="Olga", email="olga@shop.example")
    assert "e-mail" in refused(workspace, "add-person", name="Olga", email="olga")
    do(workspace, "remove-person", person="olga@shop.example")
    assert "nobody" in refused(workspace, "remove-person", person="olga@shop.example")
    uri = "http://localhost:8000/callback/"
    do(workspace, "add-redirect", principal=ADMIN.name, uri=uri)
    do(workspace, "remove-redirect", principal=ADMIN.name, uri=uri)
    assert "no redirect URI" in refused(workspace, "remove-redirect", principal=ADMIN.name, uri=uri)
    assert "no redirect URI" in refused(workspace, "add-redirect", principal=ADMIN.name, uri="http://shop.example/")


def test_vaults_come_and_go(workspace: Context, emulator: Emulator) -> None:
    do(workspace, "add-vault", vault="kv-new", retention_days="7", purge_protection=True, rbac="on", sku="standard")
    vault = emulator.vault("kv-new")
    assert (vault.retention_days, vault.purge_protection, vault.enable_rbac, vault.sku) == (7, True, True, "standard")
    assert vault.subscription == emulator.vault(VAULT).subscription
    assert "already" in refused(workspace, "add-vault", vault="kv-new")
    assert "7 and 90" in refused(workspace, "add-vault", vault="kv-more", retention_days="6")
    assert "invalid" in refused(workspace, "add-vault", vault="kv--more")
    do(workspace, "delete-vault", vault="kv-new")
    assert "no vault" in refused(workspace, "delete-vault", vault="kv-new")
    assert "already" in refused(workspace, "add-vault", vault="kv-new")
    do(workspace, "recover-vault", vault="kv-new")
    assert "no deleted vault" in refused(workspace, "recover-vault", vault="kv-new")
    assert "no deleted vault" in refused(workspace, "purge-vault", vault="kv-new")


def test_a_firewall_by_hand(workspace: Context, admin: Caller) -> None:
    do(workspace, "set-vault", vault=VAULT, allow="10.0.0.0/8 192.0.2.1")
    assert refusal(admin.get("secrets"))[2] == "ForbiddenByFirewall"
    do(workspace, "set-vault", vault=VAULT, firewall="Allow", public_access="Disabled")
    assert refusal(admin.get("secrets"))[2] == "ForbiddenByConnection"
    do(workspace, "set-vault", vault=VAULT, public_access="Enabled", decides_by="roles")
    assert refusal(admin.get("secrets"))[2] == "ForbiddenByRbac"
    assert "CIDR" in refused(workspace, "set-vault", vault=VAULT, allow="10.0.0.0/99")
    assert "one of" in refused(workspace, "set-vault", vault=VAULT, firewall="perhaps")


def test_roles(workspace: Context, emulator: Emulator) -> None:
    emulator.add_vault("kv-roles", enable_rbac=True)
    deploy = Caller(emulator, DEPLOY, vault="kv-roles")
    assert deploy.get("secrets").status_code == 403
    role = {"principal": DEPLOY.name, "role": "Key Vault Secrets User"}
    do(workspace, "assign-role", vault="kv-roles", **role)
    assert deploy.get("secrets").status_code == 200
    do(workspace, "remove-role", vault="kv-roles", **role)
    assert deploy.get("secrets").status_code == 403
    assert "does not have" in refused(workspace, "remove-role", vault="kv-roles", **role)
    assert "no role" in refused(workspace, "assign-role", principal=DEPLOY.name, role="King")
    assert "no vault" in refused(workspace, "assign-role", vault="kv-nowhere", **role)


def test_permissions(workspace: Context, emulator: Emulator) -> None:
    deploy = Caller(emulator, DEPLOY)
    do(workspace, "revoke", principal=DEPLOY.name, permissions=["Secrets/List"], vault=VAULT)
    assert deploy.get("secrets").status_code == 403
    assert "no permission" in refused(workspace, "grant", principal=DEPLOY.name, permissions="secrets/fly")
    assert "missing" in refused(workspace, "grant", principal=DEPLOY.name)


def test_latency_leaves_other_trouble_alone(workspace: Context, admin: Caller) -> None:
    do(workspace, "latency", ms="30", jitter="10")
    do(workspace, "throttle", times="1", retry_after="7")
    start = time.monotonic()
    answer = admin.get("secrets")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert time.monotonic() - start > 0.03
    assert "latency 30 ms, jitter 10 ms" in do(workspace, "faults")
    do(workspace, "lift")
    assert "latency" not in do(workspace, "faults")


def test_faults_where_one_wants_them(workspace: Context, admin: Caller, emulator: Emulator) -> None:
    do(workspace, "fail", status="500", times="2", at=VAULT, method="GET", path="^/secrets")
    assert admin.get("keys").status_code == 200
    assert "answer 500, 2 x, method GET, path ^/secrets, at kv-shop-prod" in do(workspace, "faults")
    assert [admin.get("secrets").status_code for _ in range(3)] == [500, 500, 200]
    do(workspace, "outage", at="issuer")
    with pytest.raises(requests.ConnectionError):
        admin.token(ADMIN)
    assert admin.get("secrets").status_code == 200
    do(workspace, "lift")
    assert admin.token(ADMIN)
    do(workspace, "fail", times="0")
    assert "until lifted" in do(workspace, "faults")
    assert "no vault" in refused(workspace, "outage", at="kv-nowhere")
    assert "regular expression" in refused(workspace, "outage", path="(")
    assert "not between" in refused(workspace, "fail", status="200")


def test_a_sign_in_is_refused_as_one_wants_it(workspace: Context, admin: Caller) -> None:
    do(workspace, "refuse-sign-in", number="90033", times="2", retry_after="7")
    assert "sign-in refused with AADSTS90033, 2 x, method POST" in do(workspace, "faults")
    answer = token_request(admin)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["error_codes"]) == (503, "7", [90033])
    do(workspace, "lift")
    do(workspace, "refuse-sign-in", number="4711", text="{client} sent {sent} to {tenant}")
    said = f"AADSTS4711: {ADMIN.client_id} sent {ADMIN.client_secret} to {TENANT_ID} Trace ID: "
    assert token_request(admin).json()["error_description"].startswith(said)
    assert token_request(admin).status_code == 200
    assert refused(workspace, "refuse-sign-in", number="none")


def token_request(admin: Caller) -> requests.Response:
    form = {"client_id": ADMIN.client_id, "client_secret": ADMIN.client_secret, "grant_type": "client_credentials"}
    form["scope"] = "https://vault.azure.net/.default"
    return admin.session.post(f"https://login.test/{TENANT_ID}/oauth2/v2.0/token", data=form)


def test_a_slow_answer(workspace: Context, admin: Caller) -> None:
    do(workspace, "fault", kind="slow")
    start = time.monotonic()
    with admin.session.get(f"{admin.base}/secrets?api-version=7.3", stream=True) as answer:
        assert answer.raw.read(1) == b"{"
    assert time.monotonic() - start > 0.4


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.name != "slow"])
def test_every_kind_of_trouble_shows(workspace: Context, admin: Caller, kind: str) -> None:
    """A plain client either fails at it or gets something else than the list it asked for; then all is well."""
    admin.put("secrets/a", {"value": "1"})
    usual = admin.get("secrets").json()
    do(workspace, "fault", kind=kind)
    try:
        url = f"{admin.base}/secrets?api-version=7.3"
        with admin.session.get(url, timeout=0.2, allow_redirects=False, stream=True) as answer:
            head = answer.raw.read(500, decode_content=False) if kind in ("huge", "bomb") else answer.content
            changed = answer.status_code != 200 or head != admin.get("secrets").content
    except requests.RequestException:
        changed = True
    assert changed
    assert admin.get("secrets").json() == usual


def test_limits_can_be_put_aside(workspace: Context, admin: Caller) -> None:
    assert do(workspace, "limits", state="on") == "The limits of the service are on."
    made = [admin.post("keys/k/create", {"kty": "EC"}).status_code for _ in range(21)]
    assert made == [200] * 20 + [429]
    assert "limits are on" in do(workspace, "faults")
    do(workspace, "limits", state="off")
    assert admin.post("keys/k/create", {"kty": "EC"}).status_code == 200
    assert "limits are off" in do(workspace, "faults")
    with pytest.raises(RefusedError):
        do(workspace, "limits", state="maybe")


def test_time_by_hand(workspace: Context, emulator: Emulator, admin: Caller) -> None:
    do(workspace, "certificate-seconds", seconds="100")
    do(workspace, "settle-seconds", seconds="50")
    body = {"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a"}}}
    admin.post("certificates/a/create", body)
    admin.put("secrets/b", {"value": "1"})
    admin.delete("secrets/b")
    do(workspace, "clock", by="60s")
    assert admin.get("deletedsecrets/b").status_code == 200
    assert admin.get("certificates/a/pending").json()["status"] == "inProgress"
    do(workspace, "clock", by="1m")
    assert admin.get("certificates/a/pending").json()["status"] == "completed"
    assert "0:02:00 ahead" in do(workspace, "faults")
    do(workspace, "clock", by="now")
    assert "ahead" not in do(workspace, "faults")
    assert "not a time" in refused(workspace, "clock", by="tomorrow")


def test_the_moved_clock_outlives_a_restart(tmp_path: Path) -> None:
    first = Emulator(tmp_path / "state")
    first.move_clock(30 * 86400)
    first.close()
    again = Emulator(tmp_path / "state")
    assert again.clock() - time.time() == pytest.approx(30 * 86400, abs=5)
    again.close()


def test_a_state_folder_of_an_earlier_time_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "state"
    db = sqlite3.connect(path)
    db.execute(
        """CREATE TABLE vault (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL,
           subscription TEXT NOT NULL, resource_group TEXT NOT NULL, location TEXT NOT NULL, sku TEXT NOT NULL,
           retention_days INTEGER NOT NULL, purge_protection INTEGER NOT NULL, enable_rbac INTEGER NOT NULL,
           port INTEGER UNIQUE, created INTEGER NOT NULL)"""
    )
    db.execute("INSERT INTO vault VALUES (1, 'kv-old', 't', 's', 'rg', 'westeurope', 'premium', 90, 0, 0, NULL, 1)")
    db.execute(
        "CREATE TABLE role_assignment (id TEXT PRIMARY KEY, object_id TEXT, role TEXT, scope TEXT) WITHOUT ROWID"
    )
    db.commit()
    db.close()
    emulator = Emulator(path)
    assert emulator.vault("kv-old").properties == {}
    emulator.close()


def test_requests_of_late_hold_no_secrets(workspace: Context, admin: Caller) -> None:
    admin.put("secrets/a", {"value": "very secret"})
    admin.get("secrets/a", **{"$skiptoken": "opaque"})
    shown = do(workspace, "requests")
    assert "200  PUT    kv-shop-prod.vault.test/secrets/a" in shown
    assert "/oauth2/v2.0/token" in shown
    for secret in ("very secret", ADMIN.client_secret, "opaque", "Bearer", "eyJ"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("latency", {"ms": "-1"}),
        ("latency", {"ms": "nan"}),
        ("latency", {"ms": ["1", "2"]}),
        ("latency", {"ms": {"a": 1}}),
        ("latency", {}),
        ("clock", {"by": "9" * 5000}),
        ("clock", {"by": "1\n2"}),
        ("add-vault", {"vault": "kv-x", "rbac": "perhaps"}),
        ("add-vault", {"vault": "kv-x", "colour": "red"}),
        ("grant", {"principal": ADMIN.name, "permissions": {"a": 1}}),
        ("grant", {"principal": ADMIN.name, "permissions": [7]}),
        ("fault", {"kind": "good"}),
        ("certificate-seconds", {"seconds": "inf"}),
    ],
)
def test_bad_input_is_told(workspace: Context, name: str, given: dict[str, Any]) -> None:
    assert refused(workspace, name, **given)

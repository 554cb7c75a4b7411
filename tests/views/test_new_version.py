"""A new version of a certificate changes nothing that its page does not show, and nothing that nobody touched."""

import copy
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import World, last_entry
from tests.emulator.caller import Caller, issued
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import CERTIFICATE
from vaults.models import Connection
from vaults.permissions import Action

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
PAGE = f"{V}/certificates/tls/new-version/"
Json = dict[str, Any]

#: A policy with something in every member, and the sibling of each example that was reported.
FULL: Json = {
    "key_props": {"exportable": False, "kty": "RSA-HSM", "key_size": 3072, "reuse_key": True},
    "secret_props": {"contentType": "application/x-pem-file"},
    "x509_props": {
        "subject": 'CN=www.example.com, O="Example, Ltd.", S=Texas, C=US',
        "sans": {
            "dns_names": ["www.example.com"],
            "emails": ["ops@example.com"],
            "upns": ["ops@corp.example"],
            "uris": ["https://www.example.com/a,b"],
            "ipAddresses": ["203.0.113.40"],
        },
        "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.4.1.311.80.1"],
        "key_usage": ["digitalSignature", "keyAgreement"],
        "validity_months": 7,
        "basic_constraints": {"ca": False},
    },
    "lifetime_actions": [{"trigger": {"days_before_expiry": 30}, "action": {"action_type": "EmailContacts"}}],
    "issuer": {"name": "digi-int", "cty": "OV-SSL", "cert_transparency": True},
    "attributes": {"enabled": True},
}


@pytest.fixture
def vault(world: World, emulator: Emulator) -> Caller:
    """The vault itself, past the portal, whose connection has the API version that shows everything."""
    Connection.objects.filter(pk=world.connection.pk).update(api_version="2026-04-01")
    world.connection.refresh_from_db()
    world.vault.connection.refresh_from_db()
    caller = Caller(emulator, version="2026-04-01")
    caller.put("certificates/issuers/digi-int", {"provider": "DigiCert"})
    caller.put("certificates/issuers/sectigo", {"provider": "GlobalSign"})
    return caller


def stocked(vault: Caller, policy: Json = FULL, **more: Any) -> Json:
    """The certificate tls, made by a policy; the policy as the vault tells it."""
    issued(vault, "tls", {"policy": policy, **more})
    vault.emulator.clock.advance(60)
    vault.emulator.requests.clear()
    return told(vault)


def told(vault: Caller) -> Json:
    return without_times(vault.get("certificates/tls").json()["policy"])


def without_times(policy: Json) -> Json:
    kept = {name: value for name, value in policy.items() if name != "id"}
    return kept | {"attributes": {"enabled": policy["attributes"]["enabled"]}}


def sent(emulator: Emulator) -> list[Any]:
    """The bodies with which certificates were asked for."""
    return [request.body for request in emulator.requests if request.path.endswith("/create")]


def test_untouched_it_sends_no_policy_and_keeps_all_of_it(olga: Client, vault: Caller, emulator: Emulator) -> None:
    before = stocked(vault, tags={"team": "pay"})
    assert fill_in(olga, PAGE).status_code == 302
    assert sent(emulator) == [{"tags": {"team": "pay"}}]
    emulator.clock.advance(60)
    assert told(vault) == before
    assert len(vault.walk("certificates/tls/versions")[0]) == 2
    assert last_entry(Action.CERTIFICATE_NEW_VERSION).detail["issuer"] == "digi-int"


def test_a_vault_that_insists_on_a_policy_gets_its_own_back(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault)
    read = vault.get("certificates/tls").json()["policy"]
    page = olga.get(PAGE)
    refusal = {"error": {"code": "BadParameter", "message": "Property policy is missing."}}
    emulator.answer_next(400, refusal, method="POST", path="/create")
    assert olga.post(PAGE, filled(page)).status_code == 302
    assert sent(emulator) == [{}, {"policy": read}]


CHANGES: dict[str, tuple[Json, tuple[str | int, ...], Any]] = {
    "subject": ({"subject": "CN=other, O=Example"}, ("x509_props", "subject"), "CN=other, O=Example"),
    "dns": ({"dns_names": "a.example\r\nb.example"}, ("x509_props", "sans", "dns_names"), ["a.example", "b.example"]),
    "no dns": ({"dns_names": ""}, ("x509_props", "sans", "dns_names"), []),
    "emails": ({"emails": "x@example.com"}, ("x509_props", "sans", "emails"), ["x@example.com"]),
    "upns": ({"upns": "x@corp"}, ("x509_props", "sans", "upns"), ["x@corp"]),
    "uris": ({"uris": "urn:x"}, ("x509_props", "sans", "uris"), ["urn:x"]),
    "addresses": ({"ip_addresses": "2001:db8::1"}, ("x509_props", "sans", "ipAddresses"), ["2001:db8::1"]),
    "ekus": ({"ekus": "clientAuth\r\n1.2.3"}, ("x509_props", "ekus"), ["1.3.6.1.5.5.7.3.2", "1.2.3"]),
    "usage": ({"key_usage": ["keyEncipherment"]}, ("x509_props", "key_usage"), ["keyEncipherment"]),
    "months": ({"validity_in_months": "24"}, ("x509_props", "validity_months"), 24),
    "issuer": ({"issuer": "sectigo"}, ("issuer", "name"), "sectigo"),
    "self": ({"issuer": "Self"}, ("issuer", "name"), "Self"),
    "product": ({"certificate_type": "EV-SSL"}, ("issuer", "cty"), "EV-SSL"),
    "log": ({"certificate_transparency": "false"}, ("issuer", "cert_transparency"), False),
    "size": ({"key_size": "4096"}, ("key_props", "key_size"), 4096),
    "own key": ({"reuse_key": "false"}, ("key_props", "reuse_key"), False),
    "PFX": ({"content_type": "application/x-pkcs12"}, ("secret_props", "contentType"), "application/x-pkcs12"),
    "days": ({"lifetime_amount": "45"}, ("lifetime_actions", 0, "trigger"), {"days_before_expiry": 45}),
    "nothing": ({"lifetime_action": ""}, ("lifetime_actions",), []),
    "renewal": (
        {"lifetime_action": "AutoRenew", "lifetime_trigger": "percentage", "lifetime_amount": "80"},
        ("lifetime_actions", 0),
        {"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "AutoRenew"}},
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_is_touched_changes_and_nothing_else(case: str, olga: Client, vault: Caller, emulator: Emulator) -> None:
    typed, path, value = CHANGES[case]
    before = stocked(vault)
    assert fill_in(olga, PAGE, **typed).status_code == 302
    expected = copy.deepcopy(before)
    inner: Any = expected
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    (body,) = sent(emulator)
    assert without_times(body["policy"]) == expected
    emulator.clock.advance(60)
    assert told(vault) == expected


def test_members_that_nobody_knows_go_back_as_they_came(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault)

    def with_news(answer: Any) -> Any:
        if isinstance(answer, dict) and "policy" in answer:
            policy = answer["policy"]
            policy["novelty"] = {"deep": [1, 2]}
            policy["issuer"]["tier"] = "gold"
            policy["x509_props"]["sans"]["rids"] = ["1.2.3"]
            policy["lifetime_actions"][0]["action"]["mail"] = "short"
        return answer

    emulator.rewrite(with_news, times=99)
    page = olga.get(PAGE)
    shown = text_of(page)
    assert "novelty.deep [1, 2] kept as it is" in shown
    assert "issuer.tier" in shown
    assert "x509_props.sans.rids" in shown
    assert "lifetime_actions" in shown
    assert "lifetime_action" not in main_form(page).fields
    assert olga.post(PAGE, filled(page, validity_in_months="24")).status_code == 302
    policy = sent(emulator)[-1]["policy"]
    assert policy["novelty"] == {"deep": [1, 2]}
    assert policy["issuer"] == {"name": "digi-int", "cty": "OV-SSL", "cert_transparency": True, "tier": "gold"}
    assert policy["x509_props"]["sans"]["rids"] == ["1.2.3"]
    assert policy["x509_props"]["validity_months"] == 24
    assert policy["lifetime_actions"][0]["action"] == {"action_type": "EmailContacts", "mail": "short"}


def test_values_of_another_type_spoil_their_own_place(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault)

    def oddly(answer: Any) -> Any:
        if isinstance(answer, dict) and "policy" in answer:
            answer["policy"]["x509_props"]["validity_months"] = "seven"
            answer["policy"]["key_props"]["exportable"] = "no"
            answer["policy"]["lifetime_actions"] = {"a": 1}
        return answer

    emulator.rewrite(oddly, times=99)
    page = olga.get(PAGE)
    assert 'x509_props.validity_months "seven" kept as it is' in text_of(page)
    assert olga.get(f"{V}/certificates/tls/").status_code == 200
    olga.post(PAGE, filled(page, subject="CN=b"))  # which this vault does not take
    assert sent(emulator)[-1]["policy"]["x509_props"]["validity_months"] == "seven"
    assert sent(emulator)[-1]["policy"]["key_props"]["exportable"] == "no"


def elliptic(**more: Any) -> Json:
    policy = copy.deepcopy(FULL)
    policy["key_props"] = {"kty": "EC", "crv": "P-521", "exportable": False, "reuse_key": False, **more}
    return policy


def test_curves_and_kinds_of_keys(olga: Client, vault: Caller, emulator: Emulator) -> None:
    before = stocked(vault, elliptic())
    assert fill_in(olga, PAGE, validity_in_months="3").status_code == 302
    assert sent(emulator)[-1]["policy"]["key_props"] == before["key_props"]
    emulator.clock.advance(60)
    assert fill_in(olga, PAGE, crv="P-256").status_code == 302
    assert sent(emulator)[-1]["policy"]["key_props"] == {
        "kty": "EC",
        "crv": "P-256",
        "exportable": False,
        "reuse_key": False,
    }
    emulator.clock.advance(60)
    refused = fill_in(olga, PAGE, kty="RSA")
    assert refused.context["form"].errors == {"key_size": ["Choose a size for the new type of key."]}  # type: ignore[attr-defined]
    assert fill_in(olga, PAGE, kty="RSA", key_size="3072").status_code == 302
    assert sent(emulator)[-1]["policy"]["key_props"] == {
        "kty": "RSA",
        "key_size": 3072,
        "exportable": False,
        "reuse_key": False,
    }


def test_several_lifetime_actions_are_shown_and_kept(olga: Client, vault: Caller, emulator: Emulator) -> None:
    actions = [
        {"trigger": {"lifetime_percentage": 70}, "action": {"action_type": "EmailContacts"}},
        {"trigger": {"lifetime_percentage": 90}, "action": {"action_type": "AutoRenew"}},
    ]
    stocked(vault, FULL | {"lifetime_actions": actions})
    assert "at 70 % of its life: e-mail to the contacts at 90 % of its life: renewed by the vault" in text_of(
        olga.get(PAGE)
    )
    assert fill_in(olga, PAGE, subject="CN=b").status_code == 302
    assert sent(emulator)[-1]["policy"]["lifetime_actions"] == actions


def test_no_lifetime_action_stays_none(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault, FULL | {"lifetime_actions": []})
    assert fill_in(olga, PAGE, subject="CN=b").status_code == 302
    assert sent(emulator)[-1]["policy"]["lifetime_actions"] == []


def test_without_a_subject_it_is_renewed_all_the_same(olga: Client, vault: Caller, emulator: Emulator) -> None:
    policy = copy.deepcopy(FULL)
    policy["x509_props"]["subject"] = ""
    stocked(vault, policy)
    assert fill_in(olga, PAGE).status_code == 302
    emulator.clock.advance(60)
    assert fill_in(olga, PAGE, dns_names="other.example").status_code == 302
    assert sent(emulator)[-1]["policy"]["x509_props"]["subject"] == ""


ODD: list[Json] = [
    {"subject": "what was never an X.500 name"},
    {"sans": {"dns_names": ["under_score-.example", "exa mple"]}},
    {"sans": {"emails": ["no at sign"], "ipAddresses": ["not an address"], "uris": [" blank "]}},
    {"ekus": ["whatever"]},
    {"key_usage": ["flying"]},
    {"validity_months": 0},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_nobody_touched_is_not_judged(odd: Json, olga: Client, vault: Caller, emulator: Emulator) -> None:
    """Others set it elsewhere, and the vault took it: limits are for what is typed."""
    stocked(vault)

    def oddly(answer: Any) -> Any:
        if isinstance(answer, dict) and "policy" in answer:
            answer["policy"]["x509_props"] |= odd
        return answer

    emulator.rewrite(oddly, times=99)
    page = olga.get(PAGE)
    assert olga.post(PAGE, filled(page, tags="a=b")).status_code == 302
    assert sent(emulator) == [{"tags": {"a": "b"}}]


def test_names_that_stood_there_are_not_judged_beside_new_ones(olga: Client, vault: Caller, emulator: Emulator) -> None:
    policy = copy.deepcopy(FULL)
    policy["x509_props"]["sans"]["dns_names"] = ["-odd-.example"]
    stocked(vault, policy)
    assert fill_in(olga, PAGE, dns_names="-odd-.example\r\nnew.example").status_code == 302
    refused: Any = fill_in(olga, PAGE, dns_names="-odd-.example\r\n-too-.example")
    assert "-too-.example" in refused.context["form"].errors["dns_names"][0]
    assert main_form(refused).fields["dns_names"] == ["-odd-.example\r\n-too-.example"]


def test_a_disabled_one_is_not_enabled_unsaid(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault, attributes={"enabled": False})
    assert "disabled, as the present version" in text_of(olga.get(PAGE))
    assert fill_in(olga, PAGE).status_code == 302
    assert sent(emulator) == [{"attributes": {"enabled": False}}]
    emulator.clock.advance(60)
    assert fill_in(olga, PAGE, enabled="true").status_code == 302
    assert sent(emulator)[-1] == {}


def test_the_order_of_the_chain_is_carried_over(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault, preserveCertOrder=True)
    assert fill_in(olga, PAGE).status_code == 302
    assert sent(emulator) == [{"preserveCertOrder": True}]
    emulator.clock.advance(60)
    assert fill_in(olga, PAGE, preserve_cert_order="false").status_code == 302
    assert sent(emulator)[-1] == {"preserveCertOrder": False}


# The issuer


def offered(page: Any) -> list[str]:
    return [value for value, _ in page.context["form"].fields["issuer"].choices]


def test_the_issuer_is_chosen_among_those_of_the_vault(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault)
    page = olga.get(PAGE)
    assert offered(page) == ["Self", "Unknown", "digi-int", "sectigo"]
    assert "Authority digi-int DigiCert" in text_of(page)
    assert main_form(page).fields["issuer"] == ["digi-int"]


def test_issuers_that_may_not_be_listed_fail_nothing(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault)
    emulator.deny("certificates/listissuers", "certificates/manageissuers")
    page = olga.get(PAGE)
    assert (page.status_code, offered(page)) == (200, ["digi-int", "Self", "Unknown"])
    assert main_form(page).fields["issuer"] == ["digi-int"]
    assert olga.post(PAGE, filled(page, validity_in_months="9")).status_code == 302
    assert sent(emulator)[-1]["policy"]["issuer"] == FULL["issuer"]


def test_a_list_of_versions_that_is_refused_fails_nothing(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault)
    emulator.deny("certificates/list")
    assert fill_in(olga, PAGE).status_code == 302


def test_an_issuer_that_is_gone_is_still_the_one_that_stands_there(
    olga: Client, vault: Caller, emulator: Emulator
) -> None:
    stocked(vault)
    vault.delete("certificates/issuers/digi-int")
    page = olga.get(PAGE)
    assert main_form(page).fields["issuer"] == ["digi-int"]
    refused = olga.post(PAGE, filled(page, subject="CN=b"))
    assert refused.status_code == 404
    assert main_form(refused).fields["subject"] == ["CN=b"]


# Refusals


def test_a_subject_that_azure_refuses_is_said_at_its_part(olga: Client, vault: Caller) -> None:
    stocked(vault)
    refused: Any = fill_in(olga, PAGE, subject="NOSUCH=b", tags="a=b")
    assert "Invalid X.500 distinguished name" in refused.context["form"].errors["subject"][0]
    assert main_form(refused).fields["subject"] == ["NOSUCH=b"]
    assert main_form(refused).fields["tags"] == ["a=b"]
    assert "Changed: Subject, Tags" in text_of(refused)


def test_nothing_typed_is_lost_while_the_vault_is_out_of_reach(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault)
    page = olga.get(PAGE)
    emulator.deny("certificates/get")
    refused = olga.post(PAGE, filled(page, subject="CN=b", issuer="sectigo"))
    assert refused.status_code == 403
    fields = main_form(refused).fields
    assert (fields["subject"], fields["issuer"], fields["initial-issuer"]) == (["CN=b"], ["sectigo"], ["digi-int"])
    emulator.grant("certificates/get", principal="sp-shop-admin")
    assert olga.post(PAGE, filled(refused)).status_code == 302
    assert without_times(sent(emulator)[-1]["policy"])["issuer"]["name"] == "sectigo"


def test_another_policy_meanwhile_is_seen_first(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault)
    page = olga.get(PAGE)
    vault.patch("certificates/tls/policy", {"issuer": {"name": "sectigo"}, "x509_props": {"validity_months": 3}})
    refused = olga.post(PAGE, filled(page, subject="CN=b"))
    assert refused.status_code == 422
    assert "Somebody else changed this" in text_of(refused)
    assert sent(emulator) == []
    fields = main_form(refused).fields
    assert (fields["issuer"], fields["validity_in_months"], fields["subject"]) == (["sectigo"], ["3"], ["CN=b"])
    assert olga.post(PAGE, filled(refused)).status_code == 302
    policy = sent(emulator)[-1]["policy"]
    assert policy["issuer"]["name"] == "sectigo"
    assert (policy["x509_props"]["validity_months"], policy["x509_props"]["subject"]) == (3, "CN=b")


def test_a_version_that_has_ended_is_not_told_to_end(olga: Client, vault: Caller, emulator: Emulator) -> None:
    stocked(vault)
    assert "and stays enabled until then" in text_of(olga.get(PAGE))
    emulator.hold("kv-shop-prod", CERTIFICATE, "tls", "attributes.exp", 1_500_000_000)
    page = text_of(olga.get(PAGE))
    assert "The present version ended" in page
    assert "it is still enabled" in page


def test_a_form_that_says_little_changes_little(olga: Client, vault: Caller, emulator: Emulator) -> None:
    before = stocked(vault, tags={"a": "b"})
    opened_on = main_form(olga.get(PAGE)).fields["opened_on"][0]
    assert olga.post(PAGE, {"opened_on": opened_on, "validity_in_months": "24"}).status_code == 302
    before["x509_props"]["validity_months"] = 24
    assert without_times(sent(emulator)[-1]["policy"]) == before
    assert sent(emulator)[-1]["tags"] == {"a": "b"}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"issuer": ""}, "issuer"),
        ({"kty": "oct"}, "kty"),
        ({"key_size": "7"}, "key_size"),
        ({"ip_addresses": "1.2.3"}, "ip_addresses"),
        ({"emails": "nobody"}, "emails"),
        ({"ekus": "fly"}, "ekus"),
        ({"validity_in_months": "many"}, "validity_in_months"),
        ({"lifetime_amount": ""}, "lifetime_amount"),
        ({"subject": "no name"}, "subject"),
        ({"tags": "none"}, "tags"),
    ],
)
def test_bad_input_is_said_at_its_field_and_kept(
    typed: dict[str, str], field: str, olga: Client, vault: Caller, emulator: Emulator
) -> None:
    stocked(vault)
    answer: Any = fill_in(olga, PAGE, **typed)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert sent(emulator) == []


# What the pages show


def test_every_part_is_shown_as_it_is_with_a_way_to_change_it(olga: Client, vault: Caller) -> None:
    stocked(vault, tags={"team": "pay"})
    page = text_of(olga.get(PAGE))
    for part in [
        "Authority digi-int DigiCert Change",
        "Certificate type OV-SSL Change",
        "Public log yes, certificate transparency Change",
        'Subject CN=www.example.com, O="Example, Ltd.", S=Texas, C=US Change',
        "DNS names www.example.com Change",
        "IP addresses 203.0.113.40 Change",
        "URIs https://www.example.com/a,b Change",
        "E-mail addresses ops@example.com Change",
        "User principals ops@corp.example Change",
        "Type and size RSA-HSM 3072 bits made in the vault's HSM Change",
        "Each version has the key of the one before Change",
        "Export never, the private key stays in the vault Change",
        "Key usage digitalSignature keyAgreement Change",
        "Extended usage serverAuth 1.3.6.1.4.1.311.80.1 Change",
        "Validity 7 months Change",
        "Before the end 30 days before: e-mail to the contacts Change",
        "Content type application/x-pem-file PEM Change",
        "x509_props.basic_constraints.ca false kept as it is",
        "Nothing changed, all 22 parts stay.",
    ]:
        assert part in page, part
    assert "team" in page


def test_the_certificates_page_shows_all_of_its_policy(olga: Client, vault: Caller) -> None:
    stocked(vault)
    page = text_of(olga.get(f"{V}/certificates/tls/"))
    for part in ["IP addresses 203.0.113.40", "Extended usage serverAuth", "URIs https://www.example.com/a,b"]:
        assert part in page, part
    assert "Public log yes, certificate transparency" in page


def test_names_that_the_ca_left_out_are_pointed_out(olga: Client, vault: Caller) -> None:
    stocked(vault)
    vault.patch("certificates/tls/policy", {"x509_props": {"sans": {"emails": ["ops@example.com", "new@example.com"]}}})
    assert "Not in the present certificate: new@example.com." in text_of(olga.get(PAGE))


def test_an_older_api_version_hides_no_loss(olga: Client, vault: Caller, world: World) -> None:
    stocked(vault)
    Connection.objects.filter(pk=world.connection.pk).update(api_version="7.3")
    assert "The present certificate names https://www.example.com/a,b, the policy" in text_of(olga.get(PAGE))
    assert fill_in(olga, PAGE, dns_names="other.example").status_code == 302
    sans = told(vault)["x509_props"]["sans"]
    assert (sans["uris"], sans["ipAddresses"]) == (["https://www.example.com/a,b"], ["203.0.113.40"])

"""What people type: names, sizes, tags, dates, hostile text; each refusal at its field, the rest kept."""

import random
import string
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils.html import escape

from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import World, say, vault_calls
from vaults.emulator import Emulator
from vaults.forms.fields import tags_as_text, tags_from_text
from vaults.keyvault.client import VaultClient

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
NEW = f"{V}/new/secret/"


def errors(answer: Any, field: str) -> str:
    """What the form says at a field; the answer is the form again."""
    assert answer.status_code == 422
    return " ".join(answer.context["form"].errors.get(field, []))


NAMES = ["", " ", "a b", "crp_secret", "päss", "a/b", "..", "a" * 128, "a\nb", "a\x00b", "%2e", "<b>", "a.b", "-\u200b"]


@pytest.mark.parametrize("kind", ["secret", "key", "certificate"])
def test_names_break_the_rule_before_anything_is_sent(kind: str, olga: Client, emulator: Emulator) -> None:
    address = f"{V}/new/{kind}/"
    form = filled(olga.get(address), value="typed", subject="CN=x")
    unsaid = [name for name in NAMES if not errors(olga.post(address, {**form, "name": name}), "name")]
    assert unsaid == []
    assert {method for method, _ in vault_calls(emulator)} <= {"GET"}  # the issuers that the form offers


@pytest.mark.parametrize("name", ["a", "A-1-", "-", "9" * 127, "new", "edit", "versions", "reveal"])
def test_names_key_vault_takes_are_taken(name: str, olga: Client) -> None:
    assert fill_in(olga, NEW, name=name, value="typed").status_code == 302
    assert olga.get(f"{V}/secrets/{name}/").status_code == 200


VALUES = {
    "25,600 bytes": ("x" * 25_600, True),
    "25,601 bytes": ("x" * 25_601, False),
    "two bytes a sign": ("ä" * 12_800, True),
    "one sign more": ("ä" * 12_800 + "x", False),
    "four bytes a sign": ("🔑" * 6_400, True),
    "four bytes, one more": ("🔑" * 6_400 + "x", False),
    "line ends count once": ("x\r\n" * 12_800, True),
    "huge": ("x" * 1_000_000, False),
    "empty": ("", False),
}


@pytest.mark.parametrize("case", VALUES)
def test_values_up_to_25_kb(case: str, olga: Client, azure: VaultClient) -> None:
    value, fits = VALUES[case]
    answer = fill_in(olga, NEW, name="big", value=value)
    if not fits:
        assert errors(answer, "value")
        assert main_form(answer).fields["name"] == ["big"]
        return
    assert answer.status_code == 302
    assert azure.secrets.get("big").value == value.replace("\r\n", "\n")


@pytest.mark.parametrize(
    "value", [" blanks \t", "\n\nfirst", "last\n\n", "a\rb", "\ttab", "\u202eevil", "{{ 7*7 }}", "=1+1"]
)
def test_values_arrive_byte_by_byte(value: str, olga: Client, azure: VaultClient) -> None:
    assert fill_in(olga, NEW, name="exact", value=value).status_code == 302
    assert azure.secrets.get("exact").value == value


def test_a_body_too_large_for_any_form_is_refused(olga: Client, emulator: Emulator) -> None:
    answer = olga.post(NEW, {"name": "big", "value": "x" * 3_000_000})
    assert answer.status_code in (400, 413)
    assert b"<h1" in answer.content
    assert vault_calls(emulator) == []


def test_sixteen_tags_are_one_too_many(olga: Client) -> None:
    lines = [f"tag{number}=x" for number in range(16)]
    answer = fill_in(olga, NEW, name="tagged", value="v", tags="\r\n".join(lines))
    assert "15 tags at most; these are 16" in errors(answer, "tags")
    assert fill_in(olga, NEW, name="tagged", value="v", tags="\r\n".join(lines[:15])).status_code == 302


@pytest.mark.parametrize(
    "tags", ["no equals sign", "=no name", "a=1\r\na=2", "x" * 513 + "=1", "a=" + "x" * 513, "{broken"]
)
def test_tags_that_cannot_be_meant(tags: str, olga: Client) -> None:
    answer = fill_in(olga, NEW, name="tagged", value="typed", tags=tags)
    assert errors(answer, "tags")
    assert main_form(answer).fields["tags"] == [tags]
    assert main_form(answer).fields["value"] == ["typed"]


TAGS: list[dict[str, str]] = [
    {"test name ": "CreateGetDeleteKeyTest", "purpose": "unit test"},
    {" leading": " both "},
    {"a=b": "c=d"},
    {"empty": ""},
    {"many\nlines": "a\nb"},
    {"{brace": "}"},
    {"<script>alert(1)</script>": '"><img src=x onerror=alert(1)>'},
    {"items": "a", "keys": "b", "get": "c"},
    {"\u202eevil": "\u200bzero"},
    {"carriage\rreturn": "x\r"},
    {"  ": "blank name"},
]


@pytest.mark.parametrize("tags", TAGS, ids=str)
def test_tags_survive_an_edit_that_does_not_touch_them(
    tags: dict[str, str], olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("tagged", "v", tags=tags)
    vault_calls(emulator)
    assert fill_in(olga, f"{V}/secrets/tagged/edit/").status_code == 302
    assert "PATCH" not in {method for method, _ in vault_calls(emulator)}
    assert fill_in(olga, f"{V}/secrets/tagged/edit/", content_type="text/plain").status_code == 302
    assert azure.secrets.versions("tagged")[0].tags == tags


def test_tags_round_trip_as_text() -> None:
    dice = random.Random(11)  # noqa: S311
    signs = string.ascii_letters + ' ={}"\\\n\r\t:,äß\u2028'
    lost = 0
    for _ in range(2000):
        tags = {
            "".join(dice.choices(signs, k=dice.randrange(1, 8))): "".join(dice.choices(signs, k=dice.randrange(8)))
            for _ in range(dice.randrange(5))
        }
        # A browser sends every line end as CRLF.
        sent = tags_as_text(tags).replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
        try:
            lost += tags_from_text(sent) != tags
        except ValidationError:
            lost += 1
    say(f"sets of tags through a form: 2000, changed: {lost}")
    assert lost == 0


def test_dates_in_the_wrong_order(olga: Client) -> None:
    answer = fill_in(
        olga, NEW, name="dated", value="typed", not_before="2030-01-01T00:00", expires_on="2029-01-01T00:00"
    )
    assert "It would expire before it activates." in errors(answer, "expires_on")
    assert main_form(answer).fields["value"] == ["typed"]
    assert "2029-01-01" in main_form(answer).fields["expires_on"][0]


@pytest.mark.parametrize(
    "text", ["tomorrow", "2030-13-01", "2030-02-30T00:00", "9" * 400, "0000-00-00", "2030-01-01T25:00"]
)
def test_dates_that_are_none(text: str, olga: Client) -> None:
    answer = fill_in(olga, NEW, name="dated", value="typed", expires_on=text)
    assert errors(answer, "expires_on")


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59:59"])
def test_dates_at_the_end_of_time_are_no_500(text: str, olga: Client) -> None:
    olga.cookies["timezone"] = "Europe/Berlin"
    answer = fill_in(olga, NEW, name="dated", value="typed", expires_on=text)
    assert answer.status_code in (302, 422)
    if answer.status_code == 302:
        assert olga.get(f"{V}/secrets/dated/").status_code == 200
        assert olga.get(f"{V}/secrets/dated/edit/").status_code == 200


def test_dates_are_the_viewers(olga: Client, azure: VaultClient) -> None:
    olga.cookies["timezone"] = "Europe/Berlin"
    fill_in(olga, NEW, name="dated", value="v", expires_on="2031-07-01T12:00:00", not_before="2031-01-01T12:00:00")
    made = azure.secrets.versions("dated")[0]
    assert (made.expires_on, made.not_before) == (
        datetime(2031, 7, 1, 10, tzinfo=UTC),
        datetime(2031, 1, 1, 11, tzinfo=UTC),
    )
    shown = text_of(olga.get(f"{V}/secrets/dated/"))
    assert "1 Jul 2031, 12:00 CEST" in shown
    assert main_form(olga.get(f"{V}/secrets/dated/edit/")).fields["expires_on"] == ["2031-07-01T12:00:00"]


@pytest.mark.parametrize("zone", ["../../etc/passwd", "Mars/Base", "\x00", "A" * 5000, "posixrules"])
def test_a_made_up_zone_is_utc(zone: str, olga: Client) -> None:
    olga.cookies["timezone"] = zone
    assert olga.get(f"{V}/secrets/").status_code == 200


def test_an_hour_that_does_not_exist(olga: Client) -> None:
    olga.cookies["timezone"] = "Europe/Berlin"
    answer = fill_in(olga, NEW, name="dated", value="v", expires_on="2031-03-30T02:30:00")
    assert errors(answer, "expires_on")


TEMPLATE = "{{ 1234567|add:7654321 }} {% now 'Y' %}"
HOSTILE = f"<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {TEMPLATE} \u202egnp.exe"
#: What a browser or a template engine would make of it.
RUN = ("<script>alert", "<img src=x", " 8888888 ")


def test_hostile_text_is_shown_as_text(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("evil", "v", tags={HOSTILE: HOSTILE}, content_type=HOSTILE[:200])
    azure.keys.create("evil", kty="EC", tags={HOSTILE: HOSTILE})
    azure.secrets.set("gone", "v", tags={HOSTILE: HOSTILE})
    azure.secrets.delete("gone")
    pages = ["secrets/", "secrets/evil/", "secrets/evil/edit/", "keys/", "keys/evil/", "keys/evil/edit/"]
    pages += ["deleted/secrets/gone/", "secrets/evil/new-version/", "keys/evil/new-version/"]
    live = 0
    for path in pages:
        content = olga.get(f"{V}/{path}").content.decode()
        assert "alert(1)" in content, path
        assert escape(TEMPLATE) in content, path
        live += sum(mark in content for mark in RUN)
    say(f"pages with hostile text: {len(pages)}, live: {live}")
    assert live == 0
    assert "\u202e" not in olga.get(f"{V}/secrets/evil/").content.decode()


SUBJECTS = ["", "no equals", "CN=", "CN=a,", "CN=" + "a" * 2000, "CN=\x00", "=x"]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_subjects_that_are_none(subject: str, olga: Client, emulator: Emulator) -> None:
    answer = fill_in(olga, f"{V}/new/certificate/", name="tls", subject=subject, dns_names="shop.example")
    assert answer.status_code in (302, 422)
    if subject != "CN=":
        assert errors(answer, "subject")
        assert main_form(answer).fields["dns_names"] == ["shop.example"]


@pytest.mark.parametrize("names", ["a b!c", "exa mple..com", "-a.example", "a." * 130, "<b>.example", "*.*.example"])
def test_dns_names_that_are_none(names: str, olga: Client) -> None:
    answer = fill_in(olga, f"{V}/new/certificate/", name="tls", subject="CN=x", dns_names=names)
    assert errors(answer, "dns_names")
    assert main_form(answer).fields["subject"] == ["CN=x"]


@pytest.mark.parametrize("kind", ["secret", "key", "certificate"])
def test_an_empty_post_is_a_form_with_errors(kind: str, olga: Client, emulator: Emulator) -> None:
    answer = olga.post(f"{V}/new/{kind}/", {})
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert {method for method, _ in vault_calls(emulator)} <= {"GET"}  # the issuers that the form offers


def test_no_browser_sends_this(olga: Client, world: World, emulator: Emulator) -> None:
    """Wrong types, doubled fields, foreign choices, broken encodings: an answer, and nothing sent."""
    bodies = [
        ("application/json", b'{"name": "x"}'),
        ("application/x-www-form-urlencoded", b"name=%ff%fe&value=%"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("multipart/form-data", b""),
        ("text/plain", b"\x00" * 100),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(1500))),
    ]
    for content_type, body in bodies:
        status = olga.post(NEW, body, content_type=content_type).status_code
        assert 400 <= status < 500, content_type
    for extra in (
        {"kty": "oct-HSM"},
        {"key_size": "1"},
        {"key_ops": ["format-disk"]},
        {"crv": "P-1"},
        {"kty": ["RSA", "x"]},
    ):
        answer = fill_in(olga, f"{V}/new/key/", name="odd", **extra)
        assert answer.status_code == 422, extra
    assert [call for call in vault_calls(emulator) if call[0] != "GET"] == []

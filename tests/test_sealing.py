"""A stolen or altered database: what is sealed opens only where it belongs, with its own key, unaltered."""

import base64
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from tests.conftest import World, make_connection, say
from tests.databases import address, stored
from vaults import sealing
from vaults.emulator import ADMIN
from vaults.models import Connection, SealedCanary
from vaults.sealing import Place, SealBroken, parse_key_ring, seal, unseal
from vaults.startup import check_key_ring

PLACE = Place("vaults_connection", "row-1", "client_secret")
OLD = "old:" + base64.b64encode(bytes(range(32))).decode()
NEW = "new:" + base64.b64encode(bytes(range(32, 64))).decode()


def test_a_sealed_text_opens_where_it_belongs() -> None:
    sealed = seal("Pass wörd\n", PLACE)
    assert unseal(sealed, PLACE) == "Pass wörd\n"
    assert sealed != seal("Pass wörd\n", PLACE)
    assert b"Pass" not in base64.b64decode(sealed.partition(":")[2])


def test_every_flipped_bit_and_every_other_place_is_refused() -> None:
    sealed = seal("a client secret of the usual length", PLACE)
    key_id, _, encoded = sealed.partition(":")
    blob = bytearray(base64.b64decode(encoded))
    dice = random.Random(3)  # noqa: S311
    opened = 0
    for _ in range(1000):
        flipped = bytearray(blob)
        flipped[dice.randrange(len(blob))] ^= 1 << dice.randrange(8)
        opened += opens(f"{key_id}:{base64.b64encode(flipped).decode()}", PLACE)
    others = [
        Place(table, row, field)
        for table in ("vaults_connection", "vaults_other")
        for row in ("row-1", "row-2", "")
        for field in ("client_secret", "certificate")
    ]
    opened += sum(opens(sealed, place) for place in others if place != PLACE)
    shortened = [sealed[:length] for length in range(0, len(sealed), 3)]
    opened += sum(opens(text, PLACE) for text in shortened)
    say(f"altered, moved or cut: {1000 + len(others) - 1 + len(shortened)}, opened: {opened}")
    assert opened == 0


def opens(sealed: str, place: Place) -> bool:
    try:
        unseal(sealed, place)
    except SealBroken as refusal:
        return "client secret of" in str(refusal)
    return True


def test_a_moved_row_is_refused(world: World) -> None:
    other = make_connection(world.team, "other", ADMIN.client_id, "another secret")
    Connection.objects.filter(pk=other.pk).update(client_secret_sealed=world.connection.client_secret_sealed)
    other.refresh_from_db()
    with pytest.raises(SealBroken):
        other.client_secret()


def test_a_broken_seal_is_a_sentence_not_a_500(world: World, olga: object) -> None:
    Connection.objects.update(client_secret_sealed="test:AAAA")
    page = olga.get("/vaults/kv-shop-prod/secrets/")  # type: ignore[attr-defined]
    assert b"The stored credential can&#x27;t be opened" in page.content


@pytest.mark.parametrize(
    ("ring", "reason"),
    [
        ("", "holds no key"),
        ("k1", "entry 1 is not id:base64 of 32 bytes"),
        ("k1:c2hvcnQ=", "entry 1 is not id:base64 of 32 bytes"),
        (f"{OLD},k 2:{'A' * 43}=", "entry 2 is not id:base64 of 32 bytes"),
        (f"{OLD}\n{OLD}", "duplicate id old"),
        ("k1:" + "!" * 44, "entry 1 is not id:base64 of 32 bytes"),
    ],
)
def test_a_key_ring_that_cannot_be_meant_is_refused_without_quoting_it(ring: str, reason: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=reason) as refusal:
        parse_key_ring(ring)
    assert "c2hvcnQ" not in str(refusal.value)


def test_a_wrong_key_is_noticed_before_anybody_signs_in(db: None, settings: Settings) -> None:
    check_key_ring()
    settings.SEALING_KEYS = "test:" + base64.b64encode(bytes(range(64, 96))).decode()
    with pytest.raises(ImproperlyConfigured, match="can't open what this database holds"):
        check_key_ring()


def test_rotation_leaves_nothing_on_the_old_key(world: World, settings: Settings) -> None:
    settings.SEALING_KEYS = OLD
    SealedCanary.objects.all().delete()
    check_key_ring()
    made = [make_connection(world.team, f"c{n}", ADMIN.client_id, f"secret {n}") for n in range(5)]
    made[0].set_certificate("private", "certificate", "CN=x")
    made[0].save()
    world.vault.delete()
    world.connection.delete()
    settings.SEALING_KEYS = f"{NEW},{OLD}"
    call_command("reseal", stdout=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    settings.SEALING_KEYS = NEW
    check_key_ring()
    found = {connection.name: connection for connection in Connection.objects.all()}
    assert found["c0"].certificate_parts() == ("private", "certificate")
    assert [found[f"c{n}"].client_secret() for n in range(1, 5)] == [f"secret {n}" for n in range(1, 5)]


def test_a_rotation_that_is_cut_off_goes_on_where_it_was(world: World, settings: Settings) -> None:
    settings.SEALING_KEYS = OLD
    SealedCanary.objects.all().delete()
    check_key_ring()
    world.vault.delete()
    world.connection.delete()
    for number in range(12):
        make_connection(world.team, f"c{number:02}", ADMIN.client_id, f"secret {number:02}")
    settings.SEALING_KEYS = f"{NEW},{OLD}"
    cut_off = 0
    for broken in Connection.objects.order_by("pk")[2:8:2]:
        whole = broken.client_secret_sealed
        Connection.objects.filter(pk=broken.pk).update(client_secret_sealed="old:AAAA")  # stops the run here
        with pytest.raises(SealBroken):
            call_command("reseal")
        cut_off += 1
        Connection.objects.filter(pk=broken.pk).update(client_secret_sealed=whole)
        assert sorted(each.client_secret() for each in Connection.objects.all()) == [
            f"secret {n:02}" for n in range(12)
        ]
    check_key_ring()  # both keys are still asked for
    call_command("reseal", stdout=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    left = [each for each in Connection.objects.all() if not each.is_sealed_with_current_key()]
    say(f"rotations cut off: {cut_off}, unreadable: 0, left on the old key: {len(left)}")
    assert left == []
    settings.SEALING_KEYS = NEW
    assert sorted(each.client_secret() for each in Connection.objects.all()) == [f"secret {n:02}" for n in range(12)]


def test_the_old_key_may_not_go_before_the_rotation(world: World, settings: Settings) -> None:
    check_key_ring()
    settings.SEALING_KEYS = NEW
    with pytest.raises(ImproperlyConfigured, match="a key with the id test is needed"):
        check_key_ring()


def test_the_database_holds_no_credential_in_clear(file_world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret_sealed FROM vaults_connection")
        rows = cursor.fetchall()
    assert rows
    assert all(row[0].startswith(f"{sealing.key_ring().current}:") for row in rows)
    everything = b"".join(stored().values())
    assert rows[0][0].encode() in everything
    assert ADMIN.client_secret.encode() not in everything


def serve(**environment: str) -> subprocess.CompletedProcess[str]:
    """Start the WSGI application as the server does, with nothing but this in its environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KVPORTAL_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-c", "import kvportal.wsgi; print('serving')"],
        env={**clean, **environment},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_it_does_not_serve_with_a_key_that_does_not_fit(file_world: World, tmp_path: Path) -> None:
    check_key_ring()
    right = {
        "KVPORTAL_SECRET_KEY": "x7Kp2mQv9RtZ4wLcB8nHs3JdF6gYeW5uAaTqXr1kMoPbVzCiNjDlGhSfEyUwOt0I",
        "KVPORTAL_AUDIT_KEY": "an-audit-key-for-tests-only-0123456789",
        "KVPORTAL_DATA_DIR": str(tmp_path),
        **address(),
        "KVPORTAL_SEALING_KEYS": "test:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    }
    started = serve(**right)
    assert (started.returncode, "serving" in started.stdout) == (0, True), started.stderr
    wrong = serve(**{**right, "KVPORTAL_SEALING_KEYS": NEW})
    assert wrong.returncode != 0
    assert "kvportal does not start: the keys in KVPORTAL_SEALING_KEYS can't open" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_every_mistake_in_the_environment_is_said_at_once(tmp_path: Path) -> None:
    ca_file = tmp_path / "company.pem"
    ca_file.write_text("-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n")
    refused = serve(
        KVPORTAL_PORT="eighty", KVPORTAL_HTTPS="perhaps", KVPORTAL_DATA_DIR=str(tmp_path), KVPORTAL_CA_FILE=str(ca_file)
    )
    assert f"KVPORTAL_CA_FILE: {ca_file} is no PEM file of certificates" in refused.stderr
    assert refused.returncode != 0
    for name in ("SECRET_KEY", "SEALING_KEYS", "AUDIT_KEY", "PORT", "HTTPS"):
        assert f"KVPORTAL_{name}" in refused.stderr, name

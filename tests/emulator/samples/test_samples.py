"""What a first start puts into vaults, and what filling one in bulk does."""

from pathlib import Path

from tests.emulator.caller import VAULT, Caller
from tests.emulator.control.test_verbs import do, refused
from tests.emulator.control.test_verbs import workspace as workspace
from tests.emulator.running import free_base, opened
from vaults.emulator import Emulator
from vaults.emulator.control.context import Context
from vaults.emulator.serve.home import Home


def test_the_seed_is_realistic(tmp_path: Path) -> None:
    emulator = opened(Home(tmp_path, free_base()))
    now = emulator.clock()
    with emulator.store.reading() as db:
        rows = db.execute(
            """SELECT v.name, o.kind, ver.expires_on, ver.enabled FROM object o JOIN vault v ON v.id = o.vault
               JOIN version ver ON ver.vault = o.vault AND ver.kind = o.kind AND ver.folded = o.folded
                AND ver.version = o.current WHERE o.state = 'live' AND NOT o.managed"""
        ).fetchall()
    counts = {
        name: sum(row["name"] == name and row["kind"] == "secrets" for row in rows)
        for name in ("kv-shop-prod", "kv-shop-stage", "kv-billing-prod")
    }
    assert counts["kv-shop-stage"] == 40
    assert counts["kv-billing-prod"] == 30
    assert counts["kv-shop-prod"] == 60
    for kind in ("secrets", "certificates"):
        days = [(row["expires_on"] - now) / 86400 for row in rows if row["kind"] == kind and row["expires_on"]]
        for low, high in ((-400, 0), (0, 7), (7, 30), (30, 90), (90, 500)):
            assert any(low <= day < high for day in days), (kind, low, high)
    assert any(not row["enabled"] for row in rows)
    emulator.close()


def test_fill_is_realistic(workspace: Context, emulator: Emulator, admin: Caller) -> None:
    do(workspace, "fill", vault=VAULT, secrets="2000", keys="20", certificates="30")
    do(workspace, "fill", vault=VAULT, secrets="5")
    with emulator.store.reading() as db:
        rows = db.execute("SELECT kind, count(*) AS c, sum(managed) AS m FROM object GROUP BY kind")
        counts = {row["kind"]: (row["c"], row["m"]) for row in rows}
    assert counts == {"secrets": (2035, 30), "keys": (50, 30), "certificates": (30, 0)}
    page = admin.get("secrets").json()["value"]
    assert all(set(item["tags"]) for item in page)
    certificate = admin.get("certificates/storefront-weu-prod-shop-example").json()
    assert certificate["policy"]["x509_props"]["subject"].startswith("CN=storefront.weu.prod.shop.example,")
    assert "Say how many" in refused(workspace, "fill", vault=VAULT)
    assert "no vault" in refused(workspace, "fill", vault="kv-nowhere", secrets="1")
    assert "not between" in refused(workspace, "fill", vault=VAULT, secrets="9999999")

"""Recorded traffic of Resource Manager, played to the emulator: vaults, access policies, deleted vaults, roles.

A recording's names are kept, so that all but times and made-up identifiers must be equal. What a recording found
there already is made before; what it asks of other providers is not played.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.emulator.caller import Caller
from tests.emulator.replay import arm_before
from vaults.emulator import ADMIN, Emulator
from vaults.emulator.arm.vaults import SINCE_SOFT_DELETE
from vaults.emulator.entra.tokens import ARM_RESOURCE
from vaults.emulator.samples.names import Credentials
from vaults.emulator.state import roles
from vaults.emulator.state.directory import Principal, add_principal, find_principal
from vaults.emulator.state.role_definitions import find_role

NOBODY = "00000000-0000-0000-0000-000000000000"  # recordings have it in place of every GUID
WHO = Credentials("recorder", NOBODY, "secret", NOBODY)
SETTLE = 30.0
VOLATILE = re.compile(
    r"systemData\.|createdDateTime|lastActionDateTime|deletionDate|scheduledPurgeDate|(created|updated)(On|By)|displayName|nextLink"
)
URI = re.compile(r"https://([\w-]+)\.vault\.azure\.net")


@dataclass
class Tally:
    equal: int = 0
    differences: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)


def play(name: str, entries: list[dict[str, Any]], tally: Tally) -> None:
    """Play one file's calls of Resource Manager against an emulator of its own."""
    player = _Player(entries)
    for number, entry in enumerate(entries):
        address = urlsplit(entry["RequestUri"])
        if not address.netloc.startswith("management."):
            continue
        reason = player.unplayable(entry, address.path)
        if reason:
            tally.skipped[reason] = tally.skipped.get(reason, 0) + 1
            continue
        difference = player.exchange(entry)
        if difference is None:
            tally.equal += 1
        else:
            tally.differences.append(f"{name}[{number}] {entry['RequestMethod']} {address.path}: {difference}")


class _Player:
    """One recording's subscription."""

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self.emulator = Emulator.for_tests(settle_seconds=SETTLE)
        self.emulator.add_tenant(NOBODY, "recorded.example")
        self.emulator.add_principal(Principal(WHO.client_id, NOBODY, WHO.object_id, WHO.name))
        self.emulator.add_client_secret(WHO.client_id, WHO.client_secret)
        self.emulator.add_vault("sample-vault", tenant=NOBODY, subscription=NOBODY, resource_group="elsewhere")
        owner = find_role("Owner")
        assert owner
        with self.emulator.store.writing() as db:
            roles.assign(db, "recorded", WHO.object_id, owner, f"/subscriptions/{NOBODY}")
        self._session = requests.Session()
        self._names: dict[str, str] = {}
        self._made: set[str] = set()
        with self.emulator.store.writing() as db:
            for described in arm_before.vaults_before(entries):
                arm_before.make(db, described, NOBODY)
                self._made.add(described["name"].lower())
        self._sign_in()

    def unplayable(self, entry: dict[str, Any], path: str) -> str | None:
        """Why an exchange is not for this emulator, None if it is. Notes what gets made."""
        lowered = path.lower()
        if "/microsoft.network/" in lowered or re.search(r"/resourcegroups/[^/]+$|/locations$|^/tenants", lowered):
            return "another provider of Azure"
        if re.search(r"/vaults/[^/]+/(keys|secrets)/", lowered):
            return "objects by way of Resource Manager, which nobody here needs"
        if "roledefinitions" in lowered:
            return "definitions of roles that are none of Key Vault's"
        made = re.search(r"/(?:vaults|roleassignments)/([^/]+)", lowered)
        if made and entry["RequestMethod"] == "PUT" and "accesspolicies" not in lowered:
            self._made.add(made[1])
        elif made and made[1] not in self._made and entry["StatusCode"] < 300 and "deletedvaults" not in lowered:
            return "works on something from before the recording"
        return None

    def exchange(self, entry: dict[str, Any]) -> str | None:
        """What differs, None if nothing does."""
        body = entry["RequestBody"]
        if isinstance(body, dict):
            body = self._today(body)
        elif "/accesspolicies/" in entry["RequestUri"].lower():
            body = {"properties": entry["ResponseBody"]["properties"]}  # which the recorder did not keep
        if '"Succeeded"' in json.dumps(entry["ResponseBody"]):
            self.emulator.clock.advance(SETTLE)
        entry["RequestUri"] = re.sub(r"&(\$|%24)skiptoken=[^&]*", "", entry["RequestUri"])
        uri = re.sub(r"https://management[^/]+", "https://management.test", entry["RequestUri"])
        for recorded, ours in self._names.items():
            uri = uri.replace(recorded, ours)
        answer = self._session.request(entry["RequestMethod"], uri, json=body)
        if answer.status_code != entry["StatusCode"]:
            return f"status {answer.status_code} instead of {entry['StatusCode']}: {answer.text[:160]}"
        self._remember(entry, answer)
        return self._compare(entry, answer)

    def _today(self, body: dict[str, Any]) -> dict[str, Any]:
        """A request without what Azure no longer takes, and with a principal that is known here."""
        body = json.loads(json.dumps(body))
        properties = body.get("properties") or {}
        if properties.get("enableSoftDelete") is False:
            del properties["enableSoftDelete"]
        principal = properties.get("principalId")
        with self.emulator.store.writing() as db:
            if principal and find_principal(db, principal) is None:
                add_principal(db, Principal(principal, NOBODY, principal, f"sp-{principal}"))
        return body

    def _remember(self, entry: dict[str, Any], answer: requests.Response) -> None:
        """What the address of a long operation is called here."""
        there = {name.lower(): value for name, value in entry["ResponseHeaders"].items()}.get("location")
        here = answer.headers.get("Location")
        if there and here:
            recorded = there[0] if isinstance(there, list) else there
            self._names[urlsplit(recorded).path.rpartition("/")[2]] = urlsplit(here).path.rpartition("/")[2]

    def _compare(self, entry: dict[str, Any], answer: requests.Response) -> str | None:
        recorded = entry["ResponseBody"]
        if not recorded:
            return None if not answer.content else "a body that should not be there"
        recorded = json.loads(json.dumps(recorded))
        if parse_qs(urlsplit(entry["RequestUri"]).query)["api-version"][0] >= SINCE_SOFT_DELETE:
            # Azure has no vaults without soft delete any more; those that were are taken for ones that have it.
            for described in arm_before.descriptions(recorded):
                described["properties"]["enableSoftDelete"] = True
        text = URI.sub(lambda match: f"https://{match[1]}.vault.test", json.dumps(recorded))
        if re.search(r"/(resources|vaults|deletedVaults|roleAssignments)$", urlsplit(entry["RequestUri"]).path):
            return self._compare_list(json.loads(text), answer.json())
        return _differ(json.loads(text), answer.json(), "")

    def _compare_list(self, recorded: dict[str, Any], ours: dict[str, Any]) -> str | None:
        """Lists hold other people's vaults, too: what the recording itself has made must be in ours, and be equal."""
        if ours["value"] and recorded["value"] and recorded.keys() != ours.keys():
            return f"members {sorted(ours)} instead of {sorted(recorded)}"
        here = {item["id"].lower(): item for item in ours["value"]}
        for item in recorded["value"]:
            if item["name"].lower() not in self._made:
                continue
            if item["id"].lower() not in here:
                return f"value[] lacks {item['id']}"
            difference = _differ(item, here[item["id"].lower()], "value[]")
            if difference:
                return difference
        return None

    def _sign_in(self) -> None:
        caller = Caller(self.emulator, ADMIN)
        self._session = caller.session
        form = {
            "grant_type": "client_credentials",
            "client_id": WHO.client_id,
            "client_secret": WHO.client_secret,
            "scope": f"{ARM_RESOURCE}/.default",
        }
        token = self._session.post(f"https://login.test/{NOBODY}/oauth2/v2.0/token", data=form).json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"


def _differ(recorded: Any, ours: Any, where: str) -> str | None:
    """The first difference of two answers, None if there is none."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        lacks, extra = sorted(recorded.keys() - ours.keys()), sorted(ours.keys() - recorded.keys())
        if lacks or extra:
            return f"{where} has {extra} too many and lacks {lacks}"
        found = (_differ(value, ours[name], f"{where}.{name}") for name, value in recorded.items())
        return next((difference for difference in found if difference), None)
    if isinstance(recorded, list) and isinstance(ours, list):
        if len(recorded) != len(ours):
            return f"{where} has {len(ours)} items instead of {len(recorded)}"
        found = (_differ(*pair, f"{where}[]") for pair in zip(recorded, ours, strict=True))
        return next((difference for difference in found if difference), None)
    if VOLATILE.search(where) and type(recorded) is type(ours):
        return None
    return None if recorded == ours else f"{where} is {ours!r} instead of {recorded!r}"

"""Recorded traffic of the real service, played to the emulator, answer held against answer.

Times, versions, keys and other things that differ each time are compared by their type only; everything else
must be equal: status, members, values, messages. Where a recorder left request bodies out they are put
together from the answer. A second passes with each exchange; where a recorded answer shows that somebody had waited,
the emulator's clock goes on to the moment at which what is asked for has settled, and no further.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.emulator.direct import Answer, Direct
from tests.emulator.replay.bodies import Bodies, double_base64
from tests.emulator.replay.vault_before import make_before
from vaults.emulator import ADMIN, Emulator
from vaults.emulator.dataplane import x509tools
from vaults.emulator.state import keymaterial
from vaults.emulator.state.policies import EVERYTHING
from vaults.emulator.wire import jwt

LONG = 1000  # characters; values of that length are certificates with their keys
OLD_WORDS = re.compile(r"\.error\.message is .* instead of '\w+ not found: ")  # waiting changes no words
# Where this stands the recorder has replaced a policy by one and the same text, in the request and in the answer: nobody
# knows any more how the service had written it.
PUT_IN_BY_THE_RECORDER = b"https://fakeattestation"
SETTLE = 1000.0  # seconds for deletions, recoveries, purges and certificates: longer than any recording has exchanges
# Members whose value is never the same twice.
VOLATILE = {
    "created", "updated", "deletedDate", "scheduledPurgeDate", "n", "x", "y", "cer", "csr", "x5t", "nextLink",
    "request_id",
}  # fmt: skip
PLAIN = ("decrypt", "unwrapkey")
SIGNING_REQUEST = "application/pkcs10"
RESULTS = ("encrypt", "decrypt", "sign", "wrapkey", "unwrapkey", "backup", "release")
VERSION = re.compile(r"\b[0-9a-f]{32}\b")
HOST = re.compile(r"https://[^/\"' ]+?(?::443)?(?=/(?:secrets|keys|certificates|deleted))")


@dataclass
class Tally:
    """What came of playing recordings."""

    equal: int = 0
    differences: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def played(self) -> int:
        return self.equal + len(self.differences)

    def skip(self, reason: str, count: int = 1) -> None:
        self.skipped[reason] = self.skipped.get(reason, 0) + count


def recordings(folder: Path) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """The recorded exchanges of each file with data-plane traffic."""
    for path in sorted(folder.glob("*/*.json")):
        if path.parent.name != "errors":
            yield path, json.loads(path.read_text())["Entries"]


def play(path: Path, entries: list[dict[str, Any]], tally: Tally, imports: dict[str, dict[str, Any]]) -> None:
    """Play one file against an emulator of its own; `imports` as in `replay_bodies.known_imports`."""
    if path.stem.endswith(("_HSM", "_mhsm")):
        tally.skip("Managed HSM, another service", len(entries))
        return
    player = _Player(entries, imports)
    for number, entry in enumerate(entries):
        reason = _unplayable(entry) or player.unplayable(entry)
        if reason:
            tally.skip(reason)
            continue
        if player.without_soft_delete and _deletes(entry):
            player.delete_for_good(entry)
            tally.skip("deletion in a vault without soft delete, which Azure no longer has")
            continue
        difference = player.exchange(entry)
        if difference is None:
            tally.equal += 1
        else:
            where = re.sub(r"https://[^/]+", "", entry["RequestUri"]).partition("?")[0]
            tally.differences.append(f"{path.name}[{number}] {entry['RequestMethod']} {where}: {difference}")


def _deletes(entry: dict[str, Any]) -> bool:
    """Whether an object is deleted, not an issuer or an operation."""
    parts = entry["RequestUri"].partition("?")[0].rstrip("/").split("/")[3:]
    return entry["RequestMethod"] == "DELETE" and entry["StatusCode"] == 200 and len(parts) == 2


def _unplayable(entry: dict[str, Any]) -> str | None:
    """Why an exchange is not for this emulator, None if it is."""
    host = entry["RequestUri"].split("/")[2]
    if host.startswith("management.") or "login." in host:
        return "Resource Manager, which test_replay_arm plays, and sign-in"
    if entry["ResponseBody"] and not isinstance(entry["ResponseBody"], dict) and not _signing_request(entry):
        return "answer of a web server in front of the vault"
    return None


def _signing_request(entry: dict[str, Any]) -> bool:
    """Whether an exchange is about a pending certificate's signing request alone, which is no JSON."""
    path = entry["RequestUri"].partition("?")[0]
    return path.endswith("/pending") and entry["StatusCode"] == 200 and isinstance(entry["ResponseBody"], str)


class _Player:
    """One recording's vault, and what its recorded versions, ciphertexts and blobs are called here."""

    def __init__(self, entries: list[dict[str, Any]], imports: dict[str, dict[str, Any]]) -> None:
        text = json.dumps(entries)
        self.without_soft_delete = '"Purgeable"' in text
        days = re.search(r'"recoverableDays": ([1-9]\d*)', text)
        customized = '"CustomizedRecoverable' in text
        self._emulator = Emulator.for_tests(settle_seconds=SETTLE, certificate_seconds=SETTLE)
        self._emulator.recording = False
        self._emulator.add_vault("kv-replay", retention_days=int(days[1]) if days else (7 if customized else 90))
        self._emulator.set_permissions("kv-replay", ADMIN.object_id, EVERYTHING)
        self._caller = Direct(self._emulator, "kv-replay")
        self._names: dict[str, str] = {}
        self._bodies = Bodies(entries, imports)
        self._made: set[str] = set()

    def unplayable(self, entry: dict[str, Any]) -> str | None:
        """Why an exchange cannot be played in this recording, None if it can. Notes what gets made."""
        parts = entry["RequestUri"].partition("?")[0].split("/")[3:]
        good = entry["StatusCode"] < 300
        if not good and entry["StatusCode"] != 403:
            return None
        bodiless = not isinstance(entry["RequestBody"], dict)
        making = entry["RequestMethod"] == "PUT" or parts[-1] in ("create", "import", "restore")
        if bodiless and entry["RequestMethod"] != "GET" and not self._bodies.can_guess(entry):
            return "request body was not recorded"
        named = len(parts) > 1 and parts[1] not in ("contacts", "issuers", "restore") and parts[-1] != "versions"
        if named and not making and parts[1].lower() not in self._made:
            if not make_before(self._caller, entry):
                return "works on something from before the recording"
            self._made.add(parts[1].lower())
            self._wait(SETTLE + 1)
        if making and len(parts) > 1:
            answer = entry["ResponseBody"] or {}
            identity = str(answer.get("id") or answer.get("key", {}).get("kid") or "/////")
            self._made |= {parts[1].lower(), parts[-1].lower(), identity.split("/")[4].lower()}
        return None

    def delete_for_good(self, entry: dict[str, Any]) -> None:
        """Delete and purge, with no time between."""
        path = entry["RequestUri"].partition("?")[0].rstrip("/").split("/", 3)[3]
        for gone in (path, f"deleted{path}"):
            self._caller.ask("DELETE", f"{self._caller.base}/{gone}?api-version=7.3")
            self._wait(SETTLE + 1)

    def exchange(self, entry: dict[str, Any]) -> str | None:
        """What differs, None if nothing does."""
        self._emulator.clock.advance(1)
        before = dict(self._names)
        difference = self._compare(entry, self._send(entry))
        changes = entry["RequestMethod"] != "GET" and entry["StatusCode"] < 400
        if difference is None or OLD_WORDS.match(difference) or (changes and "status" not in difference):
            return difference
        wait = self._unsettled(entry)
        if not wait:
            return difference
        self._names = before
        self._wait(wait)
        return self._compare(entry, self._send(entry))

    def _wait(self, seconds: float) -> None:
        self._emulator.clock.advance(seconds)
        self._caller.sign_in()

    def _unsettled(self, entry: dict[str, Any]) -> float:
        """How many seconds until what an exchange is about has settled; for lists and restores, until all has."""
        parts = entry["RequestUri"].partition("?")[0].split("/")[3:]
        name = parts[1].lower() if len(parts) > 1 and parts[1] != "restore" else "%"
        now = self._emulator.clock()
        with self._emulator.store.reading() as db:
            moment = db.execute(
                """SELECT max(moment) AS latest FROM (
                    SELECT settles AS moment FROM object WHERE folded LIKE ?
                    UNION ALL SELECT completes FROM pending WHERE folded LIKE ?)""",
                (name, name),
            ).fetchone()["latest"]
        return max(moment - now + 0.1, 0) if moment is not None else 0

    def _send(self, entry: dict[str, Any]) -> Answer:
        uri = self._here(HOST.sub(self._caller.base, entry["RequestUri"]))
        uri = re.sub(r"https://[^/]+(?=/rng)", self._caller.base, uri)
        # A link's token names a place in the recorded vault: here each list is read from its beginning.
        uri = re.sub(r"&?\$skiptoken=[^&]*", "", uri)
        signed = entry["StatusCode"] != 401
        body = self._body(entry) if signed else None
        accept = SIGNING_REQUEST if _signing_request(entry) else "application/json"
        return self._caller.ask(entry["RequestMethod"], uri, body, signed=signed, accept=accept)

    def _body(self, entry: dict[str, Any]) -> Any:
        body = entry["RequestBody"]
        path = entry["RequestUri"].partition("?")[0]
        if not isinstance(body, dict) and entry["RequestMethod"] in ("PUT", "POST", "PATCH"):
            body = self._bodies.guess(entry)
        if path.endswith("/pending/merge") and entry["StatusCode"] == 201:
            body = {**body, "x5c": [self._signed(path.split("/")[-3])]}
        if path.endswith(PLAIN) and isinstance(entry["RequestBody"], dict) and body["value"] not in self._names:
            body = {**body, "value": self._encrypted(entry, path)}
        return json.loads(self._here(json.dumps(body))) if body is not None else None

    def _encrypted(self, entry: dict[str, Any], path: str) -> str:
        """A ciphertext that a client made with the recorded key's public half, made again with the key that is here."""
        way = self._here("/".join(path.split("/")[3:-1]))
        does = "encrypt" if path.endswith("decrypt") else "wrapkey"
        body = {"alg": entry["RequestBody"]["alg"], "value": entry["ResponseBody"]["value"]}
        return str(self._caller.ask("POST", f"{self._caller.base}/{way}/{does}?api-version=7.3", body).json()["value"])

    def _signed(self, name: str) -> str:
        """A certificate for the key that waits in the emulator, in base64 of base64 as recorded."""
        pending = f"{self._caller.base}/certificates/{name}/pending?api-version=7.3"
        csr = self._caller.ask("GET", pending).json()["csr"]
        request = x509.load_der_x509_csr(base64.b64decode(csr))
        key = keymaterial.pooled_key("RSA", 2048, "replay authority")
        leaf = (
            x509.CertificateBuilder(request.subject, request.subject, request.public_key(), 1)
            .not_valid_before(x509tools.add_months(int(self._emulator.clock()), 0))
            .not_valid_after(x509tools.add_months(int(self._emulator.clock()), 12))
            .sign(key, hashes.SHA256())
        )
        return double_base64(x509tools.der(leaf))

    def _here(self, text: str) -> str:
        """A recorded text with what the emulator calls the things in it."""
        for recorded, ours in self._names.items():
            text = text.replace(recorded, ours)
        return text

    def _compare(self, entry: dict[str, Any], answer: Answer) -> str | None:
        if answer.status_code != entry["StatusCode"]:
            return f"status {answer.status_code} instead of {entry['StatusCode']}: {answer.text[:160]}"
        recorded = entry["ResponseBody"]
        if _signing_request(entry):
            return _differ_in_request(answer)
        if not isinstance(recorded, dict):
            return None if not recorded and (not answer.content or entry["StatusCode"] == 401) else "another body"
        text = HOST.sub(self._caller.base, json.dumps(recorded))
        if self.without_soft_delete:
            text = text.replace('"Purgeable"', '"Recoverable+Purgeable"').replace('Days": 0', 'Days": 90')
        recorded, ours = json.loads(text), answer.json()
        if len(str(ours.get("value"))) > LONG:
            self._bodies.pfx = str(ours["value"])
        action = entry["RequestUri"].partition("?")[0].rpartition("/")[2]
        if isinstance(recorded.get("value"), list):
            return self._compare_list(recorded, ours)
        if action in RESULTS:
            return self._compare_result(recorded, ours, plain=action in PLAIN)
        return self._differ(recorded, ours, "")

    def _compare_list(self, recorded: dict[str, Any], ours: dict[str, Any]) -> str | None:
        """Lists of the recorded vault hold other people's objects too, and other pages.

        What this recording made must be in ours, and what is in both must be equal.
        """
        if set(recorded) != set(ours):
            return f"members {sorted(ours)} instead of {sorted(recorded)}"
        items = self._all_items(ours)
        if len(recorded["value"]) == len(items):
            by_age = [sorted(each, key=_age) for each in (recorded["value"], items)]
            for pair in zip(*by_age, strict=True):
                for there, local in zip(*(VERSION.findall(_identity(item)) for item in pair), strict=False):
                    self._names.setdefault(there, local)
        here = {_identity(item): item for item in items}
        for item in recorded["value"]:
            identity = _identity(item)
            same = here.get(self._here(identity))
            if same is None and self._must_be_here(identity):
                return f"value[] lacks {identity}"
            difference = self._differ(item, same, "value[]") if same else None
            if difference:
                return difference
        return None

    def _all_items(self, page: dict[str, Any]) -> list[dict[str, Any]]:
        items = list(page["value"])
        while page.get("nextLink"):
            page = self._caller.ask("GET", page["nextLink"]).json()
            items += page["value"]
        return items

    def _must_be_here(self, identity: str) -> bool:
        """Whether a recorded list item was made by this recording, in a version that has a counterpart."""
        parts = identity.split("/")
        name = parts[5 if "/issuers/" in identity else 4].lower() if len(parts) > 4 else ""
        return name in self._made and all(each in self._names for each in VERSION.findall(identity))

    def _compare_result(self, recorded: dict[str, Any], ours: dict[str, Any], *, plain: bool) -> str | None:
        """Ciphertexts, signatures and blobs differ each time; what was encrypted must come back as it was."""
        if set(recorded) != set(ours):
            return f"members {sorted(ours)} instead of {sorted(recorded)}"
        if not plain:
            self._names[recorded["value"]] = self._bodies.blob = self._bodies.result = ours["value"]
        rest = {name: value for name, value in recorded.items() if plain or name != "value"}
        return self._differ(rest, {name: ours[name] for name in rest}, "result")

    def _differ(self, recorded: Any, ours: Any, where: str) -> str | None:
        if isinstance(recorded, dict) and isinstance(ours, dict):
            if set(recorded) != set(ours):
                extra, missing = sorted(set(ours) - set(recorded)), sorted(set(recorded) - set(ours))
                return f"{where or 'answer'} has {extra} too many and lacks {missing}"
            for name in recorded:
                if name in VOLATILE:
                    if type(recorded[name]) is not type(ours[name]):
                        return f"{where}.{name} is another type"
                    continue
                difference = self._differ(recorded[name], ours[name], f"{where}.{name}")
                if difference:
                    return difference
            return None
        if isinstance(recorded, list) and isinstance(ours, list):
            if len(recorded) != len(ours):
                return f"{where} has {len(ours)} items instead of {len(recorded)}"
            differences = (self._differ(*pair, f"{where}[]") for pair in zip(recorded, ours, strict=True))
            return next((each for each in differences if each), None)
        return self._differ_plain(recorded, ours, where)

    def _differ_plain(self, recorded: Any, ours: Any, where: str) -> str | None:
        if isinstance(recorded, str) and isinstance(ours, str):
            there, here = VERSION.findall(recorded), VERSION.findall(ours)
            if len(there) == len(here):
                for recorded_version, our_version in zip(there, here, strict=True):
                    self._names.setdefault(recorded_version, our_version)
                recorded = self._here(recorded)
        if where.endswith((".nbf", ".exp")) and type(recorded) is type(ours):
            return None
        if where == ".value" and isinstance(recorded, str) and len(recorded) > LONG:
            return None  # a PFX
        if where == ".release_policy.data" and PUT_IN_BY_THE_RECORDER in jwt.decode(str(recorded)):
            recorded, ours = (json.loads(jwt.decode(str(each))) for each in (recorded, ours))
        return None if recorded == ours else f"{where} is {str(ours)[:150]!r} instead of {str(recorded)[:150]!r}"


def _differ_in_request(answer: Answer) -> str | None:
    """What is wrong with a signing request; those of two keys are never the same."""
    if answer.media_type != SIGNING_REQUEST:
        return f"{answer.media_type} instead of {SIGNING_REQUEST}"
    x509.load_der_x509_csr(base64.b64decode(answer.content, validate=True))
    return None


def _age(item: dict[str, Any]) -> int:
    return int(item.get("attributes", {}).get("created", 0))


def _identity(item: dict[str, Any]) -> str:
    return str(item.get("kid") or item.get("id") or item.get("email"))

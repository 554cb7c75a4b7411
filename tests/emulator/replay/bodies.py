"""Request bodies that recorders for C++ and Java did not keep, put together from what the answers show of them."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from vaults.emulator.state import keymaterial
from vaults.emulator.state.keymaterial import encode_number
from vaults.emulator.wire import jwt

UNDOES = {"encrypt": "decrypt", "wrapkey": "unwrapkey"}
DIGEST = jwt.encode(bytes(32))
WRONG = {
    "value": "x",
    "kty": "EC",
    "policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=x"}},
}


def known_imports(recordings: list[list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Certificates whose import was recorded with its body, by thumbprint: tests for several languages share them."""
    return {
        entry["ResponseBody"]["x5t"]: entry["RequestBody"]
        for entries in recordings
        for entry in entries
        if entry["RequestUri"].partition("?")[0].endswith("/import")
        and isinstance(entry["RequestBody"], dict)
        and isinstance(entry["ResponseBody"], dict)
        and "x5t" in entry["ResponseBody"]
    }


class Bodies:
    """The bodies of one recording. `result` is the last ciphertext or signature, `blob` the last backup, made here."""

    def __init__(self, entries: list[dict[str, Any]], imports: dict[str, dict[str, Any]]) -> None:
        self._entries = entries
        self._imports = imports
        self.result = ""
        self.blob = ""
        self.pfx = ""

    def can_guess(self, entry: dict[str, Any]) -> bool:
        action = _action(entry)
        if action == "import":
            return bool(self.pfx) or (entry["ResponseBody"] or {}).get("x5t") in self._imports
        return action not in ("merge", "release")

    def guess(self, entry: dict[str, Any]) -> Any:
        """A body that leads to the recorded answer."""
        answer, action = entry["ResponseBody"], _action(entry)
        if not isinstance(answer, dict) or "error" in answer:
            return WRONG
        if action == "restore":
            return {"value": self.blob}
        if action in ("encrypt", "wrapkey", "decrypt", "unwrapkey", "sign", "verify"):
            return self._work(entry, action)
        if action == "import":
            own = {"value": self.pfx, "policy": {"lifetime_actions": answer["policy"]["lifetime_actions"]}}
            given = self._imports.get(answer["x5t"]) or own
            return given | ({"tags": answer["tags"]} if "tags" in answer else {})
        if action == "create" and "policy" not in answer and "csr" in answer:
            return self._later_certificate(answer["id"].split("/")[4])
        if action == "policy":
            return {name: value for name, value in answer.items() if name not in ("id", "attributes")}
        return _from_answer(entry, answer)

    def _work(self, entry: dict[str, Any], action: str) -> dict[str, str]:
        """Work with a key: what one call makes the next one gets."""
        if action == "sign":
            return {"alg": "RS256", "value": DIGEST}
        if action == "verify":
            return {"alg": "RS256", "digest": DIGEST, "value": self.result}
        if action in UNDOES.values():
            return {"alg": "RSA1_5", "value": self.result}
        later = self._entries[self._entries.index(entry) :]
        plain = next(each["ResponseBody"]["value"] for each in later if _action(each) == UNDOES[action])
        return {"alg": "RSA1_5", "value": plain}

    def _later_certificate(self, name: str) -> Any:
        for entry in self._entries:
            answer = entry["ResponseBody"]
            policy = answer.get("policy") if isinstance(answer, dict) else None
            if isinstance(policy, dict) and f"/certificates/{name}/policy" in str(policy.get("id")):
                return {member: answer[member] for member in ("policy", "tags") if member in answer}
        return {"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=unknown"}}}


def _from_answer(entry: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    if "lifetimeActions" in answer:
        return {name: answer[name] for name in ("lifetimeActions", "attributes")}
    members = ("value", "contentType", "tags", "contacts", "provider", "credentials", "org_details")
    body: dict[str, Any] = {name: answer[name] for name in members if name in answer}
    attributes = {k: v for k, v in (answer.get("attributes") or {}).items() if k in ("enabled", "nbf", "exp")}
    if "key" in answer:
        key = {name: answer["key"][name] for name in ("kty", "key_ops", "crv") if name in answer["key"]}
        body |= {"key": key | _private_half()} if entry["RequestMethod"] == "PUT" else key
    if "/certificates/" in entry["RequestUri"] and "policy" in answer:
        attributes = {"enabled": attributes["enabled"]}
    return body | {"attributes": attributes}


def _private_half() -> dict[str, str]:
    key = keymaterial.pooled_key("RSA", 2048, "replay import")
    assert isinstance(key, RSAPrivateKey)
    numbers = key.private_numbers()
    public = numbers.public_numbers
    parts = {"n": public.n, "e": public.e, "d": numbers.d, "p": numbers.p, "q": numbers.q}
    return {name: encode_number(part) for name, part in parts.items()}


def _action(entry: dict[str, Any]) -> str:
    return str(entry["RequestUri"].partition("?")[0].rpartition("/")[2])


def double_base64(der: bytes) -> str:
    """How recordings send a certificate to merge: in base64 of base64."""
    return base64.b64encode(base64.b64encode(der)).decode()

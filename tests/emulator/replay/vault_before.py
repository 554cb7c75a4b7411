"""What a recorded vault held already when its recording began, made here from what the recorded answers say of it."""

from typing import Any

from tests.emulator.caller import SELF_SIGNED
from tests.emulator.direct import Direct

SET = ("contentType", "tags", "attributes")


def make_before(caller: Direct, entry: dict[str, Any]) -> bool:
    """Make the object that an exchange finds, and say whether that could be done; a certificate still has to settle."""
    collection, name, *rest = entry["RequestUri"].partition("?")[0].rstrip("/").split("/")[3:]
    answer = entry["ResponseBody"] if isinstance(entry["ResponseBody"], dict) else {}
    here = f"{caller.base}/{collection}/{name}"

    def tell(method: str, path: str, body: dict[str, Any]) -> bool:
        return caller.ask(method, f"{path}?api-version=7.4", body).status_code < 300

    if "ManagedByKeyVault" in str(answer):
        return tell("POST", f"{caller.base}/certificates/{name}/create", SELF_SIGNED)
    if rest == ["rotationpolicy"]:
        made = tell("POST", f"{here}/create", {"kty": "RSA"})
        wanted = {each: answer[each] for each in ("lifetimeActions", "attributes")}
        return made and (wanted["attributes"] is None or tell("PUT", f"{here}/rotationpolicy", wanted))
    settings = {member: answer[member] for member in SET if member in answer}
    if collection == "keys" and "key" in answer:
        return tell("POST", f"{here}/create", settings | {each: answer["key"][each] for each in ("kty", "key_ops")})
    return collection == "secrets" and "id" in answer and tell("PUT", here, settings | {"value": "x"})

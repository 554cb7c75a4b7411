"""Verbs about a running server: faults, latency, time, reset."""

from datetime import UTC, datetime, timedelta
from typing import Any

from vaults.emulator.control.context import Context, Values, Verb
from vaults.emulator.control.fields import Field, duration, number, pattern
from vaults.emulator.emulator import Emulator
from vaults.emulator.entra import refused_signin
from vaults.emulator.faults import trouble
from vaults.emulator.faults.faults import FOREVER, Fault
from vaults.emulator.samples.seed import refill
from vaults.emulator.state import registry
from vaults.emulator.state.registry import Vault

ISSUER = "issuer"
METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")
LONGEST_DELAY = 600_000  # milliseconds


def latency(context: Context, values: Values) -> str:
    context.emulator.latency_seconds, context.emulator.jitter = values["ms"] / 1000, values["jitter"] / 1000
    return f"Vaults answer {values['ms']:g} ms later" + (
        f", and up to {values['jitter']:g} ms more." if values["jitter"] else "."
    )


def throttle(context: Context, values: Values) -> str:
    where = _where(context.emulator, values)
    context.emulator.throttle(values["times"] or FOREVER, retry_after=values["retry-after"], **where)
    return _started("throttled", values)


def fail(context: Context, values: Values) -> str:
    where = _where(context.emulator, values)
    context.emulator.fail(values["times"] or FOREVER, values["status"], retry_after=values["retry-after"], **where)
    return _started(f"answer {values['status']}", values)


def outage(context: Context, values: Values) -> str:
    """Close every connection from now on, until faults are lifted."""
    where = _where(context.emulator, values)
    context.emulator.lose_request(FOREVER, what="outage", **where)
    return f"Connections to {values['at'] or 'all vaults'} break until you lift it."


def fault(context: Context, values: Values) -> str:
    kind = trouble.find_kind(values["kind"])
    assert kind is not None  # noqa: S101 - the field's choices see to it
    kind.begin(context.emulator, values["times"] or FOREVER, **_where(context.emulator, values))
    return _started(f"{kind.name} ({kind.help})", values)


def refuse_sign_in(context: Context, values: Values) -> str:
    times, retry_after = values["times"] or FOREVER, values["retry-after"]
    context.emulator.refuse_sign_in(values["number"], times, text=values["text"] or "", retry_after=retry_after)
    often = f"{values['times']} x" if values["times"] else "until you lift it"
    return f"Sign-ins are refused with AADSTS{values['number']}: {often}."


def lift(context: Context, _values: Values) -> str:
    context.emulator.lift()
    return "No trouble any more, and no latency."


def faults(context: Context, _values: Values) -> str:
    """List faults, delays, limits and the time."""
    emulator = context.emulator
    lines = [
        f"{each.what}, {'until lifted' if each.left > FOREVER // 2 else f'{each.left} x'}"
        + "".join(f", {name} {value}" for name, value in _selectors(emulator, each) if value)
        for each in emulator.faults()
    ]
    if emulator.latency_seconds or emulator.jitter:
        lines.append(f"latency {emulator.latency_seconds * 1000:g} ms, jitter {emulator.jitter * 1000:g} ms")
    lines.append(f"certificates take {emulator.service.certificate_seconds:g} s")
    lines.append(f"deletions settle in {emulator.service.settle_seconds:g} s")
    lines.append("limits are " + ("on" if emulator.service.has_limits else "off"))
    ahead = timedelta(seconds=round(emulator.clock.ahead))
    lines.append(f"the clock says {_iso(emulator.clock())}" + (f", {ahead} ahead" if ahead else ""))
    return "\n".join(lines)


def requests(context: Context, _values: Values) -> str:
    """List the recent requests, the newest last, without anything secret."""
    return "\n".join(
        f"{_iso(each.moment)}  {each.status or '-':>3}  {each.method:6} {each.host}{each.path}"
        for each in tuple(context.emulator.recent)
    )


def certificate_seconds(context: Context, values: Values) -> str:
    context.emulator.service.certificate_seconds = values["seconds"]
    return f"Certificates take {values['seconds']:g} s from now on."


def settle_seconds(context: Context, values: Values) -> str:
    context.emulator.service.settle_seconds = values["seconds"]
    return f"Deletions, recoveries and purges settle in {values['seconds']:g} s from now on."


def limits(context: Context, values: Values) -> str:
    context.emulator.service.has_limits = values["state"] == "on"
    return f"The limits of the service are {values['state']}."


def clock(context: Context, values: Values) -> str:
    if values["by"] == "now":
        context.emulator.move_clock(None)
    else:
        context.emulator.move_clock(values["by"])
    return f"The clock says {_iso(context.emulator.clock())}."


def reset(context: Context, _values: Values) -> str:
    """Reset everything but the tenant and the first service principals, which clients use."""
    emulator = context.emulator
    emulator.lift()
    emulator.move_clock(None)
    context.home.write_credentials(refill(emulator, context.home.credentials()))
    context.home.assign_ports(emulator)
    context.home.write_clouds(emulator)
    emulator.vaults_changed()
    return "The vaults are as on the first start."


def _started(what: str, values: Values) -> str:
    times = f"{values['times']} x" if values["times"] else "until you lift it"
    return f"{what}: {times}, at {values['at'] or 'all vaults'}."


def _where(emulator: Emulator, values: Values) -> dict[str, Any]:
    """The selectors of a fault. Raises UnknownNameError for a vault that is not there."""
    host = None
    if values["at"] == ISSUER:
        host = emulator.addresses.issuer_host
    elif values["at"]:
        host = _host(emulator, emulator.vault(values["at"]))
    return {"method": values["method"], "path": values["path"], "host": host}


def _host(emulator: Emulator, vault: Vault) -> str:
    """The part of the host of a vault that no other vault has, without the name of the machine."""
    return emulator.addresses.vault_host(vault).removeprefix("localhost")


def _selectors(emulator: Emulator, each: Fault) -> tuple[tuple[str, str | None], ...]:
    """The selectors of a fault, by the names of the fields."""
    with emulator.store.reading() as db:
        names = {_host(emulator, vault): vault.name for vault in registry.all_vaults(db)}
    names[emulator.addresses.issuer_host] = ISSUER
    return ("method", each.method), ("path", each.path), ("at", names.get(each.host or "", each.host))


def _iso(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%SZ}"


def _time_or_now(text: str) -> float | str:
    return "now" if text == "now" else duration(text.removeprefix("+"))


def _seconds(text: str) -> str:
    return str(number(0, 86400)(text))


TIMES = Field("times", "how often (default 1); 0: until you lift it", number(0, FOREVER // 2), default=1)
WHERE = (
    Field("at", f"name of a vault, or {ISSUER} for tokens and Resource Manager (default: all vaults)"),
    Field("method", "only requests with this method", choices=METHODS),
    Field("path", "only paths in which this regular expression is found", pattern),
)
RETRY_AFTER = Field("retry-after", "seconds to put into a Retry-After header", _seconds)
LIVE_VERBS = (
    Verb(
        "latency",
        "let all vaults answer later; 0 ends it",
        latency,
        (
            Field("ms", "milliseconds", number(0, LONGEST_DELAY, float), required=True),
            Field("jitter", "up to so many milliseconds more, at random", number(0, LONGEST_DELAY, float), default=0),
        ),
        live=True,
    ),
    Verb("throttle", "answer 429", throttle, (TIMES, RETRY_AFTER, *WHERE), live=True),
    Verb(
        "fail",
        "answer with an error, without having done anything",
        fail,
        (Field("status", "HTTP status", number(400, 599), default=503), TIMES, RETRY_AFTER, *WHERE),
        live=True,
    ),
    Verb("outage", "let connections break until you lift it", outage, WHERE, live=True),
    Verb(
        "fault",
        "do what a sick or hostile service does: " + ", ".join(kind.name for kind in trouble.KINDS),
        fault,
        (
            Field("kind", "what to do", required=True, choices=tuple(kind.name for kind in trouble.KINDS)),
            TIMES,
            *WHERE,
        ),
        live=True,
    ),
    Verb(
        "refuse-sign-in",
        "refuse token requests as Entra does: " + ", ".join(map(str, refused_signin.REFUSALS)),
        refuse_sign_in,
        (
            Field("number", "AADSTS number, one of these or another", number(1000, 9_999_999), required=True),
            Field("text", "other words than its usual ones; {client}, {tenant} and {sent} are filled in"),
            TIMES,
            RETRY_AFTER,
        ),
        live=True,
    ),
    Verb("lift", "end all trouble and latency", lift, live=True),
    Verb("faults", "show trouble, delays and the clock", faults, live=True),
    Verb("requests", "show the requests of late", requests, live=True),
    Verb(
        "certificate-seconds",
        "how long a certificate takes",
        certificate_seconds,
        (Field("seconds", "seconds", number(0, 86400, float), required=True),),
        live=True,
    ),
    Verb(
        "settle-seconds",
        "how long deletions, recoveries and purges take",
        settle_seconds,
        (Field("seconds", "seconds", number(0, 86400, float), required=True),),
        live=True,
    ),
    Verb(
        "limits",
        "answer 429 to anyone who asks more in 10 s than Azure allows, or never",
        limits,
        (Field("state", "on or off", required=True, choices=("on", "off")),),
        live=True,
    ),
    Verb(
        "clock",
        "push the time forward",
        clock,
        (Field("by", "by how much, as in 90s, 12h or 30d; now: back to the real time", _time_or_now, required=True),),
        live=True,
    ),
)
RESET = Verb("reset", "make all vaults as they were on the first start", reset, live=True)

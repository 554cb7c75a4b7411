"""Verbs about a running server: trouble, distance, time, reset."""

from datetime import UTC, datetime, timedelta
from typing import Any

from vaults.emulator.control.fields import Field, duration, number, pattern
from vaults.emulator.control.verb import Desk, Verb
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


def latency(desk: Desk, given: Any) -> str:
    desk.emulator.distance, desk.emulator.jitter = given.ms / 1000, given.jitter / 1000
    return f"Vaults answer {given.ms:g} ms later" + (f", and up to {given.jitter:g} ms more." if given.jitter else ".")


def throttle(desk: Desk, given: Any) -> str:
    where = _where(desk.emulator, given)
    desk.emulator.throttle(given.times or FOREVER, retry_after=given.retry_after, **where)
    return _begun("throttled", given)


def fail(desk: Desk, given: Any) -> str:
    where = _where(desk.emulator, given)
    desk.emulator.fail(given.times or FOREVER, given.status, retry_after=given.retry_after, **where)
    return _begun(f"answer {given.status}", given)


def outage(desk: Desk, given: Any) -> str:
    """From now on every connection breaks, until trouble is lifted."""
    where = _where(desk.emulator, given)
    desk.emulator.lose_request(FOREVER, what="outage", **where)
    return f"Connections to {given.at or 'all vaults'} break until you lift it."


def fault(desk: Desk, given: Any) -> str:
    kind = trouble.find_kind(given.kind)
    assert kind is not None  # noqa: S101 - the field's choices see to it
    kind.begin(desk.emulator, given.times or FOREVER, **_where(desk.emulator, given))
    return _begun(f"{kind.name} ({kind.help})", given)


def refuse_sign_in(desk: Desk, given: Any) -> str:
    times, retry_after = given.times or FOREVER, given.retry_after
    desk.emulator.refuse_sign_in(given.number, times, text=given.text or "", retry_after=retry_after)
    return (
        f"Sign-ins are refused with AADSTS{given.number}: {f'{given.times} x' if given.times else 'until you lift it'}."
    )


def lift(desk: Desk, _given: Any) -> str:
    desk.emulator.lift()
    return "No trouble any more, and no latency."


def faults(desk: Desk, _given: Any) -> str:
    """What trouble there is, and how late answers are."""
    emulator = desk.emulator
    lines = [
        f"{each.what}, {'until lifted' if each.left > FOREVER // 2 else f'{each.left} x'}"
        + "".join(f", {name} {value}" for name, value in _told(emulator, each) if value)
        for each in emulator.faults()
    ]
    if emulator.distance or emulator.jitter:
        lines.append(f"latency {emulator.distance * 1000:g} ms, jitter {emulator.jitter * 1000:g} ms")
    lines.append(f"certificates take {emulator.service.certificate_seconds:g} s")
    lines.append(f"deletions settle in {emulator.service.settle_seconds:g} s")
    lines.append("limits are " + ("on" if emulator.service.has_limits else "off"))
    ahead = timedelta(seconds=round(emulator.clock.ahead))
    lines.append(f"the clock says {_iso(emulator.clock())}" + (f", {ahead} ahead" if ahead else ""))
    return "\n".join(lines)


def requests(desk: Desk, _given: Any) -> str:
    """The requests of late, the newest last; nothing of them is secret."""
    return "\n".join(
        f"{_iso(each.moment)}  {each.status or '-':>3}  {each.method:6} {each.host}{each.path}"
        for each in tuple(desk.emulator.lately)
    )


def certificate_seconds(desk: Desk, given: Any) -> str:
    desk.emulator.service.certificate_seconds = given.seconds
    return f"Certificates take {given.seconds:g} s from now on."


def settle_seconds(desk: Desk, given: Any) -> str:
    desk.emulator.service.settle_seconds = given.seconds
    return f"Deletions, recoveries and purges settle in {given.seconds:g} s from now on."


def limits(desk: Desk, given: Any) -> str:
    desk.emulator.service.has_limits = given.state == "on"
    return f"The limits of the service are {given.state}."


def clock(desk: Desk, given: Any) -> str:
    if given.by == "now":
        desk.emulator.move_clock(None)
    else:
        desk.emulator.move_clock(given.by)
    return f"The clock says {_iso(desk.emulator.clock())}."


def reset(desk: Desk, _given: Any) -> str:
    """Everything as on the first start, but for the tenant and the first service principals: others know them."""
    emulator = desk.emulator
    emulator.lift()
    emulator.move_clock(None)
    desk.home.write_credentials(refill(emulator, desk.home.credentials()))
    desk.home.assign_ports(emulator)
    desk.home.write_clouds(emulator)
    emulator.vaults_changed()
    return "The vaults are as on the first start."


def _begun(what: str, given: Any) -> str:
    times = f"{given.times} x" if given.times else "until you lift it"
    return f"{what}: {times}, at {given.at or 'all vaults'}."


def _where(emulator: Emulator, given: Any) -> dict[str, Any]:
    """The selectors of a fault. Raises LookupError for a vault that is not there."""
    host = None
    if given.at == ISSUER:
        host = emulator.addresses.issuer_host
    elif given.at:
        host = _host(emulator, emulator.vault(given.at))
    return {"method": given.method, "path": given.path, "host": host}


def _host(emulator: Emulator, vault: Vault) -> str:
    """What the addresses of a vault have that no other has, whatever name of this machine they begin with."""
    return emulator.addresses.vault_host(vault).removeprefix("localhost")


def _told(emulator: Emulator, each: Fault) -> tuple[tuple[str, str | None], ...]:
    """Where a fault applies, in the words of the fields."""
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
        "answer 429 to whoever asks more in 10 s than Azure allows, or never",
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

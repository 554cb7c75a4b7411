"""Wrong passwords: how many are looked at, by account and by where they come from.

Nothing that a client writes decides which counter a guess belongs to: the account is what it tries to get into, and the source
is the address that the server (or the trusted proxy) saw, a signed cookie of ours, or a running session.

A guess is committed before the password is looked at, and only then counted, so that guesses at the same moment see each
other, in whatever process.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from vaults.models import Guess


@dataclass(frozen=True, slots=True)
class Limit:
    amount: int
    within: timedelta


#: At one account from one source.
SOURCE = Limit(5, timedelta(minutes=5))
#: From one address, at whatever accounts.
ADDRESS = Limit(10, timedelta(minutes=1))
#: The same from the network that may be one subscriber's in IPv6, or that of many: what lies between two limits of an address.
SOURCES_NETWORK = Limit(25, timedelta(hours=1))
NETWORK = Limit(50, timedelta(minutes=1))
#: At one account from everywhere; reaching it is an alarm. Known browsers and running sessions still get in.
ACCOUNT = Limit(100, timedelta(hours=1))

NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a password comes from. What is `known` has its own limit, and nobody else's guesses can use that up.

    `network` is "" where an address has none that could be one subscriber's.
    """

    kind: str
    name: str
    known: bool = True
    network: str = ""


def address_source(address: str) -> Source:
    """An IPv4 address, in whichever spelling; in IPv6 the /64 of one home or host, within the /48 that a subscriber may have."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return Source("address", address, known=False)
    if isinstance(parsed, IPv6Address):
        version_4 = parsed.ipv4_mapped or parsed.sixtofour or _translated(parsed)
        if version_4 is None:
            home, network = (ip_network(f"{parsed}/{size}", strict=False) for size in (64, 48))
            return Source("address", str(home.network_address), known=False, network=str(network))
        parsed = version_4
    return Source("address", str(parsed), known=False)


def _translated(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a translator (RFC 6052) has put into one of its own."""
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in NAT64 else None


class TooManyGuesses(Exception):
    """No password is looked at now, nor before `wait` is over."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(f"wait {wait}")


def begin(email: str, source: Source) -> Guess:
    """Count a password that is about to be looked at. Raises TooManyGuesses."""
    now = timezone.now()
    Guess.objects.filter(at__lt=now - ACCOUNT.within).delete()
    guess = Guess.objects.create(
        account=_digest("account", email.strip().lower()),
        source=_digest(source.kind, source.name),
        network=_digest("network", source.network) if source.network else "",
        at=now,
    )
    limits = [(_from_source(guess), SOURCE)]
    if source.network:
        there = Guess.objects.filter(network=guess.network)
        limits += [(there.filter(account=guess.account), SOURCES_NETWORK), (there, NETWORK)]
    if not source.known:
        limits += [(Guess.objects.filter(source=guess.source), ADDRESS), (_at_account(guess), ACCOUNT)]
    wait = max(_wait(found, limit, now) for found, limit in limits)
    if wait:
        guess.delete()
        raise TooManyGuesses(wait)
    return guess


def _wait(found: QuerySet[Guess], limit: Limit, now: datetime) -> timedelta:
    """How long until enough of them are old enough for one more to be looked at; zero where the newest is within the limit."""
    times = list(found.filter(at__gt=now - limit.within).order_by("at").values_list("at", flat=True))
    over = len(times) - limit.amount
    return times[over - 1] + limit.within - now if over > 0 else timedelta(0)


def at_account(guess: Guess) -> int:
    """Which guess at the account this is within the longest time that is counted: of those at the same moment each another."""
    return _since(_at_account(guess).filter(pk__lte=guess.pk), guess.at - ACCOUNT.within)


def is_news(guess: Guess) -> bool:
    """Is it the first for some minutes, or the last that its source has? What lies between is only counted."""
    begun = guess.at - SOURCE.within
    first = not _at_account(guess).filter(at__gt=begun, pk__lt=guess.pk).exists()
    return first or _since(_from_source(guess), begun) >= SOURCE.amount


def _at_account(guess: Guess) -> QuerySet[Guess]:
    return Guess.objects.filter(account=guess.account)


def _from_source(guess: Guess) -> QuerySet[Guess]:
    return Guess.objects.filter(account=guess.account, source=guess.source)


def _since(found: QuerySet[Guess], begun: datetime) -> int:
    return found.filter(at__gt=begun).count()


def _digest(kind: str, text: str) -> str:
    return salted_hmac("vaults.guesses", f"{kind}\n{text}", algorithm="sha256").hexdigest()

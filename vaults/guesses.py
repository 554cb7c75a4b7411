"""Limits on wrong passwords, by account and by source.

A client can't choose its counter by what it writes: the account is the one it tries to sign in to, and the source is the
address seen by the server (or the trusted proxy), a signed cookie of the portal, or a running session.

A guess is committed before the password is checked, and counted only then. So
guesses at the same moment see each other, in all processes.
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


#: Guesses at one account from one source.
SOURCE = Limit(5, timedelta(minutes=5))
#: Guesses from one address, at all accounts.
ADDRESS = Limit(10, timedelta(minutes=1))
#: The same for a network that in IPv6 may belong to one subscriber or to
#: many: limits between those of one and of many addresses.
SOURCES_NETWORK = Limit(25, timedelta(hours=1))
NETWORK = Limit(50, timedelta(minutes=1))
#: Guesses at one account from all sources; reaching this is an alarm. Known browsers and running sessions can still sign in.
ACCOUNT = Limit(100, timedelta(hours=1))

NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a password. A `known` source has its own limit, which other sources can't use up.

    `network` is "" if the address has no network that could belong to one subscriber.
    """

    kind: str
    name: str
    known: bool = True
    network: str = ""


def address_source(address: str) -> Source:
    """The source for an address.

    IPv4: the address, in any spelling. IPv6: the /64 of one home or host;
    its network is the /48 that one subscriber may have.
    """
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
    """The IPv4 address inside a NAT64 address (RFC 6052)."""
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in NAT64 else None


class TooManyGuesses(Exception):
    """No password is checked until `wait` has passed."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(f"wait {wait}")


def begin(email: str, source: Source) -> Guess:
    """Count a password before it is checked. Raises TooManyGuesses."""
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
    """Time until one more guess is within the limit; zero if the newest one is."""
    times = list(found.filter(at__gt=now - limit.within).order_by("at").values_list("at", flat=True))
    over = len(times) - limit.amount
    return times[over - 1] + limit.within - now if over > 0 else timedelta(0)


def at_account(guess: Guess) -> int:
    """Number of this guess at the account within ACCOUNT's time; guesses at the same moment have different numbers."""
    return _since(_at_account(guess).filter(pk__lte=guess.pk), guess.at - ACCOUNT.within)


def is_news(guess: Guess) -> bool:
    """True for the account's first guess in some minutes, and for the last one that its source may make.

    The guesses between them are only counted.
    """
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

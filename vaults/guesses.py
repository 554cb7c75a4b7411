"""Wrong passwords: how many are looked at, by account and by where they come from.

Nothing that a client writes decides which counter a guess belongs to: the account is what it tries to get into, and the source
is the address that the server (or the trusted proxy) saw, a signed cookie of ours, or a running session.

A guess is committed before the password is looked at, and only then counted, so that guesses at the same moment see each
other, in whatever process.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

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
#: At one account from everywhere; reaching it is an alarm. Known browsers and running sessions still get in.
ACCOUNT = Limit(100, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a password comes from. What is `known` has its own limit, and nobody else's guesses can use that up."""

    kind: str
    name: str
    known: bool = True


def address_source(address: str) -> Source:
    """One address, or the largest network that one subscriber has in IPv6: somebody at home has 256 /64s or 65,536 of them."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return Source("address", address, known=False)
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed.sixtofour or ip_network(f"{parsed}/48", strict=False).network_address
    return Source("address", str(parsed), known=False)


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
        account=_digest("account", email.strip().lower()), source=_digest(source.kind, source.name), at=now
    )
    limits = [(_from_source(guess), SOURCE)]
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
    """Guesses at the account within the longest time that is counted, this one among them."""
    return _since(_at_account(guess), guess.at - ACCOUNT.within)


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

"""The overview's "Do first": a list of the most urgent tasks over all visible vaults, short for any number of vaults."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.urls import reverse
from django.utils import timezone

from vaults.inventory.counts import Summary, VaultRow
from vaults.models import Connection, InventoryItem
from vaults.problems.scans import words_of_scan
from vaults.problems.titles import title_of
from vaults.templatetags.kvportal import due_soon, relative

#: Number of causes, and of connections, with a line of their own; the rest share one.
APART = 3
#: Maximum number of vaults on the overview. If there are no more than this, vaults without problems are listed too.
LISTED = 8
TONES = ("bad", "soon", "wait", "unknown")


@dataclass(frozen=True, slots=True)
class Task:
    """One line of "Do first": the problem, its object, and the page on which to act."""

    tone: str
    icon: str
    title: str
    about: str
    url: str
    label: str


def tasks(summary: Summary, *, may_change_connections: bool) -> list[Task]:
    """Failures first, then items that are due, then waiting ones. Makes no database query."""
    found = [
        *_unread(summary.vaults),
        *_connections(summary.vaults, may_change_connections),
        *_expired(summary),
        *_within_a_week(summary),
        *_pending(summary),
        *_never_scanned(summary.vaults),
    ]
    return sorted(found, key=lambda task: TONES.index(task.tone))


def listed(rows: list[VaultRow]) -> tuple[list[VaultRow], int, int]:
    """The vaults for the overview, worst first; the number of further vaults with problems; the number left out without."""
    ranked = sorted(rows, key=lambda row: (not row.vault.scan_problem, -row.expired, -row.expiring, _is_well(row)))
    if len(rows) <= LISTED:
        return ranked, 0, 0
    trouble = [row for row in ranked if not _is_well(row)]
    shown = trouble[:LISTED]
    return shown, len(trouble) - len(shown), len(rows) - len(trouble)


def _is_well(row: VaultRow) -> bool:
    return not (row.vault.scan_problem or row.expired or row.expiring or row.vault.scanned_at is None)


def _unread(rows: list[VaultRow]) -> list[Task]:
    """Vaults that the last scan could not read completely, one task for each cause."""
    causes: dict[str, list[VaultRow]] = defaultdict(list)
    for row in rows:
        if row.vault.scan_problem:
            causes[words_of_scan(row.vault.scan_problem, row.vault.scan_problem_facts)].append(row)
    groups = sorted(causes.items(), key=lambda cause: -len(cause[1]))
    apart, rest = (groups, []) if len(groups) <= APART + 1 else (groups[:APART], groups[APART:])
    found = [_unread_for(cause, affected) for cause, affected in apart]
    others = [row for _, affected in rest for row in affected]
    return [*found, _unread_for("For other reasons", others)] if others else found


def _unread_for(cause: str, rows: list[VaultRow]) -> Task:
    if len(rows) > 1:
        title = f"{len(rows)} vaults were not read in full"
        codes = {row.vault.scan_problem for row in rows}
        only = f"&problem={quote(codes.pop())}" if len(codes) == 1 else ""
        url, label = f"{reverse('vault_list')}?state=unread{only}", "See them"
        return Task("bad", "shield-x", title, f"{cause} · {_some([row.vault.name for row in rows])}", url, label)
    vault = rows[0].vault
    read = f"last scan {relative(vault.scanned_at, timezone.now())}" if vault.scanned_at else "never scanned"
    url = reverse("vault_detail", args=[vault.slug])
    return Task("bad", "shield-x", f"{vault.name} was not read in full", f"{cause} · {read}", url, "Why")


def _connections(rows: list[VaultRow], may_change: bool) -> list[Task]:
    reach: dict[Connection, int] = defaultdict(int)
    for row in rows:
        for connection in row.vault.connections_in_order:
            reach[connection] += 1
    found = [task for connection, count in reach.items() if (task := _connection(connection, count, may_change))]
    if len(found) <= APART:
        return found
    tone = min((task.tone for task in found), key=TONES.index)
    title = f"{len(found)} connections need a look"
    about = "A credential has ended or ends soon, or the last test failed"
    return [Task(tone, "plug-connected", title, about, reverse("connection_list"), "See them")]


def _connection(connection: Connection, count: int, may_change: bool) -> Task | None:
    about = f"Connection to {count} vault{'s' if count > 1 else ''}"
    if end := due_soon(connection.credential_expires_on):
        page, label = ("connection_edit", "Renew") if may_change else ("connection_detail", "Open")
        tone, title = end.css.removeprefix("tone-"), f"{connection.name}: its credential {end.word}"
        return Task(tone, "plug-connected", title, about, reverse(page, args=[connection.pk]), label)
    if connection.test_passed is False:
        url, about = (
            reverse("connection_detail", args=[connection.pk]),
            f"{about} · {title_of(connection.test_result, connection.test_facts)}",
        )
        return Task("bad", "plug-connected", f"{connection.name}: its last test failed", about, url, "Open")
    return None


def _expired(summary: Summary) -> list[Task]:
    title = f"{summary.figures.expired_enabled:,} items have expired and are still enabled"
    return _items(
        "bad",
        "alert-triangle",
        summary.latest_expired,
        summary.figures.expired_enabled,
        title,
        "state=expired&enabled=on",
    )


def _within_a_week(summary: Summary) -> list[Task]:
    count = summary.figures.within_7_enabled
    title = f"{count:,} items expire within 7 days"
    return _items("soon", "clock", summary.next_to_expire[:count], count, title, "state=7&enabled=on")


def _pending(summary: Summary) -> list[Task]:
    title = f"{summary.figures.pending:,} certificate operations are under way"
    one = summary.oldest_pending[:1] if summary.figures.pending == 1 else []
    if not one:
        return _items("wait", "loader", summary.oldest_pending, summary.figures.pending, title, "state=pending")
    return [_item("wait", "loader", one[0], _waiting(one[0]), "certificate_operation")]


def _waiting(item: InventoryItem) -> str:
    """The title for a pending certificate. With an expiry date it has a version, so the next version is pending."""
    return f"{item.name}: its next version is not issued yet" if item.expires_on else f"{item.name} is not issued yet"


def _items(
    tone: str, icon: str, first: Sequence[InventoryItem], count: int, title_of_many: str, filters: str
) -> list[Task]:
    """One line: the item itself if it is the only one, else their number with a link to exactly these items."""
    if not count:
        return []
    if count > 1:
        names = _some([item.name for item in first], count)
        return [Task(tone, icon, title_of_many, names, f"{reverse('inventory')}?{filters}", "See them")]
    return [_item(tone, icon, first[0], _title(first[0]), first[0].of_kind.pages.detail)]


def _item(tone: str, icon: str, item: InventoryItem, title: str, page: str) -> Task:
    url = reverse(page, args=[item.vault.slug, item.name])
    return Task(tone, icon, title, f"{item.get_kind_display()} in {item.vault.name}", url, "Open")


def _title(item: InventoryItem) -> str:
    now = timezone.now()
    if item.expires_on is None or item.expires_on <= now:
        return f"{item.name} has expired and is still enabled"
    return f"{item.name} expires {relative(item.expires_on, now)}"


def _never_scanned(rows: list[VaultRow]) -> list[Task]:
    """Vaults without any scan. Vaults whose scans failed are reported by `_unread`."""
    names = [row.vault.name for row in rows if row.vault.scanned_at is None and not row.vault.scan_problem]
    if not names:
        return []
    title, about, label = f"{len(names)} vaults have not been scanned yet", _some(names), "See them"
    if len(names) == 1:
        title, about, label = f"{names[0]} has not been scanned yet", "What is in it is not known", "See it"
    return [Task("unknown", "help-circle", title, about, f"{reverse('vault_list')}?state=never", label)]


def _some(names: list[str], count: int = 0) -> str:
    """The first three names of `count` (default: of all given names): "a, b, c and 9 more"."""
    count = count or len(names)
    shown = names[:3]
    more = count - len(shown)
    return f"{', '.join(shown)} and {more:,} more" if more else ", ".join(shown)

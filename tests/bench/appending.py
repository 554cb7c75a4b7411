"""`python -m tests.bench.appending`: acts recorded each second, from four processes, in one team and over fifty.

It uses the database of KVPORTAL_DATABASE_URL, which must be empty or its own, or an SQLite file. With PostgreSQL the same
statements are timed with pgbench too, which has no Python in it: what the database itself can do here.
"""

import multiprocessing
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

PROCESSES = 4
SECONDS = 8.0

#: The statements of one entry, as `vaults.audit.appending` sends them; an act has two entries.
ENTRY = """
BEGIN;
SELECT seq AS before FROM vaults_auditchain WHERE chain = '{chain}' FOR UPDATE \\gset
INSERT INTO vaults_auditentry (schema, chain, seq, event, at, state, look, news, team_name, actor_label, source, action, because,
  connection_name, client_id, vault_cloud, vault_host, vault_name, vault_slug, kind, name, folded_name, version, detail, code,
  inner_code, azure_request_ids, previous_hash,
  hash)
  SELECT 2, chain, seq + 1, gen_random_uuid(), now(), 'started', false, true, 'bench', 'bench', 'person', 'secret.delete',
  'owner', '', '', '', '', '', '', 'secret', 'bench', 'bench', '', '{{}}', '', '', '[]', hash,
  md5(cast(seq AS text)) || md5(hash)
  FROM vaults_auditchain WHERE chain = '{chain}';
UPDATE vaults_auditchain SET seq = seq + 1, hash = md5(cast(seq AS text)) || md5(hash) WHERE chain = '{chain}';
SELECT * FROM vaults_auditentry WHERE chain = '{chain}' AND seq = :before + 1
  AND EXISTS (SELECT 1 FROM vaults_auditchain WHERE chain = '{chain}' AND seq = :before + 1);
COMMIT;
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kvportal-bench-") as folder:
        os.environ.setdefault("KVPORTAL_DATABASE_URL", f"sqlite:///{folder}/kvportal.sqlite3")
        os.environ["KVPORTAL_AUDIT_SINK"] = f"{folder}/checkpoints.jsonl"
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        set_up(migrate=True)
        for count in (1, 50):
            teams = [uuid.uuid4() for _ in range(count)]
            print_figures(count, teams, Path(folder))


def set_up(*, migrate: bool = False) -> None:
    import django

    django.setup()
    if migrate:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)


def print_figures(count: int, teams: list[uuid.UUID], folder: Path) -> None:
    from vaults.audit import verification

    acts = acts_per_second(teams)
    whole = all(verification.verify(team).broken is None for team in teams)
    rival = pgbench(teams, folder)
    beside = f"; pgbench with the same statements: {rival:.0f}" if rival else ""
    text = f"{count} teams, {PROCESSES} processes: {acts:.0f} acts a second{beside}; chains whole: {whole}"
    print(text, flush=True)


def acts_per_second(teams: list[uuid.UUID]) -> float:
    """An act is two commits."""
    shares = [teams[number::PROCESSES] or teams for number in range(PROCESSES)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES, initializer=set_up) as pool:
        pool.map(record, [(share, 0.2) for share in shares], chunksize=1)  # connections are open now
        return sum(pool.map(record, [(share, SECONDS) for share in shares], chunksize=1)) / SECONDS


def record(share: tuple[list[uuid.UUID], float]) -> int:
    """Record acts in these teams, in turns. Returns their number."""
    from vaults.audit.appending import append
    from vaults.models import AuditEntry

    teams, seconds = share
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        event, team = uuid.uuid4(), teams[done % len(teams)]
        for state in ("started", "succeeded"):
            append(
                AuditEntry(
                    event=event, state=state, team_id=team, action="secret.delete", kind="secret", name="bench",
                    source="person", because="role:owner", detail={"actor_email": "bench@example.com"},
                )
            )  # fmt: skip
        done += 1
    return done


def pgbench(teams: list[uuid.UUID], folder: Path) -> float | None:
    """Acts a second of the same statements from PostgreSQL's own tool; None without it."""
    url, found = os.environ["KVPORTAL_DATABASE_URL"], shutil.which("pgbench") or newest_pgbench()
    if not (url.startswith("postgres") and found):
        return None
    scripts = []
    for number, team in enumerate(teams):
        script = folder / f"{number}.sql"
        script.write_text(ENTRY.format(chain=team))
        scripts += ["-f", str(script)]
    command = [found, "-n", "-c", str(PROCESSES), "-j", "2", "-T", str(int(SECONDS)), "-M", "prepared", *scripts, url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    [line] = [line for line in told.splitlines() if line.startswith("tps")]
    return float(line.split("=")[1].split()[0]) / 2


def newest_pgbench() -> str | None:
    return next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), reverse=True)), None)


if __name__ == "__main__":
    main()

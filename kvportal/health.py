"""Health checks for monitoring. Neither URL calls a vault."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """The process is alive."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """The process can do its work: database, migrations, key ring. Otherwise 503 with the names of the failed checks.

    Warnings are for monitoring only, and do not change the status.
    """
    problems = [name for name, works in (("database", database_works), ("keys", keys_work)) if not works()]
    warnings = [] if problems else [name for name, check in settings.READY_WARNINGS.items() if not passes(check)]
    body = {"status": "unready" if problems else "ok", "problems": problems}
    return JsonResponse({**body, "warnings": warnings} if warnings else body, status=503 if problems else 200)


def database_works() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return False


def passes(check: str) -> bool:
    try:
        return bool(import_string(check)())
    except Error:
        return False


def keys_work() -> bool:
    try:
        for check in settings.STARTUP_CHECKS:
            import_string(check)()
    except (ImproperlyConfigured, Error):
        return False
    return True

"""The WSGI application. It exits with the reason if a start-up check fails."""

import gc
import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kvportal.settings")

application = get_wsgi_application()

try:
    for check in settings.STARTUP_CHECKS:
        import_string(check)()
except ImproperlyConfigured as reason:
    sys.exit(f"kvportal does not start: {reason}")

# Objects created at start-up are never freed, so the garbage collector need not scan them while pages are rendered.
gc.collect()
gc.freeze()

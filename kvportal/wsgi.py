"""The WSGI application. It refuses to start where a start-up check says why it can't serve."""

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

# What start-up made stays for good: the garbage collector need not walk through it again and again while pages are drawn.
gc.collect()
gc.freeze()

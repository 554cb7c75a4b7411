"""Settings of the tests: made-up keys, a quick password hasher, in-memory state.

KVPORTAL_TEST_DATABASE_URL names a PostgreSQL server to use instead of SQLite in memory (`tests/servers.py` starts one).
"""

import os
import tempfile

os.environ.update(
    KVPORTAL_SECRET_KEY="a-secret-key-for-tests-only-with-more-than-fifty-characters-Zq8",
    KVPORTAL_SEALING_KEYS="test:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    KVPORTAL_AUDIT_KEY="an-audit-key-for-tests-only-0123456789",
    KVPORTAL_DATA_DIR=tempfile.mkdtemp(prefix="kvportal-tests-"),
    KVPORTAL_ALLOWED_HOSTS="testserver,localhost",
)
if "KVPORTAL_TEST_DATABASE_URL" in os.environ:
    os.environ["KVPORTAL_DATABASE_URL"] = os.environ["KVPORTAL_TEST_DATABASE_URL"]

from kvportal.settings import *  # noqa: F403 the environment comes first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
WHITENOISE_AUTOREFRESH = True  # no collected files to look for

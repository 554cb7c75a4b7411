"""Settings: one module for every deployment, with safe defaults. README's table lists each variable."""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from kvportal.env import (
    SHORTEST_AUDIT_KEY,
    SHORTEST_SECRET_KEY,
    at_least_one,
    hard_to_guess,
    holds_certificates,
    names_hosts,
    only_with_the_local_vault,
    reading,
    zero_or_more,
)
from kvportal.launch import THREADS

BASE_DIR = Path(__file__).resolve().parent.parent

with reading() as env:
    DATA_DIR: Path = env.path("DATA_DIR", BASE_DIR / "var").absolute()
    DEBUG: bool = env.bool("DEBUG", False, validate=only_with_the_local_vault)
    HTTPS: bool = env.bool("HTTPS", True)

    SECRET_KEY: str = env.str("SECRET_KEY", validate=hard_to_guess(SHORTEST_SECRET_KEY))
    SEALING_KEYS: str = env.str("SEALING_KEYS")
    AUDIT_KEY: str = env.str("AUDIT_KEY", validate=hard_to_guess(SHORTEST_AUDIT_KEY))
    AUDIT_SINK: Path = env.path("AUDIT_SINK", DATA_DIR / "audit-checkpoints.jsonl").absolute()

    HOST: str = env.str("HOST", "127.0.0.1")
    PORT: int = env.int("PORT", 8000)
    EMULATOR_PORT: int = env.int("EMULATOR_PORT", 8443)
    EMULATOR_CERTIFICATE_SECONDS: float = env.float("EMULATOR_CERTIFICATE_SECONDS", 8)
    ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"], validate=names_hosts)
    TRUSTED_PROXY_COUNT: int = env.int("TRUSTED_PROXY_COUNT", 0, validate=zero_or_more)

    CLOUDS_FILE: Path | None = env.path("CLOUDS_FILE", None)
    OUTBOUND_PROXY: str | None = env.str("OUTBOUND_PROXY", None)
    CA_FILE: Path | None = env.path("CA_FILE", None, validate=holds_certificates)
    SCAN_MINUTES: int = env.int("SCAN_MINUTES", 15)
    REVEAL_LIMIT: int = env.int("REVEAL_LIMIT", 30, validate=at_least_one)
    OWNER_EMAIL: str = env.str("OWNER_EMAIL", "")
    OWNER_PASSWORD: str = env.str("OWNER_PASSWORD", "")

    DATABASE_URL: str = env.str("DATABASE_URL", f"sqlite:///{DATA_DIR / 'kvportal.sqlite3'}")

CLOUDS: dict[str, Any] = {}  # clouds defined in code, by name; the tests add the local vault here, without sockets

STARTUP_CHECKS = ["vaults.startup.check_key_ring"]
READY_WARNINGS = {
    "checkpoints": "vaults.audit.chain.are_kept"
}  # problems that /readyz reports although the process can do its work

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "csp",
    "django_filters",
    "django_htmx",
    "django_include_bootstrap",
    "django_tasks",
    "django_tasks_db",
    "tablericons",
    "template_partials",
    "vaults",
]

MIDDLEWARE = [
    "kvportal.middleware.client_address",
    "kvportal.middleware.request_log",
    "kvportal.middleware.utf8_only",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "kvportal.middleware.response_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kvportal.middleware.files_only",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "kvportal.middleware.htmx_redirect",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kvportal.middleware.remember_session",
    "kvportal.middleware.session_limits",
    "kvportal.signin.SignInRequired",
    "vaults.web.actors.with_actor",
    "vaults.known_browsers.remember",
    "vaults.signin.work_afterwards",
    "kvportal.middleware.next_page_of_ours",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "kvportal.middleware.viewer_time_zone",
    "kvportal.middleware.method_page",
    "vaults.web.time_limit.time_for_calls",
    "kvportal.middleware.no_nul_in_path",
    "vaults.web.error_pages.ProblemMiddleware",
]

# Time limit for all calls to Azure of one request; a change reads before it writes. htmx requests time out after 30 s.
LOOK_SECONDS = 15
CHANGE_SECONDS = 25

ROOT_URLCONF = "kvportal.urls"
WSGI_APPLICATION = "kvportal.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kvportal.addresses.page_here",
                "vaults.web.navigation.navigation",
            ],
            "builtins": [
                "django.templatetags.static",
                "django_htmx.templatetags.django_htmx",
                "template_partials.templatetags.partials",
                "vaults.templatetags.kvportal",
                "vaults.templatetags.rows",
                "vaults.templatetags.list_rows",
                "vaults.templatetags.fields",
                "vaults.templatetags.people",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database: an audit row must survive a power failure, so SQLite syncs fully; IMMEDIATE avoids failures of concurrent writers.
DATABASES = {"default": dj_database_url.parse(DATABASE_URL)}
DATABASE = DATABASES["default"]
if DATABASE["ENGINE"].endswith("sqlite3"):
    DATABASE["CONN_MAX_AGE"] = None
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,  # seconds; a page that waits for the database must also respond in time
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
    }
else:
    # A page keeps its connection while it waits for Azure, so there is one for each thread of the server.
    pool = {"min_size": 2, "max_size": THREADS}
    # Only cursors that bind on the server prepare statements (vaults/audit/statements.py), so each of theirs is prepared.
    DATABASE["OPTIONS"] = {**DATABASE.get("OPTIONS", {}), "pool": pool, "prepare_threshold": 0}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# No cache: the shared backends store pickles, and anyone who can write to them could run code here.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

# Sign-in
AUTH_USER_MODEL = "vaults.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "vaults.signin.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_FORMS = {
    "login": "vaults.forms.password.SignInForm",
    "reauthenticate": "vaults.forms.password.ReauthenticateForm",
    "change_password": "vaults.forms.password.ChangePasswordForm",
}
ACCOUNT_RATE_LIMITS = False  # allauth's are keyed by the Host header; vaults.guesses counts

# Sessions: in the database; half an hour without a request, twelve hours in total (kvportal.middleware.session_limits).
SESSION_ENGINE = "kvportal.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_SECONDS = 30 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-kvportal" if HTTPS else "kvportal"
CSRF_COOKIE_NAME = "__Host-kvportal-csrf" if HTTPS else "kvportal-csrf"
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # not in a cookie of its own
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if HTTPS]

# Headers of every response
SECURE_SSL_REDIRECT = False  # the reverse proxy does it; health checks use plain http
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # the line above
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Uploads (certificates, keys) are small and never written to disk.
FILE_UPLOAD_HANDLERS = ["kvportal.uploads.InMemory"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
#: Addresses that take larger files, and how many bytes with all that is sent. A backup of 8 MB as base64 text fits.
LARGE_UPLOADS = r"/vaults/[^/]+/restore/"
LARGE_UPLOAD_BYTES = 12_000_000

LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "kvportal.static.StaticFilesStorage"
    },
}

WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("map", "jpg", "jpeg", "png", "gif", "webp", "woff2", "gz", "br")

# Background work is delivered by the database itself; the rows of jobs hold the truth.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LOGGING_CONFIG = "kvportal.logging.configure"
LOGGING = {"level": "DEBUG" if DEBUG else "INFO"}

os.umask(0o077)  # files of this process are readable by its own account only: the database, its log, the keys

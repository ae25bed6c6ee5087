"""All settings, read from the environment. Without any, PQL Hub runs on the embedded PostgreSQL and needs nothing else.

Every variable is listed in docs/configuration.md.
"""

import os
import sys
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from pqlhub.state import embedded_urls, home_folder, local_secret

BASE_DIR = Path(__file__).resolve().parent.parent


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name, "")
    if value.lower() in ("", "1", "true", "yes", "on", "0", "false", "no", "off"):
        return default if value == "" else value.lower() in ("1", "true", "yes", "on")
    raise ImproperlyConfigured(f"{name}={value!r} is neither true nor false. Use 1 or 0.")


def env_list(name: str, default: str) -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


# --- Core -------------------------------------------------------------------------------------------------------
HOME = home_folder()
DEBUG = env_bool("DEBUG", default=False)
PRODUCTION = env_bool("PRODUCTION", default=False)
SECRET_KEY = os.environ.get("SECRET_KEY") or local_secret("secret_key", production=PRODUCTION)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", "")
# /metrics for Prometheus: open it to your network only.
SERVE_METRICS = env_bool("SERVE_METRICS", default=False)
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:" + os.environ.get("PORT", "8000"))
ROOT_URLCONF = "pqlhub.urls"
WSGI_APPLICATION = "pqlhub.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False  # an ingest path must never redirect: SDKs follow with an empty GET and report success

INSTALLED_APPS = [
    "pqlhub.apps.ConsoleConfig",
    "reports",
    "routing",
    "scoring",
    "experiments",
    "delivery",
    "ingestion",
    "tenants",
    "unfold.apps.BasicAppConfig",  # the plain one: the default config replaces our admin site by its own
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "pqlhub.apps.AdminConfig",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "django_prometheus",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tenants.middleware.request_id",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.middleware.TenantMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pqlhub.console.context",
            ],
        },
    },
]

# --- Database: the app role, except for the commands that change the schema -------------------------------------------
OWNER_COMMANDS = {"migrate", "sqlmigrate", "showmigrations", "makemigrations"}


def database_url() -> str:
    as_owner = len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS
    name = "DATABASE_OWNER_URL" if as_owner else "DATABASE_URL"
    if os.environ.get("DATABASE_URL"):
        if not os.environ.get(name):
            raise ImproperlyConfigured(
                f"{sys.argv[1]} changes the schema: set {name} to the owner role's URL too."
            )
        return os.environ[name]
    urls = embedded_urls()
    return urls.owner_url if as_owner else urls.app_url


DATABASES = {"default": dj_database_url.parse(database_url(), engine="tenants.postgresql", conn_max_age=600)}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True  # PgBouncer in transaction mode
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = (
    None if env_bool("PGBOUNCER", default=False) else 5
)
DATABASES["default"]["OPTIONS"]["connect_timeout"] = 5  # seconds; an SDK waits ten for any answer
TENANT_REBIND_IN_SAVEPOINT = False

# --- Users --------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "tenants.accounts.LoginBackend",
    "tenants.permissions.MembershipBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "tenants.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = (
    "none"  # members join by an invitation sent to the address: that is the verification
)
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_ENABLE_ADMIN = False
SESSION_COOKIE_AGE = 60 * 60 * 24 * 7
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION else 0
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env_bool("BEHIND_PROXY", default=False) else None
)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Content security policy: strict, but for what the console's admin theme needs (ADR 0008) -------------------------
_SELF, _NONE = "'self'", "'none'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [_SELF],
        "script-src": [_SELF, "'unsafe-eval'"],
        "style-src": [_SELF, "'unsafe-inline'"],
        "img-src": [_SELF, "data:"],
        "object-src": [_NONE],
        "frame-ancestors": [_NONE],
        "base-uri": [_SELF],
        "form-action": [_SELF],
    }
}

# --- Mail -----------------------------------------------------------------------------------------------------------
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if os.environ.get("EMAIL_HOST")
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = HOME / "mail"  # without a mail server, mails are files to read here
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_TIMEOUT = 10  # seconds; a mail server that hangs must not hold a request
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=True)
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL") or "PQL Hub <pqlhub@localhost>"

# --- Language, time, static files -------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
USE_I18N = True
FORMAT_MODULE_PATH = ["pqlhub.formats"]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / "static_root"))
STATICFILES_DIRS = [BASE_DIR / "static", BASE_DIR / "charts" / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION  # a demo needs no collectstatic
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # a definition of 100 signals has 1,500 fields
# The ingest API bounds its own bodies, before and after inflating.
DATA_UPLOAD_MAX_MEMORY_SIZE = 25 * 1024 * 1024

# --- Files to import ------------------------------------------------------------------------------------------------
FILE_UPLOAD_HANDLERS = ["ingestion.connectors.bounded_upload.BoundedUpload"]
IMPORT_MAX_MB = int(os.environ.get("IMPORT_MAX_MB", "512"))
IMPORT_KEEP_DAYS = int(os.environ.get("IMPORT_KEEP_DAYS", "7"))
PERSONAL_EXPORT_DAYS = int(os.environ.get("PERSONAL_EXPORT_DAYS", "7"))

# --- How much may wait to be read -------------------------------------------------------------------------------------
# Requests of one tenant. Above it senders get 503 and send again later: a disk that is full stops everybody.
INBOX_MOST_REQUESTS = int(os.environ.get("INBOX_MOST_REQUESTS", "5000000"))

# --- How long raw events are kept -----------------------------------------------------------------------------------
# Whole months, at most; a tenant may keep fewer. None: for ever.
EVENT_KEEP_MONTHS = int(os.environ.get("EVENT_KEEP_MONTHS") or "0") or None

# --- API ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.authentication.ApiTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "tenants.openapi.CallSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PQL Hub API",
    "DESCRIPTION": "Send events in the Segment shape; read definitions, scores and leads.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- Work in the background (pqlhub/celery.py, pqlhub/schedule.py) ----------------------------------------------------
BROKER_URL = os.environ.get("BROKER_URL", "")
CELERY_BROKER_URL = BROKER_URL or "wholefiles://"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {}
    if BROKER_URL
    else {
        "data_folder_in": str(HOME / "broker" / "queue"),
        "data_folder_out": str(HOME / "broker" / "queue"),
        "control_folder": str(HOME / "broker" / "control"),
        "store_processed": False,
        "polling_interval": 0.1,  # seconds; a tick waits half of this on average
    }
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "long"
CELERY_TASK_ROUTES = {"pqlhub.tasks.pulse": {"queue": "pulse"}, "pqlhub.tasks.*": {"queue": "long"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1  # seconds; the pulse is a one-second tick
DJANGO_CELERY_BEAT_TZ_AWARE = True

# --- Outbound -------------------------------------------------------------------------------------------------------
WEBHOOK_ALLOW_PRIVATE_ADDRESSES = env_bool("WEBHOOK_ALLOW_PRIVATE_ADDRESSES", default=False)
ENCRYPTION_KEYS = env_list("ENCRYPTION_KEYS", "") or [local_secret("encryption_key", production=PRODUCTION)]

# --- Console --------------------------------------------------------------------------------------------------------
PRIMARY = {
    "50": "#eef5fd",
    "100": "#d9e8fa",
    "200": "#b5d2f5",
    "300": "#84b4ec",
    "400": "#5297e6",
    "500": "#2a7cdb",
    "600": "#0a66d0",
    "700": "#0a55ab",
    "800": "#0d468a",
    "900": "#103a6e",
    "950": "#0b2547",
}
UNFOLD = {
    "SITE_TITLE": "PQL Hub",
    "SITE_HEADER": "PQL Hub",
    "SITE_SYMBOL": "hub",
    "SITE_FAVICONS": [{"rel": "icon", "href": "pqlhub.console.favicon", "type": "image/svg+xml"}],
    "SCRIPTS": ["pqlhub.console.script"],
    "COLORS": {"primary": PRIMARY},
    "SITE_URL": "/",
    "SHOW_HISTORY": False,  # the audit log knows more
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": ["pqlhub.console.stylesheet", "pqlhub.console.chart_stylesheet"],
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "pqlhub.navigation.navigation",
    },
}

# --- Logs -----------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "pqlhub.logs.formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {"axes": {"level": "WARNING"}, "httpx": {"level": "WARNING"}},
}

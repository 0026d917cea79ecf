"""Django settings (设置). Everything a place may choose comes from the environment; the rest is fixed here.

SENHUI_HOME           directory of database, releases, tiles, logs (default ./var)
SENHUI_DATABASE_URL   postgres://user:password@host:port/name or sqlite:////path (default: SQLite in the home)
SENHUI_SECRET_KEY     signing key (default: made once in SENHUI_HOME/secret_key)
SENHUI_ALLOWED_HOSTS  host names beyond loopback, separated by commas
SENHUI_HTTPS          1 behind a proxy that speaks https and sets X-Forwarded-Proto
SENHUI_UPLOAD_MAX_MB  largest upload, in megabytes of 10⁶ bytes (default 2000)
SENHUI_BOUNDARY_DAYS  days for which an uploaded boundary is kept that no saved view uses (default 365)
SENHUI_MAP_REVIEW_NUMBER  审图号 of this installation's maps (default: not set, and then every map says so)
SENHUI_TIANDITU_KEY, SENHUI_BASEMAP_URL  a base map of another host (default: none; see senhui.web.base_map)
SENHUI_PUBLIC_ADDRESS     where readers reach this installation, such as https://host (default: not set, no QR codes)

Reading this file writes nothing and opens nothing. Cases: tests/access/test_settings.py.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from django.utils.functional import SimpleLazyObject

from senhui.web.base_map import base_map
from senhui.web.environment import database, secret_key

WEB_DIRECTORY = Path(__file__).parent
SENHUI_HOME = Path(os.environ.get("SENHUI_HOME", "var")).resolve()
SENHUI_HTTPS = os.environ.get("SENHUI_HTTPS") == "1"

DEBUG = False
# Lazy, so that type checkers and tests that only read the settings leave no key file behind.
SECRET_KEY = SimpleLazyObject(lambda: secret_key(SENHUI_HOME))

FURTHER_HOSTS = [host.strip() for host in os.environ.get("SENHUI_ALLOWED_HOSTS", "").split(",") if host.strip()]
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *FURTHER_HOSTS]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "senhui.access",
    "senhui.jobs",
    "senhui.inventory",
    "senhui.atlas",
    "senhui.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "senhui.web.content_security.ContentSecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# Without django-axes' own middleware, which would put a bare text in place of our page for a locked name.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]

ROOT_URLCONF = "senhui.web.urls"
WSGI_APPLICATION = "senhui.web.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ]
        },
    }
]

DATABASES = {"default": database(os.environ.get("SENHUI_DATABASE_URL"), home=SENHUI_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Who signs in, and how. There is no default password: `senhui create-admin` or a one-time link begins.
AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# Five wrong passwords for one name from one address close that pair for a quarter of an hour. The pair, not
# the name alone: else anybody could lock a colleague out by typing nonsense.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SENHUI_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SENHUI_HTTPS
CSRF_FAILURE_VIEW = "senhui.web.views.failures.form_too_old"
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in FURTHER_HOSTS] if SENHUI_HTTPS else []

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if SENHUI_HTTPS else 0
# Only behind the proxy: otherwise anybody could claim that his plain request came over https.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SENHUI_HTTPS else None
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [WEB_DIRECTORY / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# A layer of a whole city has some hundred megabytes; what is larger is refused by the form and never written.
UPLOAD_MAX_BYTES = int(os.environ.get("SENHUI_UPLOAD_MAX_MB", "2000")) * 10**6
FILE_UPLOAD_HANDLERS = [
    "senhui.web.uploads.RefuseTooLarge",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

SENHUI_MAP_REVIEW_NUMBER = os.environ.get("SENHUI_MAP_REVIEW_NUMBER", "").strip()
SENHUI_BASE_MAP = base_map(os.environ)
SENHUI_PUBLIC_ADDRESS = os.environ.get("SENHUI_PUBLIC_ADDRESS", "").strip().rstrip("/")

BOUNDARIES_KEPT_DAYS = int(os.environ.get("SENHUI_BOUNDARY_DAYS", "365"))

STATIC_URL = "/static/"
# Served from the package itself: no collectstatic step stands between a clone and its first page.
WHITENOISE_USE_FINDERS = True
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"senhui": {"level": "INFO"}},
}

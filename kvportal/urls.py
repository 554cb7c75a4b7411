"""Root URLs: sign-in, health, and the application."""

from allauth.account import views as account
from django.urls import include, path

from kvportal import health, signin

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("session/", signin.session, name="session"),
    path("account/login/", signin.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/change/", account.password_change, name="account_change_password"),
    path("", include("vaults.urls")),
]

"""Addresses: sign-in, health, and the product."""

from allauth.account import views as signin
from django.urls import include, path

from kvportal import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("account/login/", signin.login, name="account_login"),
    path("account/logout/", signin.logout, name="account_logout"),
    path("account/inactive/", signin.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", signin.reauthenticate, name="account_reauthenticate"),
    path("account/password/change/", signin.password_change, name="account_change_password"),
    path("", include("vaults.urls")),
]

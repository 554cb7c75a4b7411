"""Addresses: sign-in, health, and the product."""

from django.urls import include, path

from kvportal import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("account/", include("allauth.account.urls")),
    path("", include("vaults.urls")),
]

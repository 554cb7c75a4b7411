"""Addresses: sign-in, health, and the product."""

from django.urls import include, path

from kvportal import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("account/", include("allauth.account.urls")),
    path("", include("vaults.urls")),
]

handler400 = "vaults.views.problems.bad_request"
handler403 = "vaults.views.problems.forbidden"
handler404 = "vaults.views.problems.not_found"
handler500 = "vaults.views.problems.server_error"

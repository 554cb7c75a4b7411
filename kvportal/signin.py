"""The sign-in page, and the check whether a person is still signed in."""

from typing import Any

from allauth.account import views as account
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_safe

from kvportal.addresses import has_page, page_at_or_above


@login_not_required
def login(request: HttpRequest) -> HttpResponseBase:
    """allauth's sign-in page, with status 429 if the password was not checked because of too many attempts."""
    response: HttpResponseBase = account.login(request)
    form = (getattr(response, "context_data", None) or {}).get("form")
    if form is not None and form.has_error(NON_FIELD_ERRORS, "too_many_login_attempts"):
        response.status_code = 429
    return response


class SignInRequired(LoginRequiredMiddleware):
    """Redirects to the sign-in page, and after the sign-in to the requested page. A form that was sent is not processed."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        asked_for_page = request.method in ("GET", "HEAD") and has_page(request.path)
        page = request.get_full_path() if asked_for_page else page_at_or_above(request.path)
        response = redirect_to_login(page, self.get_login_url(view_func), self.get_redirect_field_name(view_func))
        if notice := notice_for(request):
            response["Location"] += f"&notice={notice}"
        return response


def notice_for(request: HttpRequest) -> str:
    """The notice for the sign-in page: "not-done" for a form, "ended" if the browser still has the cookie of an ended session."""
    if request.method not in ("GET", "HEAD"):
        return "not-done"
    return "ended" if settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.is_empty() else ""


@login_not_required
@require_safe
def session(request: HttpRequest) -> JsonResponse:
    """Requested by a form before it is sent: 401 if no one is signed in, else a valid CSRF token."""
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    return JsonResponse({"token": get_token(request)})

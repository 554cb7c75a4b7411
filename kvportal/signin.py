"""The page that people get in by; and whether they still are."""

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
    """allauth's page, but for the status where the password was not looked at."""
    answer: HttpResponseBase = account.login(request)
    form = (getattr(answer, "context_data", None) or {}).get("form")
    if form is not None and form.has_error(NON_FIELD_ERRORS, "too_many_login_attempts"):
        answer.status_code = 429
    return answer


class SignInRequired(LoginRequiredMiddleware):
    """Leads back, after the sign-in, to the page that was asked for; what a form would have done is not done."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        asked_for_page = request.method in ("GET", "HEAD") and has_page(request.path)
        page = request.get_full_path() if asked_for_page else page_at_or_above(request.path)
        answer = redirect_to_login(page, self.get_login_url(view_func), self.get_redirect_field_name(view_func))
        if notice := notice_for(request):
            answer["Location"] += f"&notice={notice}"
        return answer


def notice_for(request: HttpRequest) -> str:
    """What the sign-in page has to say to who is led there. A session that has ended left its cookie in the browser."""
    if request.method not in ("GET", "HEAD"):
        return "not-done"
    return "ended" if settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.is_empty() else ""


@login_not_required
@require_safe
def session(request: HttpRequest) -> JsonResponse:
    """Asked by a form before it is sent: 401 where nobody is signed in, else a form token that is good now."""
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    return JsonResponse({"token": get_token(request)})

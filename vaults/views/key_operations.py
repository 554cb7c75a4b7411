"""Try a key: encrypt, decrypt, sign, verify, wrap, unwrap, release. Inputs and results are stored nowhere."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from vaults import problems
from vaults.actions import key_operations as actions
from vaults.actions import keys
from vaults.actions.keys import KeyDetail
from vaults.azure.errors import BadRequest
from vaults.forms.key_operations import (
    KeyOperationForm,
    KeyVersionForm,
    RandomBytesForm,
    ReleaseForm,
    SecureUnwrapForm,
    SecureWrapForm,
)
from vaults.inventory import observe
from vaults.keyvault import aes
from vaults.keyvault.algorithms import KeyOperation
from vaults.keyvault.refusals import is_about_the_api_version
from vaults.kinds import KEY
from vaults.models import Vault
from vaults.permissions import Action
from vaults.web import key_operations as pages
from vaults.web.confirmation import PASSWORD, ask_password
from vaults.web.decorators import View, needs, with_vault
from vaults.web.form_errors import NOTICES, form_page, posted, refused_form
from vaults.web.key_code import samples
from vaults.web.key_operations import KeyPage, hindrance, notations
from vaults.web.rendering import HtmxRequest, render_page

#: Acts that hand out what only the private key can make, so they ask who is there.
ASKING = frozenset(
    {Action.KEY_DECRYPT, Action.KEY_UNWRAP, Action.KEY_SIGN, Action.KEY_SECURE_UNWRAP, Action.KEY_RELEASE}
)
#: Operations with a ciphertext, which the vault refuses without saying what is wrong with it.
OPENING = frozenset({KeyOperation.DECRYPT, KeyOperation.UNWRAP})
NOT_OPENED = (
    "Key Vault can't decrypt this: it was encrypted with another key, another version or another algorithm, or was changed "
    "on the way."
)
PARTS_TOO = " Or the IV, the tag or the additional data are not those of this ciphertext."

MakeForm = Callable[..., KeyVersionForm]
#: Does what the form asks for, and returns what the page shows of it.
Do = Callable[[HtmxRequest, Vault, str, Any], dict[str, Any]]


@require_safe
@with_vault
def key_try(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
    """What a version, `?version=`, can be used for."""
    version = request.GET.get("version", "")
    detail = keys.read_key(request.actor, vault, name, version)
    key = detail.key.value
    context = {
        "vault": vault,
        "name": key.properties.name if key else observe.spelling_of(vault, KEY, name),
        "version": version,
        "offers": [(page, hindrance(page, key, timezone.now())) for page in pages.PAGES],
    }
    return render_page(request, "vaults/key_try.html", context)


def _page_of(page: KeyPage, make: MakeForm, do: Do) -> View:
    @require_http_methods(["GET", "HEAD", "POST"])
    @sensitive_post_parameters("value", "iv", "tag", "aad", "signature", "target", "nonce", PASSWORD)
    @with_vault
    @needs(page.action)
    def view(request: HtmxRequest, vault: Vault, name: str) -> HttpResponse:
        return _answer(request, vault, observe.spelling_of(vault, KEY, name), page, make, do)

    return view


@sensitive_variables("form", "result", "context")
def _answer(request: HtmxRequest, vault: Vault, name: str, page: KeyPage, make: MakeForm, do: Do) -> HttpResponse:
    """The form; if it was submitted, what came of it. The key is read first: what fits depends on its type and size."""
    version = (request.POST if request.method == "POST" else request.GET).get("version", "")
    detail: KeyDetail | None = None
    if request.method != "POST":
        detail = keys.read_key(request.actor, vault, name, version)
    else:
        with suppress(*problems.EXPECTED):  # without it the form is checked less, and Key Vault decides
            detail = keys.read_key(request.actor, vault, name, version)
    key = detail.key.value if detail else None
    read = {"key": key, "versions": detail.versions.value if detail else None, "asked": version}
    form = make(posted(request), request.FILES or None, initial={"version": version}, **read)
    if page.action in ASKING:
        ask_password(request, form)
    context: dict[str, Any] = {
        "vault": vault,
        "name": name,
        "page": page,
        "form": form,
        "hindrance": hindrance(page, key, timezone.now()),
        "result": None,
        "in_fieldset": ("value", "value_file") if isinstance(form, KeyOperationForm) else (),
    }
    if request.method == "POST" and form.is_valid():
        with refused_form(form, context) as attempt:
            context["result"] = do(request, vault, name, form)
        if attempt.succeeded and context["result"]:
            chosen = {
                each: form.cleaned_data.get(each) for each in ("version", "algorithm", "value_from", "encryption")
            }
            context["form"] = make(initial=chosen, **read)
            return render_page(request, "vaults/key_operation.html", NOTICES | context | _code(vault, name, form))
    return form_page(request, "vaults/key_operation.html", context | _code(vault, name, form))


def _code(vault: Vault, name: str, form: KeyVersionForm) -> dict[str, Any]:
    """The same as code, with the chosen version and algorithm, else the first one that the key has."""
    if not isinstance(form, KeyOperationForm):
        return {"samples": []}
    offered = [algorithm for algorithm, _ in form.fields["algorithm"].choices]  # type: ignore[attr-defined]
    chosen = form["algorithm"].value()
    algorithm = chosen if chosen in offered else next(iter(offered), "")
    version = form["version"].value() or ""
    known = dict(form.fields["version"].choices)  # type: ignore[attr-defined]
    found = samples(vault, name, version if version in known else "", form.operation, algorithm) if algorithm else []
    return {"samples": found}


@sensitive_variables()
def _use(request: HtmxRequest, vault: Vault, name: str, form: KeyOperationForm) -> dict[str, Any]:
    data, operation = form.cleaned_data, form.operation
    common = (request.actor, vault, name, data["version"])
    if operation == KeyOperation.VERIFY:
        matches = actions.verify_signature(*common, data["algorithm"], data["content"], data["signature"])
        return {"matches": matches, "digest": data["content"].hex()}
    try:
        made = actions.use_key(*common, operation, data["algorithm"], data["content"], data["parameters"])
    except BadRequest as error:
        if operation not in OPENING or is_about_the_api_version(error):
            raise
        sentence = NOT_OPENED + (PARTS_TOO if aes.parts_of(data["algorithm"]) else "")
        form.add_error("value_file" if data["value_file"] else "value", sentence)
        return {}
    shown = [
        *notations(made.value, data["algorithm"], opened=operation in OPENING),
        *pages.notations_of_parts(made.parameters),
    ]
    digest = data["content"].hex() if operation == KeyOperation.SIGN else ""
    return {"notations": shown, "version": made.version, "bytes": len(made.value), "digest": digest}


@sensitive_variables()
def _release(request: HtmxRequest, vault: Vault, name: str, form: ReleaseForm) -> dict[str, Any]:
    data = form.cleaned_data
    released = actions.release_key(
        request.actor, vault, name, data["version"], data["target"], data["encryption"], data["nonce"]
    )
    return {"notations": [pages.Notation("JWS", released, "its payload has the encrypted key")]}


@sensitive_variables()
def _secure_wrap(request: HtmxRequest, vault: Vault, name: str, form: SecureWrapForm) -> dict[str, Any]:
    data = form.cleaned_data
    made = actions.secure_wrap(request.actor, vault, name, data["version"], data["algorithm"])
    return {"notations": notations(made.value, "", opened=False), "version": made.version, "bytes": len(made.value)}


@sensitive_variables()
def _secure_unwrap(request: HtmxRequest, vault: Vault, name: str, form: SecureUnwrapForm) -> dict[str, Any]:
    data = form.cleaned_data
    made = actions.secure_unwrap(
        request.actor, vault, name, data["version"], data["algorithm"], data["value"], data["target"]
    )
    return {"notations": notations(made.value, "", opened=False), "version": made.version, "bytes": len(made.value)}


def _page_of_operation(operation: KeyOperation) -> View:
    def make(*args: Any, **kwargs: Any) -> KeyVersionForm:
        return KeyOperationForm(*args, operation=operation, **kwargs)

    return _page_of(pages.OPERATIONS[operation], make, _use)


key_encrypt = _page_of_operation(KeyOperation.ENCRYPT)
key_decrypt = _page_of_operation(KeyOperation.DECRYPT)
key_sign = _page_of_operation(KeyOperation.SIGN)
key_verify = _page_of_operation(KeyOperation.VERIFY)
key_wrap = _page_of_operation(KeyOperation.WRAP)
key_unwrap = _page_of_operation(KeyOperation.UNWRAP)
key_release = _page_of(pages.RELEASE, ReleaseForm, _release)
key_secure_wrap = _page_of(pages.SECURE_WRAP, SecureWrapForm, _secure_wrap)
key_secure_unwrap = _page_of(pages.SECURE_UNWRAP, SecureUnwrapForm, _secure_unwrap)


@require_http_methods(["GET", "HEAD", "POST"])
@with_vault
@needs(Action.RANDOM_BYTES)
def random_bytes(request: HtmxRequest, vault: Vault) -> HttpResponse:
    form = RandomBytesForm(posted(request))
    context: dict[str, Any] = {"vault": vault, "form": form, "result": None}
    if request.method == "POST" and form.is_valid():
        with refused_form(form, context):
            try:
                found = actions.random_bytes(request.actor, vault, form.cleaned_data["count"])
                context["result"] = notations(found, "", opened=False)
                return render_page(request, "vaults/random_bytes.html", NOTICES | context)
            except BadRequest as error:
                if is_about_the_api_version(error):
                    raise
                form.add_error(
                    None, f"Only a Managed HSM hands out random bytes; a vault has none. It says: {error.message}"
                )
    return form_page(request, "vaults/random_bytes.html", context)

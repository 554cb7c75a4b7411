"""Verbs about tenants, service principals with their credentials, and people."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from vaults.emulator.control.context import Context, Values, Verb
from vaults.emulator.control.fields import Field, RefusedError, Shape, guid, number
from vaults.emulator.state import directory, people, registry, removal
from vaults.emulator.state.directory import Principal
from vaults.emulator.state.people import Person

PRINCIPAL = Field("principal", "name, client id or object id of the service principal", required=True)
TENANT = Field("tenant", "GUID or domain of the tenant (default: the first)")
DAYS = Field("days", "how long the secret is good, in days; -1: it has expired", number(-3650, 36500), default=365)


def add_tenant(context: Context, values: Values) -> str:
    tenant = values["id"] or str(uuid4())
    with _refusing_duplicates(f"There is a tenant {values['domain']} or {tenant} already."):
        context.emulator.add_tenant(tenant, values["domain"])
    return f"tenant {tenant}"


def remove_tenant(context: Context, values: Values) -> str:
    with context.emulator.store.writing() as db:
        tenant = find_tenant(db, values["tenant"])
        vaults = [vault for vault in (*registry.all_vaults(db), *registry.deleted_vaults(db)) if vault.tenant == tenant]
        if vaults:
            raise RefusedError(f"The tenant has vaults. Delete and purge {vaults[0].name} first.")
        names = [principal.name for principal in directory.all_principals(db) if principal.tenant == tenant]
        removal.remove_tenant(db, tenant)
    for name in names:
        context.home.forget_credentials(name)
    return f"The tenant {values['tenant']} is gone, with everybody in it."


def add_principal(context: Context, values: Values) -> str:
    secret = secrets.token_urlsafe(30)
    with context.emulator.store.writing() as db:
        if directory.find_principal(db, values["name"]) is not None:
            raise RefusedError(f"There is a service principal {values['name']} already.")
        principal = Principal(str(uuid4()), find_tenant(db, values["tenant"]), str(uuid4()), values["name"])
        directory.add_principal(db, principal)
        expires = int(context.emulator.clock() + values["days"] * 86400)
        directory.add_secret(db, principal.client_id, secret, expires)
    credentials = {"client_id": principal.client_id, "object_id": principal.object_id, "client_secret": secret}
    context.home.keep_credentials(principal.name, credentials)
    return "\n".join(f"{name} {value}" for name, value in {"tenant": principal.tenant, **credentials}.items())


def remove_principal(context: Context, values: Values) -> str:
    principal = context.emulator.principal(values["principal"])
    with context.emulator.store.writing() as db:
        removal.remove_principal(db, principal)
    context.home.forget_credentials(principal.name)
    return f"The service principal {principal.name} is gone."


def add_secret(context: Context, values: Values) -> str:
    secret = secrets.token_urlsafe(30)
    context.emulator.add_client_secret(
        context.emulator.principal(values["principal"]).client_id, secret, days=values["days"]
    )
    return f"client_secret {secret}"


def add_certificate(context: Context, values: Values) -> str:
    principal = context.emulator.principal(values["principal"])
    try:
        certificate = x509.load_pem_x509_certificate(values["pem"].encode())
    except ValueError:
        raise RefusedError("There is no certificate in PEM format in that.") from None
    if not isinstance(certificate.public_key(), RSAPublicKey):
        raise RefusedError("The certificate must have an RSA key: Entra takes no other.")
    with context.emulator.store.writing() as db:
        directory.add_certificate(db, principal.client_id, certificate)
    return f"{principal.name} may sign in with the key of that certificate."


def remove_credentials(context: Context, values: Values) -> str:
    principal = context.emulator.principal(values["principal"])
    with context.emulator.store.writing() as db:
        directory.remove_credentials(db, principal.client_id)
    return f"{principal.name} has neither client secrets nor certificates now."


def add_redirect(context: Context, values: Values) -> str:
    principal = context.emulator.principal(values["principal"])
    with context.emulator.store.writing() as db:
        people.add_redirect_uri(db, principal.client_id, values["uri"])
    return f"{principal.name} may have people sent back to {values['uri']}"


def remove_redirect(context: Context, values: Values) -> str:
    principal = context.emulator.principal(values["principal"])
    with context.emulator.store.writing() as db:
        if not people.remove_redirect_uri(db, principal.client_id, values["uri"]):
            raise RefusedError(f"{principal.name} has no redirect URI {values['uri']}")
    return f"{principal.name} may no longer have people sent back to {values['uri']}"


def add_person(context: Context, values: Values) -> str:
    with (
        _refusing_duplicates(f"There is somebody with the address {values['email']} or that object id already."),
        context.emulator.store.writing() as db,
    ):
        person = Person(
            values["id"] or str(uuid4()), find_tenant(db, values["tenant"]), values["name"], values["email"]
        )
        people.add_person(db, person)
    return f"oid {person.object_id}"


def remove_person(context: Context, values: Values) -> str:
    with context.emulator.store.writing() as db:
        person = people.find_person(db, values["person"])
        if person is None:
            raise RefusedError(f"There is nobody called {values['person']}.")
        people.remove_person(db, person.object_id)
    return f"{person.name} is gone."


def find_tenant(db: sqlite3.Connection, name: str | None) -> str:
    """The id of a tenant by name; of the first one for None. Raises RefusedError."""
    if name is None:
        name = next(iter(directory.all_tenants(db)), "")
    found = directory.find_tenant(db, name)
    if found is None:
        raise RefusedError(f"There is no tenant {name}.")
    return found


@contextmanager
def _refusing_duplicates(message: str) -> Iterator[None]:
    """Turn the error of the database for a duplicate into a RefusedError."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise RefusedError(message) from None


def _domain(text: str) -> str:
    labels = text.lower().split(".")
    if len(labels) < 2 or not all(label.replace("-", "").isalnum() and label.isascii() for label in labels):
        raise ValueError(f"{text} is not a domain.")
    return text.lower()


def _email(text: str) -> str:
    name, at, domain = text.rpartition("@")
    if not name or not at:
        raise ValueError(f"{text} is not an e-mail address.")
    _domain(domain)
    return text.lower()


def _uri(text: str) -> str:
    people.check_redirect_uri(text)
    return text


URI = Field("uri", "address to which sign-ins return, as in http://localhost:8000/callback/", _uri, required=True)
DIRECTORY_VERBS = (
    Verb(
        "add-tenant",
        "create a tenant",
        add_tenant,
        (
            Field("domain", "its domain, as in shop.onmicrosoft.example", _domain, required=True),
            Field("id", "its GUID (default: a new one)", guid),
        ),
    ),
    Verb(
        "remove-tenant",
        "remove a tenant that has no vaults, with everybody in it",
        remove_tenant,
        (Field("tenant", "GUID or domain of the tenant", required=True),),
    ),
    Verb(
        "add-principal",
        "create a service principal with a client secret, and print it",
        add_principal,
        (Field("name", "its name, as in sp-shop-audit", required=True), TENANT, DAYS),
    ),
    Verb("remove-principal", "remove a service principal and all its permissions", remove_principal, (PRINCIPAL,)),
    Verb("add-secret", "give a service principal one more client secret", add_secret, (PRINCIPAL, DAYS)),
    Verb(
        "add-certificate",
        "let a service principal sign in with a certificate",
        add_certificate,
        (PRINCIPAL, Field("pem", "the certificate in PEM format", required=True, shape=Shape.FILE)),
    ),
    Verb(
        "remove-credentials",
        "take all client secrets and certificates of a service principal away",
        remove_credentials,
        (PRINCIPAL,),
    ),
    Verb("add-redirect", "let people sign in to an application (redirect URI)", add_redirect, (PRINCIPAL, URI)),
    Verb("remove-redirect", "take a redirect URI away", remove_redirect, (PRINCIPAL, URI)),
    Verb(
        "add-person",
        "add somebody who can sign in",
        add_person,
        (
            Field("name", "as in 'Olga Brandt'", required=True),
            Field("email", "also the name to sign in with", _email, required=True),
            TENANT,
            Field("id", "object id (default: a new one)", guid),
        ),
    ),
    Verb(
        "remove-person",
        "remove somebody",
        remove_person,
        (Field("person", "e-mail address or object id", required=True),),
    ),
)

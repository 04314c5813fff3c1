"""API keys: who may request predictions of which models."""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from hashlib import sha256
from typing import NamedTuple

from contender.granting import Holder, models_of
from contender.specs import ACCESS_FILE, Access, ApiKey, Catalog, CatalogError, find_wrong_keys, load_access

log = logging.getLogger(__name__)
_SCHEME = "bearer"
_BYTES = 32


class NewKey(NamedTuple):
    """A new key, and the digest that is stored of it."""

    secret: str
    sha256: str


class Caller(NamedTuple):
    """The name of a key, and the models whose predictions it may request."""

    name: str
    models: frozenset[str]


def make_key() -> NewKey:
    """Return a new random key. Its 256 bits make a slow digest unnecessary."""
    secret = secrets.token_urlsafe(_BYTES)
    return NewKey(secret, digest_key(secret))


def digest_key(secret: str) -> str:
    """Return the digest of a key."""
    return sha256(secret.encode()).hexdigest()


def check_key(access: Access, catalog: Catalog, name: str, key: ApiKey) -> list[str]:
    """Return what is wrong with a new key, one line each."""
    if name in access.keys:
        return [f"{ACCESS_FILE}: there is a key {name!r} already: choose another name"]
    return list(find_wrong_keys(access.model_copy(update={"keys": {name: key}}), catalog))


def render_key(name: str, key: ApiKey) -> str:
    """Return the entry of a key in access.yaml."""
    parts = key.model_dump(mode="json", exclude_none=True)
    return f"  {name}: {{{', '.join(f'{field}: {_quote(value)}' for field, value in parts.items())}}}"


def find_caller(access: Access, catalog: Catalog, authorization: str | None) -> Caller | None:
    """Return whose key an `Authorization` header contains, or None."""
    scheme, _, secret = (authorization or "").partition(" ")
    if scheme.lower() != _SCHEME:
        return None
    digest = digest_key(secret.strip())
    found = [name for name, key in access.keys.items() if hmac.compare_digest(key.sha256, digest)]
    return Caller(found[0], models_of_key(access, catalog, access.keys[found[0]])) if found else None


def models_of_key(access: Access, catalog: Catalog, key: ApiKey) -> frozenset[str]:
    """Return the models that a key may request: those of its role, limited to its own list if it has one."""
    role = access.roles[key.role]
    holder = Holder(role=key.role, owner=key.owner, about=role.about, grants=role)
    models = frozenset(models_of(holder, "predict", catalog))
    return models if key.models is None else models & frozenset(key.models)


def _quote(value: object) -> str:
    return json.dumps(value)  # JSON is YAML


class Keyring:
    """The keys in access.yaml, read again when the file changes. A catalog without the file has no keys."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._changed = self._read_time()
        self._access = None if self._changed is None else load_access(catalog)
        # Without keys, the server listens on this machine only. A first key is required from when it is added, and
        # removing the last one does not open the server.
        self.required = self.count > 0

    @property
    def count(self) -> int:
        """The number of keys."""
        return 0 if self._access is None else len(self._access.keys)

    def find_caller(self, authorization: str | None) -> Caller | None:
        """Return whose key an `Authorization` header contains, or None."""
        return None if self._access is None else find_caller(self._access, self._catalog, authorization)

    def refresh(self) -> None:
        """Read the file again if it has changed. With mistakes in it, or unread, the keys stay as they were."""
        changed = self._read_time()
        if changed == self._changed:
            return
        try:
            self._access = load_access(self._catalog)
        except (CatalogError, OSError) as error:
            log.error("%s was not read again: %s", ACCESS_FILE, error)
            if isinstance(error, CatalogError):  # a disk may read the same file the next time
                self._changed = changed
            return
        self._changed = changed
        self.required = self.required or self.count > 0
        log.info("%s was read again: %d API keys", ACCESS_FILE, self.count)

    def _read_time(self) -> int | None:
        try:
            return (self._catalog.home / ACCESS_FILE).stat().st_mtime_ns
        except OSError:
            return None

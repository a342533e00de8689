"""Every setting of the product, read from the environment in this one place."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import InvalidInput

SHORTEST_KEY = 16
# Browsers treat these as secure although they are plain http (W3C Secure Contexts, section 3.1).
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DOMAIN = re.compile(r"(?!-)[^\s@,/:.]+(\.[^\s@,/:.]+)+")
_MAX_PORT = 65_535
_DATABASES = frozenset({"postgresql", "postgres", "postgresql+psycopg", "sqlite"})


class Settings(BaseSettings):
    """How this installation runs; each field is the environment variable POSTWRIGHT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="POSTWRIGHT_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder of all state; back this up.")
    database_url: str = Field("", description="Operational database; empty means SQLite in the data folder. `postgresql://…` works too.")
    queue_url: str = Field("", description="Queue; empty means SQLite in the data folder.")
    lake_url: str = Field("", description="Folder of the event lake; empty means `lake` in the data folder.")
    public_url: str = Field("http://127.0.0.1:8600", description="Where mail clients reach the receiver.")
    app_url: str = Field("http://127.0.0.1:8501", description="Where people reach the app.")
    mail_from: str = Field("", description="Who mail about accounts is from; empty means the mail server's user, or the app's host.")
    secret_key: SecretStr = Field(
        SecretStr(""), description="Signs links and encrypts secrets; made on first run in `<data>/secret.key`, mode 0600."
    )
    previous_secret_keys: SecretStr = Field(
        SecretStr(""), description="Secret keys of before, commas between: what they signed and encrypted still counts."
    )
    cors_origins: str = Field("", description="Web pages that may use the API, as origins with commas between; empty means none.")
    rate_limit_url: str = Field(
        "", description="`redis://…` where several processes count the API's requests together; empty means memory."
    )
    journal_days: int = Field(90, ge=1, le=36_500, description="How many days journal files are kept after they were read to their end.")
    pictures_mb: int = Field(2_048, ge=1, le=10_000_000, description="How much the pictures of a workspace may take together, in MB.")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="What has to be brought to read the receiver's numbers; empty lets its own machine alone read them."
    )
    datacentre_ranges: str = Field("", description="File of data centres' networks, a CIDR a line; empty means the one that comes with it.")
    dns_servers: str = Field("", description="Name servers for checking sender domains, commas between; empty means the machine's own.")
    chromium: str = Field(
        "",
        description="Chromium that takes small pictures of templates; empty means one that is found on the machine, `none` does without.",
    )
    log_format: Literal["text", "json"] = Field("text", description="`text` for people, `json` for machines.")
    oidc_issuer: str = Field("", description="OpenID Connect: the provider's address, as its discovery document calls it; empty for none.")
    oidc_client_id: str = Field("", validate_default=True, description="What the provider knows this installation as.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), validate_default=True, description="The provider's secret for this installation.")
    oidc_name: str = Field("your identity provider", max_length=40, description="Who the button says one continues with.")
    oidc_join: Literal["", "marketer", "analyst"] = Field("", description="Role of colleagues nobody has invited; empty keeps them out.")
    oidc_join_domains: str = Field("", validate_default=True, description="Whose addresses may join so: domains, separated by commas.")

    @field_validator("public_url", "app_url")
    @classmethod
    def _http_url(cls, value: str) -> str:
        if (problem := _url_problem(value)) or urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError(problem or "it must be an http or https URL with a host")
        return value.rstrip("/")

    @field_validator("mail_from")
    @classmethod
    def _address(cls, value: str) -> str:
        if not value:
            return value
        try:
            return validate_email(value, check_deliverability=False).normalized
        except EmailNotValidError as error:
            raise ValueError("it must be an email address") from error

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        scheme, separator, _ = value.partition("://")
        if value and (not separator or scheme not in _DATABASES):
            raise ValueError("it must begin with postgresql:// or sqlite:///; other databases are not supported")
        return value

    @field_validator("queue_url", "lake_url")
    @classmethod
    def _path(cls, value: str) -> str:
        if "://" in value:
            raise ValueError("it must be a path on this machine; addresses such as redis:// or s3:// are not supported yet")
        return value

    @field_validator("dns_servers")
    @classmethod
    def _name_servers(cls, value: str) -> str:
        for one in _listed(value):
            address, port = (one, "53") if _is_ip(one) else (one.rpartition(":")[0].strip("[]"), one.rpartition(":")[2])
            if not _is_ip(address) or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) <= _MAX_PORT:
                raise ValueError("it must be addresses of name servers with commas between, such as 9.9.9.9 or 127.0.0.1:5353")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for origin in _listed(value):
            if origin != _origin_of(origin):
                raise ValueError(f"“{origin[:80]}” is not an origin; write scheme and host, such as https://shop.example.com")
        return value

    @field_validator("rate_limit_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and ((problem := _url_problem(value)) or urlsplit(value).scheme not in {"redis", "rediss"}):
            raise ValueError(problem or "it must begin with redis:// or rediss://")
        return value

    @field_validator("secret_key", "metrics_token")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"it needs at least {SHORTEST_KEY} characters, best 32 or more random ones")
        return value

    @field_validator("previous_secret_keys")
    @classmethod
    def _each_long_enough(cls, value: SecretStr) -> SecretStr:
        if any(len(key) < SHORTEST_KEY for key in _listed(value.get_secret_value())):
            raise ValueError(f"each key needs at least {SHORTEST_KEY} characters; several have commas between them")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _provider(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if _url_problem(value) or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or parts.username:
            raise ValueError("it must be the provider's https address, without anything after a ? or #")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("it must be https: who signs in must not be decided by whoever sits on the way")
        return value

    @field_validator("oidc_client_id", "oidc_client_secret")
    @classmethod
    def _all_or_none(cls, value: str | SecretStr, info: ValidationInfo) -> str | SecretStr:
        given = bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
        if "oidc_issuer" in info.data and given != bool(info.data["oidc_issuer"]):
            raise ValueError("it needs POSTWRIGHT_OIDC_ISSUER beside it" if given else "it is missing, but POSTWRIGHT_OIDC_ISSUER is set")
        return value

    @field_validator("oidc_join_domains")
    @classmethod
    def _domains(cls, value: str, info: ValidationInfo) -> str:
        domains = [one.strip().lower().removeprefix("@") for one in value.split(",") if one.strip()]
        if any(not _DOMAIN.fullmatch(one) for one in domains):
            raise ValueError("it must be domains separated by commas, such as example.com,example.org")
        if bool(info.data.get("oidc_join")) != bool(domains):
            raise ValueError("POSTWRIGHT_OIDC_JOIN and the domains it is for belong together")
        return ",".join(domains)

    @classmethod
    def load(cls, **overrides: object) -> Settings:
        """Return the settings of this process, making the data folder where it is missing.

        Args:
            overrides: Fields that win over the environment (tests, command-line options).

        Raises:
            InvalidInput: If a variable can't be used; names it and says what is expected.
        """
        try:
            settings = cls(**overrides)  # type: ignore[arg-type]
        except ValidationError as error:
            first = error.errors()[0]
            name = "POSTWRIGHT_" + str(first["loc"][0]).upper()
            reason = first["msg"].removeprefix("Value error, ")
            raise InvalidInput(f"{name} can't be used: {reason}.", hint="Correct it and start again.") from error
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # whoever starts a part alone may have another umask
        return settings

    @cached_property
    def key(self) -> bytes:
        """The secret key as bytes: from the environment, else from `<data>/secret.key`, made on first use."""
        given = self.secret_key.get_secret_value()
        return given.encode() if given else _key_on_disk(self.data_dir / "secret.key")

    @property
    def previous_keys(self) -> tuple[bytes, ...]:
        """The secret keys of before as bytes, the newest first as they were given."""
        return tuple(key.encode() for key in _listed(self.previous_secret_keys.get_secret_value()))

    @property
    def resolved_database_url(self) -> str:
        """The database URL with the embedded default filled in and PostgreSQL's driver named."""
        if not self.database_url:
            return f"sqlite:///{(self.data_dir / 'app.db').resolve()}"
        for prefix in ("postgresql://", "postgres://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        return self.database_url

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins whose pages may use the API."""
        return _listed(self.cors_origins)

    @property
    def lake_dir(self) -> Path:
        """The folder of the event lake."""
        return Path(self.lake_url) if self.lake_url else self.data_dir / "lake"

    @property
    def journal_dir(self) -> Path:
        """The folder of the journals."""
        return self.data_dir / "journal"

    @property
    def flights_dir(self) -> Path:
        """The folder of what is noted about messages under way."""
        return self.data_dir / "flights"

    @property
    def uploads_dir(self) -> Path:
        """Where files that people send are while they are read."""
        return self.data_dir / "uploads"

    @property
    def pictures_dir(self) -> Path:
        """The pictures in emails; everybody who has an address gets the file, so nothing else may be in there."""
        return self.data_dir / "pictures"

    @property
    def links_snapshot(self) -> Path:
        """The file by which a receiver redirects that is started while the database is down."""
        return self.data_dir / "receiver" / "links.json"

    @property
    def queue_path(self) -> Path:
        """The file of the embedded queue."""
        return Path(self.queue_url) if self.queue_url else self.data_dir / "queue.db"


def _listed(value: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in value.split(","))))


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _origin_of(value: str) -> str:
    """Return the origin of a URL, or nothing where it has none that a browser would name."""
    parts = urlsplit(value) if not _url_problem(value) else None
    if parts is None or parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _url_problem(value: str) -> str:
    """Return what is wrong with the host or the port of a URL, or nothing."""
    try:
        parts = urlsplit(value)
        return (
            "" if parts.hostname and parts.port != 0 else "it must be an http or https URL with a host, and a port from 1 to 65535 if any"
        )
    except ValueError:
        return "its port must be a number from 1 to 65535"


def _key_on_disk(path: Path) -> bytes:
    """Read the key, making it first where there is none; two processes that start together get the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, secrets.token_urlsafe(48).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(temporary, path)  # fails where another process was first: its key counts
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_bytes().strip()

"""Settings come from the environment, make what is missing, and say which variable can't be used."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.settings import Settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"POSTWRIGHT_{name.upper()}", raising=False)


def test_everything_has_a_default_inside_the_data_folder(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path / "new")
    assert settings.resolved_database_url == f"sqlite:///{tmp_path / 'new' / 'app.db'}"
    assert settings.lake_dir == tmp_path / "new" / "lake"
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_the_secret_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(Settings.load(data_dir=tmp_path).key)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert len(keys[0]) > 40
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_key_of_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTWRIGHT_SECRET_KEY", "my-own-secret-key")
    assert Settings.load(data_dir=tmp_path).key == b"my-own-secret-key"
    assert not (tmp_path / "secret.key").exists()
    assert "my-own" not in repr(Settings.load(data_dir=tmp_path))


def test_keys_of_before_are_listed_with_commas_and_shown_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load(data_dir=tmp_path).previous_keys == ()
    monkeypatch.setenv("POSTWRIGHT_PREVIOUS_SECRET_KEYS", " the-key-of-last-year, the-key-before-that ,")
    settings = Settings.load(data_dir=tmp_path)
    assert settings.previous_keys == (b"the-key-of-last-year", b"the-key-before-that")
    assert "last-year" not in repr(settings)
    monkeypatch.setenv("POSTWRIGHT_PREVIOUS_SECRET_KEYS", "the-key-of-last-year,short-secret")
    with pytest.raises(InvalidInput, match=r"POSTWRIGHT_PREVIOUS_SECRET_KEYS can't be used: .*16 characters") as refused:
        Settings.load(data_dir=tmp_path)
    assert "short-secret" not in str(refused.value)


@pytest.mark.parametrize("given", ["postgresql://u@h/db", "postgres://u@h/db"])
def test_a_postgresql_address_gets_its_driver(tmp_path: Path, given: str) -> None:
    assert Settings.load(data_dir=tmp_path, database_url=given).resolved_database_url == "postgresql+psycopg://u@h/db"


@pytest.mark.parametrize("given", ["9.9.9.9", "9.9.9.9,[2620:fe::fe]:53 , 127.0.0.1:5353", "2620:fe::fe"])
def test_name_servers_are_addresses_with_commas_between(tmp_path: Path, given: str) -> None:
    assert Settings.load(data_dir=tmp_path, dns_servers=given).dns_servers == given


def test_a_variable_that_cannot_be_used_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTWRIGHT_PUBLIC_URL", "track.example.com")
    with pytest.raises(InvalidInput, match=r"POSTWRIGHT_PUBLIC_URL.*http"):
        Settings.load(data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "mysql://u@h/db", "postgresql"),
        ("DATABASE_URL", "app.db", "sqlite:///"),
        ("PUBLIC_URL", "http://track.example.com:port", "port"),
        ("PUBLIC_URL", "http://track.example.com:99999", "65535"),
        ("APP_URL", "https://[::1", "65535"),
        ("APP_URL", "ftp://mail.example.com", "http"),
        ("QUEUE_URL", "redis://127.0.0.1:6379/0", "not supported yet"),
        ("LAKE_URL", "s3://bucket/lake", "not supported yet"),
        ("SECRET_KEY", "hunter2", "at least 16"),
        ("LOG_FORMAT", "xml", "text"),
        ("DNS_SERVERS", "dns.example.com", "9.9.9.9"),
        ("DNS_SERVERS", "9.9.9.9, 1.1.1.1:70000", "9.9.9.9"),
        ("DNS_SERVERS", "[::1", "9.9.9.9"),
    ],
)
def test_what_would_fail_later_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"POSTWRIGHT_{name}", value)
    with pytest.raises(InvalidInput, match=rf"POSTWRIGHT_{name} can't be used: .*{words}") as refused:
        Settings.load(data_dir=tmp_path)
    assert name != "SECRET_KEY" or value not in str(refused.value)


PROVIDER = {"OIDC_ISSUER": "https://id.example.com/", "OIDC_CLIENT_ID": "postwright", "OIDC_CLIENT_SECRET": "a secret of the provider"}


@pytest.mark.parametrize(
    ("changed", "name", "words"),
    [
        ({"OIDC_ISSUER": "http://id.example.com"}, "OIDC_ISSUER", "must be https"),
        ({"OIDC_ISSUER": "id.example.com"}, "OIDC_ISSUER", "https address"),
        ({"OIDC_ISSUER": "https://id.example.com?tenant=1"}, "OIDC_ISSUER", "without anything after"),
        ({"OIDC_ISSUER": ""}, "OIDC_CLIENT_ID", "needs POSTWRIGHT_OIDC_ISSUER"),
        ({"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID", "is missing"),
        ({"OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET", "is missing"),
        ({"OIDC_NAME": "x" * 41}, "OIDC_NAME", "40"),
        ({"OIDC_JOIN": "admin"}, "OIDC_JOIN", "analyst"),
        ({"OIDC_JOIN": "analyst"}, "OIDC_JOIN_DOMAINS", "belong together"),
        ({"OIDC_JOIN_DOMAINS": "example.com"}, "OIDC_JOIN_DOMAINS", "belong together"),
        ({"OIDC_JOIN": "analyst", "OIDC_JOIN_DOMAINS": "*"}, "OIDC_JOIN_DOMAINS", "domains"),
        ({"OIDC_JOIN": "analyst", "OIDC_JOIN_DOMAINS": "com"}, "OIDC_JOIN_DOMAINS", "domains"),
    ],
)
def test_a_provider_is_set_up_wholly_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], name: str, words: str
) -> None:
    for variable, value in (PROVIDER | changed).items():
        monkeypatch.setenv(f"POSTWRIGHT_{variable}", value)
    with pytest.raises(InvalidInput, match=rf"POSTWRIGHT_{name} can't be used: .*{words}") as refused:
        Settings.load(data_dir=tmp_path)
    assert "a secret" not in str(refused.value)


@pytest.mark.parametrize("issuer", ["https://id.example.com/tenant/", "http://127.0.0.1:9000", "http://localhost:9000/realms/x"])
def test_a_provider_that_can_be_used(tmp_path: Path, issuer: str) -> None:
    given = {name.lower(): value for name, value in PROVIDER.items()} | {"oidc_issuer": issuer}
    settings = Settings.load(data_dir=tmp_path, **given, oidc_join="marketer", oidc_join_domains=" @Example.com, example.org ,")
    assert settings.oidc_issuer == issuer
    assert settings.oidc_join_domains == "example.com,example.org"
    assert "a secret" not in repr(settings)


def test_the_readme_describes_every_variable() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    named = set(re.findall(r"POSTWRIGHT_(\w+)", readme))
    assert {name.upper() for name in Settings.model_fields} <= named

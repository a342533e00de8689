"""The database is gone, before the start and after it: clicks lead on, everything is noted, and is in the lake afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from core.app import build
from core.links.tokens import Purpose
from core.settings import Settings
from core.storage.database import Database
from tests.receiver.conftest import Site, add_link, fill, receiver
from tests.receiver.signing_up import make_form, make_list, send, submissions
from tests.support.waiting import wait_for


@dataclass(frozen=True)
class Installation:
    """A data folder with a database that can be made unreachable.

    Args:
        folder: The data folder.
        environment: What names the database.
        outage: While it is entered, nobody can open the database.
    """

    folder: Path
    environment: dict[str, str]
    outage: Callable[[], AbstractContextManager[None]]

    @property
    def settings(self) -> Settings:
        return Settings.load(
            data_dir=self.folder, secret_key="a-key-for-tests-only", database_url=self.environment.get("POSTWRIGHT_DATABASE_URL", "")
        )

    def receiver(self) -> AbstractContextManager[Site]:
        return receiver(self.folder, environment=self.environment)


@pytest.fixture(params=["sqlite", "postgresql"])
def installed(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> Installation:
    folder = tmp_path / "data"
    folder.mkdir()
    if request.param == "sqlite":
        shutil.copy(migrated_file, folder / "app.db")
        found = Installation(folder, {}, lambda: _file_away(folder / "app.db"))
    else:
        db: Database = request.getfixturevalue("postgres_db")
        address = db.url.replace("postgresql+psycopg://", "postgresql://")
        db.close()
        found = Installation(folder, {"POSTWRIGHT_DATABASE_URL": address}, lambda: _nobody_let_in(address))
    fill(found.settings, others=8)
    return found


@contextmanager
def _file_away(path: Path) -> Iterator[None]:
    hidden = path.rename(path.with_suffix(".hidden"))
    for leftover in path.parent.glob("app.db-*"):
        leftover.rename(hidden.with_name(leftover.name.replace("app.db", hidden.name)))
    path.mkdir()
    yield
    path.rmdir()
    for leftover in path.parent.glob(f"{hidden.name}-*"):
        leftover.rename(path.with_name(leftover.name.replace(hidden.name, "app.db")))
    hidden.rename(path)


@contextmanager
def _nobody_let_in(address: str) -> Iterator[None]:
    server, _, name = address.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'alter database "{name}" with allow_connections false')
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        yield
        connection.execute(f'alter database "{name}" with allow_connections true')


def _everybody_acts(site: Site, first: int) -> None:
    """One opens, one clicks, one unsubscribes, one buys; all are answered as ever."""
    assert site.http.get(site.urls.open(first)).status_code == 200
    click = site.http.get(site.urls.click(first + 1, 1), follow_redirects=False)
    assert (click.status_code, click.headers["location"]) == (302, "https://shop.example/a?x=1")
    assert "You are unsubscribed" in site.http.post(site.urls.unsubscribe(first + 2)).text
    assert site.http.post(f"/e/{site.token(Purpose.CONVERSION, first + 3)}", data={"order_id": "1"}).status_code == 200


def _ingested(settings: Settings) -> set[tuple[str, int]]:
    services = build(settings)
    try:
        services.ingester.catch_up()
        with services.engine.session(1) as session:
            return {(row["kind"], row["message_id"]) for row in session.rows("select kind, message_id from events")}
    finally:
        services.ingester.close()
        services.close()


def test_a_receiver_started_without_its_database_redirects_notes_and_all_is_ingested_when_that_is_back(installed: Installation) -> None:
    with installed.receiver() as site:
        late = add_link(installed.settings, "https://shop.example/late", 7)  # learnt without anybody clicking it
        wait_for(lambda: b"/late" in installed.settings.links_snapshot.read_bytes(), "the new link to be in the snapshot")
    with installed.outage(), installed.receiver() as site:
        _everybody_acts(site, 1)
        assert site.http.get(site.urls.click(5, late), follow_redirects=False).headers["location"] == "https://shop.example/late"
        assert site.http.get(site.urls.click(6, 4711), follow_redirects=False).status_code == 404
        assert site.http.get("/readyz").json()["database"] is False
        assert "Traceback" not in site.log.read_text()
    expected = {("opened", 1), ("clicked", 2), ("unsubscribed", 3), ("converted", 4), ("clicked", 5), ("clicked", 6)}
    assert expected <= _ingested(installed.settings)


def test_a_receiver_whose_database_goes_away_and_comes_back_learns_again(installed: Installation) -> None:
    with installed.receiver() as site:
        with installed.outage():
            _everybody_acts(site, 1)
        late = add_link(installed.settings, "https://shop.example/late", 7)
        answer = wait_for(lambda: _redirected(site, late), "the new link to be known")
        assert answer == "https://shop.example/late"
        wait_for(lambda: site.http.get("/readyz").json()["database"], "the database to be found again")
    assert {("opened", 1), ("clicked", 2), ("unsubscribed", 3), ("converted", 4)} <= _ingested(installed.settings)


def _redirected(site: Site, link_id: int) -> str:
    return site.http.get(site.urls.click(9, link_id), follow_redirects=False).headers.get("location", "")


def test_nothing_that_is_not_registered_is_led_to(installed: Installation) -> None:
    """No open redirect: no parameter, no path and no forged token names a destination."""
    with installed.receiver() as site:
        db = Database(installed.settings.resolved_database_url)
        with db.transaction() as connection:
            connection.execute(sa.text("update links set url = 'javascript:alert(1)' where id = 2"))
        db.close()
    installed.settings.links_snapshot.unlink()
    with installed.receiver() as site:
        for path in (
            f"{site.urls.click(1, 1)}?url=https://evil.example/",
            f"{site.urls.click(1, 1)}/https://evil.example/",
            "/c/https://evil.example/",
            "/c//evil.example",
            site.urls.click(1, 2),
        ):
            location = site.http.get(path, follow_redirects=False).headers.get("location", "")
            assert location in ("", "https://shop.example/a?x=1"), path


def test_a_form_that_is_known_goes_on_without_the_database_and_an_unknown_one_asks_to_try_again(installed: Installation) -> None:
    with installed.receiver() as site:
        form = make_form(site, make_list(installed.settings, "News"), settings=installed.settings)
        with installed.outage():
            assert site.http.get(f"/f/{form.form.key}").status_code == 200
            assert send(site, form, "outage@example.com").status_code == 200
            assert submissions(site, "outage@example.com")
    with installed.outage(), installed.receiver() as site:
        assert site.http.get(f"/f/{form.form.key}").status_code == 503
        assert send(site, form, "lost@example.com").status_code == 503
        assert not submissions(site, "lost@example.com")

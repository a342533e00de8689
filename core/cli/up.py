"""`postwright up`: bring the database up to date, start everything, print where it is, keep it running. And each part alone."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated, NoReturn

import typer

from core import logs
from core.accounts.people import People
from core.accounts.resealing import reseal
from core.accounts.setup import Setup
from core.accounts.throttles import Throttles
from core.accounts.workspaces import Workspaces
from core.cli.addresses import LOOPBACK, Addresses, choose
from core.cli.answers import Answer
from core.cli.call import Call
from core.cli.children import Part
from core.cli.running import UpLock
from core.cli.supervisor import Supervisor, require_port, stop_signals
from core.clock import SystemClock
from core.settings import Settings
from core.storage.database import Database
from core.storage.vault import Vault

HostOption = Annotated[str, typer.Option("--host", help="The address to listen on; 0.0.0.0 for every one of this machine.")]
AppPort = Annotated[int, typer.Option("--app-port", min=0, max=65535, help="The app's port; from POSTWRIGHT_APP_URL if not given.")]
ReceiverPort = Annotated[int, typer.Option("--receiver-port", min=0, max=65535, help="The receiver's; from POSTWRIGHT_PUBLIC_URL.")]
ReceiverWorkers = Annotated[int, typer.Option("--receiver-workers", min=1, max=64, help="Processes that answer as the receiver.")]
SendingWorkers = Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that send, each with a processor of its own.")]
Workers = Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that answer.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; from the settings if not given.")]


def up(
    call: Call,
    host: HostOption = LOOPBACK,
    app_port: AppPort = 0,
    receiver_port: ReceiverPort = 0,
    receiver_workers: ReceiverWorkers = 1,
    workers: SendingWorkers = 1,
) -> Answer:
    """Start everything and keep it running until Ctrl-C."""
    settings = Settings.load()
    logs.configure(settings, "up")
    addresses = choose(settings, host, app_port, receiver_port)
    lock = UpLock(settings)
    lock.take(addresses.app_url, addresses.public_url, addresses.receiver_url)
    try:
        require_port(host, addresses.app_port, option="--app-port")
        require_port(host, addresses.receiver_port, option="--receiver-port")
        code = prepare(settings)
        with stop_signals() as stop:
            supervisor = Supervisor(parts(addresses, receiver_workers, workers), environment(settings, addresses))
            supervisor.run(stop, lambda sick: _tell(call, addresses, code, sick))
    finally:
        lock.release()
    if not call.as_json:
        call.say("Stopped.")
    raise typer.Exit(0)  # with --json the one object was written when everything was ready


def prepare(settings: Settings) -> str:
    """Bring the database up to date; return a fresh set-up code where nobody can sign in yet, else ""."""
    from core.storage.migrate import migrate  # Alembic: only who needs it waits for it

    _ = settings.key  # made now, by one process, before four start
    database = Database(settings.resolved_database_url)
    try:
        migrate(database)
        if settings.previous_keys:
            reseal(database, Vault(settings.key, settings.previous_keys))
        clock = SystemClock()
        throttles = Throttles(database, clock, settings.key)
        setup = Setup(database, clock, Workspaces(database, clock), People(database, clock), throttles)
        return setup.new_code() if setup.is_needed() else ""
    finally:
        database.close()


def parts(addresses: Addresses, receiver_workers: int = 1, workers: int = 1) -> list[Part]:
    """Return the processes of the product; the workers share what is due among themselves, and their connections' pace."""
    listen = ["--host", addresses.host, "--port"]
    several = ["--workers", str(receiver_workers)] if receiver_workers > 1 else []
    receiver = ["-m", "tracking_receiver", *several, *listen, str(addresses.receiver_port)]
    return [
        Part("receiver", receiver, addresses.receiver_health),
        Part("ingester", ["-m", "core.cli.main", "ingester"]),
        *(Part(f"worker-{number}" if workers > 1 else "worker", ["-m", "core.cli.main", "worker"]) for number in range(1, workers + 1)),
        Part("app", ["-m", "core.ui.server", *listen, str(addresses.app_port)], addresses.app_health),
    ]


def environment(settings: Settings, addresses: Addresses) -> dict[str, str]:
    """Return the environment of the parts: ours, with the addresses that are really used."""
    return {
        **os.environ,
        "POSTWRIGHT_DATA_DIR": str(settings.data_dir.resolve()),
        "POSTWRIGHT_APP_URL": addresses.app_url,
        "POSTWRIGHT_PUBLIC_URL": addresses.public_url,
        "PYTHONUNBUFFERED": "1",
    }


def _tell(call: Call, addresses: Addresses, code: str, sick: list[str]) -> None:
    if sick:
        logging.getLogger(__name__).warning("not answering yet: %s; the lines above may say why", ", ".join(sick))
    lines = [f"Postwright is running. Open {addresses.app_url}"]
    if code:
        lines.append(f"Nobody can sign in yet: make the first admin there with the set-up code {code}")
    lines.append(f"Mail links lead to {addresses.public_url}. Stop with Ctrl-C.")
    facts = {"pid": os.getpid(), "app_url": addresses.app_url, "public_url": addresses.public_url, "setup_code": code, "not_ready": sick}
    Answer(facts, "\n".join(lines), ok=not sick).show(as_json=call.as_json)


def app(call: Call, host: HostOption = LOOPBACK, port: Port = 0) -> Answer:
    """Run only the app: the pages people use."""
    _become("core.ui.server", host, choose(call.settings, host, port, 0).app_port)


def receiver(call: Call, host: HostOption = LOOPBACK, port: Port = 0, workers: Workers = 1) -> Answer:
    """Run only the receiver: opens, clicks, unsubscribes."""
    _become("tracking_receiver", host, choose(call.settings, host, 0, port).receiver_port, "--workers", str(workers))


def _become(module: str, host: str, port: int, *more: str) -> NoReturn:
    os.execv(sys.executable, [sys.executable, "-m", module, "--host", host, "--port", str(port), *more])  # noqa: S606 - our own program


def worker(call: Call) -> Answer:
    """Run only the worker: sends what is due."""
    from core.jobs.worker import run

    logs.configure(call.settings, "worker")
    with stop_signals() as stop:
        run(call.services, stop)
    return Answer(text="")


def ingester(call: Call) -> Answer:
    """Run only the ingester: takes events from the journal into the lake."""
    logs.configure(call.settings, "ingester")
    with stop_signals() as stop:
        call.services.ingester.run(stop)
    return Answer(text="")

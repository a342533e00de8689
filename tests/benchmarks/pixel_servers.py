"""What the receiver's pixel is compared with: the same receiver under other servers, and receivers that insert a row per hit."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.support import postgres

# The same parts, the same `Hits`, the same journal; only who speaks HTTP differs.
APPS = """
from core.clock import SystemClock
from core.settings import Settings
from tracking_receiver.app import Receiver
from tracking_receiver.asking import Asker
from tracking_receiver.hits import Hits
from tracking_receiver.parts import build
parts = build(Settings.load(), SystemClock())
asgi = Receiver(parts)
hits = Hits(parts)
async def rsgi(scope, protocol):
    hit = hits.answer(scope.path, Asker(scope.client.rpartition(":")[0], scope.headers.get("user-agent", ""), scope.method))
    reply = hit.reply if hit.record is None or parts.notes.hits([hit.record]) else hit.unnoted
    protocol.response_bytes(reply.status, [(name.decode(), value.decode()) for name, value in reply.headers], reply.body)
"""
UVICORN = """
import sys
import uvicorn
from apps import asgi
uvicorn.run(asgi, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="error")
"""
INSERT_PER_HIT = """
import sqlite3, sys
import uvicorn
connection = sqlite3.connect(sys.argv[1], check_same_thread=False)
connection.execute("pragma journal_mode=wal")
connection.execute("pragma synchronous=full")
connection.execute("create table hits(id integer primary key, path text, agent text)")
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    connection.execute("insert into hits(path, agent) values (?, ?)", (scope["path"], str(scope["headers"])))
    connection.commit()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/gif"), (b"content-length", b"43")]})
    await send({"type": "http.response.body", "body": b"x" * 43})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), loop="uvloop", http="httptools", log_level="error")
"""
# One statement a hit, which looks up the campaign and the subscriber and commits by itself.
INSERT_INTO_POSTGRES = '''
import itertools, sys
import asyncpg, uvicorn
numbers = itertools.count()
pool = None
VIEW = """insert into views(campaign_id, subscriber_id)
  select (select id from campaigns where uuid = $1), (select id from subscribers where uuid = $2)"""
async def app(scope, receive, send):
    global pool
    if scope["type"] == "lifespan":
        await receive()
        pool = await asyncpg.create_pool(sys.argv[1], min_size=25, max_size=25)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await pool.execute(VIEW, "campaign-1", f"subscriber-{next(numbers) % 10000}")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/gif"), (b"content-length", b"43")]})
    await send({"type": "http.response.body", "body": b"x" * 43})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), loop="uvloop", http="httptools", log_level="error")
'''
TABLES = """
create table campaigns(id serial primary key, uuid text unique not null);
create table subscribers(id serial primary key, uuid text unique not null);
create table views(id bigserial primary key, campaign_id integer not null references campaigns(id) on delete cascade,
  subscriber_id integer references subscribers(id) on delete set null, created_at timestamptz not null default now());
create index on views(campaign_id); create index on views(subscriber_id); create index on views((created_at at time zone 'utc'));
insert into campaigns(uuid) values ('campaign-1');
insert into subscribers(uuid) select 'subscriber-' || n from generate_series(0, 9999) n;
"""


def other_servers(folder: Path) -> dict[str, list[str]]:
    """Return by name the commands that serve the same receiver; the port comes last, and `folder` must be on the Python path."""
    (folder / "apps.py").write_text(APPS)
    granian = [sys.executable, "-m", "granian", "--host", "127.0.0.1", "--workers", "1", "--loop", "uvloop", "--http", "1", "--no-ws"]
    granian += ["--log-level", "error"]
    return {
        "uvicorn": [sys.executable, "-c", UVICORN],
        "granian, ASGI": [*granian, "--interface", "asgi", "apps:asgi", "--port"],
        "granian, RSGI": [*granian, "--interface", "rsgi", "apps:rsgi", "--port"],
    }


def sqlite_per_hit(folder: Path) -> list[str]:
    """Return the command of a receiver with a row and a commit per hit; the port comes last."""
    return [sys.executable, "-c", INSERT_PER_HIT, str(folder / "hits.db")]


@contextmanager
def postgres_per_hit() -> Iterator[list[str]]:
    """Yield the command of a receiver shaped like listmonk's, on a PostgreSQL that waits for the disk; the port comes last."""
    with postgres.server(durable=True) as server, postgres.database(server, f"hits_{os.getpid()}") as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(TABLES)
        yield [sys.executable, "-c", INSERT_INTO_POSTGRES, url]

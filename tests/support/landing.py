"""A web site of one's own on loopback: what links in messages lead to, and what pictures in them are loaded from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!doctype html><title>Shop</title><h1>You have arrived</h1>"
PICTURE = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"


class Landing:
    """A web site that has one page and one picture at every address, and remembers what it was asked.

    Args:
        url: Its address.
    """

    def __init__(self, url: str) -> None:
        self.url, self.page = url, PAGE
        self.asked: list[str] = []
        self.given: dict[str, tuple[dict[str, str], bytes]] = {}  # pages of one's own, with their headers, by path


@contextmanager
def landing() -> Iterator[Landing]:
    """Yield a web site; it is gone at the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            is_picture = self.path.endswith(".gif")
            usual = {"Content-Type": "image/gif" if is_picture else "text/html; charset=utf-8"}
            headers, body = site.given.get(self.path, (usual, PICTURE if is_picture else site.page))
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Landing(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""A layout's page in the browser, with pictures of its GDS: a server for this machine's user alone."""

import hmac
import json
import math
import secrets
import sys
import threading
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flow.layout.drawn import DrawnLayout

LOOPBACK = "127.0.0.1"
SIZE_MAX_PX = 4096
# So long a connection may say nothing, or not take its answer.
IDLE_LIMIT_S = 30
# Nothing from elsewhere runs, is shown or is asked for, whatever a run's names hold.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}


class LayoutServer(ThreadingHTTPServer):
    """Serves a page and pictures of the layouts `drawn`: a connection per thread, one picture at a time.

    It answers on the loopback address, to who knows the token in its address, and to requests that name this
    machine: a page of elsewhere whose name was made to lead here is refused.
    """

    # The end of the server waits for no connection.
    daemon_threads = True

    def __init__(self, drawn: Sequence[DrawnLayout], page: str, port: int = 0) -> None:
        """Listen on the loopback address; port 0 takes a free one."""
        super().__init__((LOOPBACK, port), LayoutRequest)
        self.drawn = tuple(drawn)
        # A KLayout view is one: its layers and its picture belong together.
        self._drawing = threading.Lock()
        self.page = page
        self.token = secrets.token_urlsafe(16)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{LOOPBACK}:{self.server_port}/{self.token}/"

    def is_own_host(self, host: str | None) -> bool:
        """Return whether a request's Host is this machine at this port."""
        return host in (f"{LOOPBACK}:{self.server_port}", f"localhost:{self.server_port}")

    def is_token(self, given: str) -> bool:
        """Return whether it is the token, in a time that does not depend on how much of it is."""
        return hmac.compare_digest(given.encode(), self.token.encode())

    def layout(self, query: dict[str, list[str]]) -> DrawnLayout:
        """Return the layout whose number is the query's `run`, 0 without one; raises ValueError for none."""
        number = int(query.get("run", ["0"])[0])
        if not 0 <= number < len(self.drawn):
            raise ValueError("no such run")
        return self.drawn[number]

    def picture(self, query: dict[str, list[str]]) -> bytes:
        """Return the picture that the query asks for; raises KeyError and ValueError for a broken one."""
        x0, y0, x1, y1 = (float(query[name][0]) for name in ("x0", "y0", "x1", "y1"))
        width, height = (int(query[name][0]) for name in ("width", "height"))
        if not all(math.isfinite(edge) for edge in (x0, y0, x1, y1)):
            raise ValueError("a window without an end")
        if not (x0 < x1 and y0 < y1 and 0 < width <= SIZE_MAX_PX and 0 < height <= SIZE_MAX_PX):
            raise ValueError("an empty window or an impossible size")
        drawn = self.layout(query)
        wanted = query.get("layers", [""])[0]
        shown = (
            [name for name in wanted.split(",") if name in drawn.layers] if wanted else tuple(drawn.layers)
        )
        with self._drawing:
            drawn.show(shown)
            return drawn.picture((x0, y0, x1, y1), width, height)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in a line what went wrong with a connection; nothing of one that its other end has left."""
        error = sys.exception()
        if not isinstance(error, OSError):
            print(f"view.py: {type(error).__name__}: {error}", file=sys.stderr)


class LayoutRequest(BaseHTTPRequestHandler):
    """Answers GET below `/TOKEN/`: the page, `layers?run=` and
    `picture?run=&x0=&y0=&x1=&y1=&width=&height=&layers=`; `run` counts the layouts from 0.
    """

    server: LayoutServer
    timeout = IDLE_LIMIT_S

    def do_GET(self) -> None:
        """Answer a request; a broken one is a 400, one of elsewhere a 403, one without the token a 404."""
        if not self.server.is_own_host(self.headers["Host"]):
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        parts = urlsplit(self.path)
        token, _, name = parts.path.removeprefix("/").partition("/")
        if not self.server.is_token(token):
            self.send_error(HTTPStatus.NOT_FOUND)
        elif name == "":
            self.answer("text/html; charset=utf-8", self.server.page.encode())
        elif name in ("layers", "picture"):
            query = parse_qs(parts.query)
            try:
                if name == "picture":
                    self.answer("image/png", self.server.picture(query))
                else:
                    names = tuple(self.server.layout(query).layers)
                    self.answer("application/json", json.dumps(names).encode())
            except (KeyError, ValueError) as error:
                # In the page, which is escaped, and not in the status line, which is not.
                self.send_error(HTTPStatus.BAD_REQUEST, explain=f"broken query: {error}")
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def answer(self, kind: str, content: bytes) -> None:
        """Send `content`."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the terminal quiet."""

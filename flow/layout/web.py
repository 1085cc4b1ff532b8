"""A layout in the browser, to pan and zoom: a server on this machine alone."""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from flow.layout.drawn import DrawnLayout

LOOPBACK = "127.0.0.1"
PAGE = Path(__file__).with_name("web.html")
SIZE_MAX_PX = 4096
TITLE_MARK, DIE_MARK = "@TITLE@", "@DIE_UM@"


class LayoutServer(HTTPServer):
    """Serves the page and pictures of `drawn`; one request at a time, as KLayout's view needs it."""

    def __init__(self, drawn: DrawnLayout, title: str, port: int = 0) -> None:
        """Listen on the loopback address; port 0 takes a free one."""
        super().__init__((LOOPBACK, port), LayoutRequest)
        self.drawn = drawn
        self.title = title

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{LOOPBACK}:{self.server_port}/"


class LayoutRequest(BaseHTTPRequestHandler):
    """Answers GET: `/`, `/layers`, `/picture?x0=&y0=&x1=&y1=&width=&height=&layers=`."""

    server: LayoutServer

    def do_GET(self) -> None:
        """Answer a request; a broken one is a 400."""
        parts = urlsplit(self.path)
        drawn = self.server.drawn
        if parts.path == "/":
            page = PAGE.read_text().replace(TITLE_MARK, self.server.title)
            self.answer("text/html; charset=utf-8", page.replace(DIE_MARK, json.dumps(drawn.die_um)).encode())
        elif parts.path == "/layers":
            self.answer("application/json", json.dumps(drawn.layers).encode())
        elif parts.path == "/picture":
            try:
                self.answer("image/png", self.picture(parse_qs(parts.query)))
            except (KeyError, ValueError) as error:
                self.send_error(HTTPStatus.BAD_REQUEST, f"broken query: {error}")
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def picture(self, query: dict[str, list[str]]) -> bytes:
        """Return the picture that the query asks for; raises KeyError and ValueError for a broken one."""
        x0, y0, x1, y1 = (float(query[name][0]) for name in ("x0", "y0", "x1", "y1"))
        width, height = (int(query[name][0]) for name in ("width", "height"))
        if not (x0 < x1 and y0 < y1 and 0 < width <= SIZE_MAX_PX and 0 < height <= SIZE_MAX_PX):
            raise ValueError("an empty window or an impossible size")
        drawn = self.server.drawn
        wanted = query.get("layers", [""])[0]
        drawn.show([name for name in wanted.split(",") if name in drawn.layers] if wanted else drawn.layers)
        return drawn.picture((x0, y0, x1, y1), width, height)

    def answer(self, kind: str, content: bytes) -> None:
        """Send `content`."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the terminal quiet."""

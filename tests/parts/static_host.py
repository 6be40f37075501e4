"""A static host that knows no more than most: files, folders with an index, and 404.html for everything else."""

import http.server
import threading
from pathlib import Path
from typing import Any, Self

from tests.parts.ports import free_port


class StaticHost:
    """Serves *folder*, which may be filled later, on a port of its own while the block runs."""

    def __init__(self, folder: Path, *, name: str = "127.0.0.1") -> None:
        self.port = free_port()
        self.url = f"http://{name}:{self.port}"
        self._folder = folder

    def __enter__(self) -> Self:
        folder = str(self._folder)

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args: Any) -> None:
                super().__init__(*args, directory=folder)

            def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
                """Keep quiet."""

            def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
                page = Path(folder, "404.html")
                if code != http.HTTPStatus.NOT_FOUND or not page.is_file():
                    super().send_error(code, message, explain)
                    return
                content = page.read_bytes()
                self.send_response(code)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="static-host", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

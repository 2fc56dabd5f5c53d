"""Servers of a published folder on loopback: `feed serve` in a thread or as a process, and nginx as documented."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from feed import settings
from feed.serve.server import Service

ROOT = Path(__file__).parents[1]
OPERATIONS = ROOT / "docs/operations.md"
SECONDS = 20
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
CADDY = shutil.which("caddy")
_NGINX_FRAME = """\
daemon off;
master_process on;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    log_format answers "$request_uri $status";
    access_log {folder}/access.log answers;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""


class Answer(NamedTuple):
    """What came back; the names of fields are in small letters, the content is as it was sent."""

    status: int
    fields: dict[str, str]
    content: bytes


def ask(port: int, path: str, fields: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
    """The answer of the server at this port to one request, with no field but these."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in (fields or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def ask_raw(port: int, request: bytes) -> bytes:
    """All that comes back until the server ends the connection, or is silent for two seconds."""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        received = b""
        try:
            connection.sendall(request)
            while chunk := connection.recv(65_536):
                received += chunk
        except (TimeoutError, ConnectionError):
            pass
        return received


@contextmanager
def service(config: Path, **serve: str | int) -> Iterator[Service]:
    """`feed serve` in a thread, with these settings under [serve]."""
    from msgspec.structs import replace

    loaded = settings.load(config)
    made = Service(replace(loaded, serve=replace(loaded.serve, **serve)), "127.0.0.1", 0)
    thread = Thread(target=made.run)
    thread.start()
    try:
        wait_for(made.port)
        yield made
    finally:
        made.stop()
        thread.join(SECONDS)
        assert not thread.is_alive()


@contextmanager
def process(config: Path, *arguments: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """`feed serve` as a process, and its port."""
    command = [sys.executable, "-m", "feed", "--config", str(config), "serve", "--port", "0", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        try:
            assert run.stdout
            line = run.stdout.readline()
            while line and "Serving" not in line:
                line = run.stdout.readline()
            found = re.search(r" at http://127\.0\.0\.1:([0-9]+)/$", line)
            assert found, line + run.stdout.read()
            port = int(found[1])
            wait_for(port)
            yield port, run
        finally:
            if run.poll() is None:
                run.send_signal(signal.SIGTERM)
                run.wait(SECONDS)


def documented() -> str:
    """The server that docs/operations.md gives for nginx."""
    blocks = re.findall(r"```nginx\n(.*?)```", OPERATIONS.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = (block for block in blocks if "server {" in block)
    return str(found)


@contextmanager
def nginx(public: Path, folder: Path, server: str | None = None) -> Iterator[int]:
    """Debian's nginx with the documented server for this folder, but at a port of loopback; other files of its own go
    into `folder`."""
    assert NGINX
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    server = server or documented()
    for documented_as, here in (("listen 80;", f"listen 127.0.0.1:{port};"), ("/srv/news/public", str(public))):
        assert documented_as in server
        server = server.replace(documented_as, here)
    # Started by root it would serve as a user who cannot read pytest's folders.
    user = "user root;" if os.getuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(_NGINX_FRAME.format(folder=folder, user=user, server=server))
    with subprocess.Popen([NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]) as run:
        try:
            wait_for(port)
            yield port
        finally:
            run.terminate()
            run.wait(SECONDS)


@contextmanager
def caddy(public: Path, folder: Path) -> Iterator[int]:
    """Caddy with the documented site for this folder, but at a port of loopback and without TLS."""
    assert CADDY
    folder.mkdir(parents=True, exist_ok=True)
    (site,) = re.findall(r"```caddyfile\n(.*?)```", OPERATIONS.read_text(encoding="utf-8"), re.DOTALL)
    port = free_port()
    site = site.replace("news.example.org {", f"http://127.0.0.1:{port} {{").replace("/srv/news/public", str(public))
    config = folder / "Caddyfile"
    config.write_text(f"{{\n\tadmin off\n}}\n{site}")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    command = [CADDY, "run", "--adapter", "caddyfile", "--config", str(config)]
    with (folder / "log").open("w") as log, subprocess.Popen(command, env=environment, stderr=log) as run:
        try:
            wait_for(port)
            yield port
        finally:
            run.terminate()
            run.wait(SECONDS)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return int(free.getsockname()[1])


def wait_for(port: int) -> None:
    """Until the server answers."""
    for _ in range(SECONDS * 20):
        try:
            ask(port, "/healthz")
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nothing answers at port {port}")


def until(true: object) -> None:
    """Waits until a function says yes."""
    assert callable(true)
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)

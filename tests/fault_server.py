"""Publishes under strace, which makes one system call fail: a warm process forks one publisher for each job.

Jobs come as JSON lines on standard input: the settings file, what to inject (None: nothing), where to put the trace.
The answer is the publisher's exit status (3: refused in words, 4: a traceback; negative: killed) and what it said.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from feed import settings
from feed.errors import FeedError
from feed.newsroom import Newsroom

TRACED = "write,pwrite64,fsync,fdatasync,rename,mkdir"
# Linux: lets a process that is no parent trace this one (prctl(2), PR_SET_PTRACER).
_PR_SET_PTRACER = 0x59616D61


def main() -> None:
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(json.loads(line))) + "\n")
        sys.stdout.flush()


def warm(config: str, out: str) -> None:
    """Load what publishing loads, so that no publisher has to."""
    with Newsroom.open(settings.load(Path(config))) as newsroom:
        newsroom.publish(Path(out))


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    if "warm" in job:
        warm(job["config"], job["warm"])
        return {}
    said_from, said_to = os.pipe()
    go_from, go_to = os.pipe()
    child = os.fork()
    if child == 0:
        _publish(job["config"], go_from, said_to)
    os.close(said_to)
    strace = _traced(child, job) if job["inject"] is not None else None
    os.write(go_to, b"x")
    with os.fdopen(said_from) as said:
        text = said.read()
    _, status = os.waitpid(child, 0)
    if strace is not None:
        strace.communicate()
    os.close(go_from)
    os.close(go_to)
    return {"status": os.waitstatus_to_exitcode(status), "said": text}


def _publish(config: str, go: int, said: int) -> NoReturn:
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, -1, 0, 0, 0)
    os.read(go, 1)
    status = 0
    try:
        with Newsroom.open(settings.load(Path(config))) as newsroom:
            newsroom.publish()
    except FeedError as error:
        os.write(said, str(error).encode())
        status = 3
    except BaseException:
        os.write(said, traceback.format_exc().encode())
        status = 4
    os._exit(status)


def _traced(child: int, job: dict[str, Any]) -> subprocess.Popen[str]:
    injected = ["-e", f"inject={job['inject']}"] if job["inject"] else []
    command = ["strace", "-f", "-p", str(child), "-e", f"trace={TRACED}", *injected, "-o", job["trace"]]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert strace.stderr
    assert "attached" in strace.stderr.readline()
    return strace


if __name__ == "__main__":
    main()

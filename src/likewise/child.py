"""Work that another process does, so that this one does not have to load what it takes.

Starts and ends such a process; must not know what it works on.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

END_SECONDS = 5  # for tidying up; then it is killed
_MAX_REASON_BYTES = 2_000


async def start(module: str, *arguments: str, is_told: bool = False) -> Process:
    """Run a module of ours; where it `is_told` something, that goes through its standard input.

    It gets none of our settings: other users of the machine may see arguments, and whatever it
    starts would inherit its environment.
    """
    environment = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith("LIKEWISE_") and name != "ADMIN_API_KEY"
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, *arguments),
        stdin=PIPE if is_told else DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env=environment,
        start_new_session=True,  # Ctrl-C on our terminal is for us; we end it then
    )


async def reason_of(process: Process) -> str:
    """Return what the process wrote on standard error: in the end, why it failed."""
    assert process.stderr is not None  # noqa: S101 (it was asked for)
    reason = b""
    while piece := await process.stderr.read(_MAX_REASON_BYTES):
        reason = (reason + piece)[-_MAX_REASON_BYTES:]
    return reason.decode("utf-8", "replace").strip()


async def end(process: Process) -> None:
    """Have the process end, and see it gone unless its disk holds it fast."""
    for stop in (process.terminate, process.kill):
        with suppress(ProcessLookupError):
            stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_SECONDS)
            return

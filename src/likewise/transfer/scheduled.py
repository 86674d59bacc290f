"""One backup on schedule: a short process of its own beside the service, which says when.

Is told a `Job` as JSON on standard input, and prints the backup's path as soon as that is good.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple, cast

from likewise.errors import StartError
from likewise.logs import escaped
from likewise.store.file import unusable
from likewise.transfer.backup import write_backup
from likewise.transfer.folder import clear, drop_oldest, free_name, working_in

if TYPE_CHECKING:
    from io import TextIOWrapper

_LEAST_PRIORITY = 19  # of the processor; Linux takes that of the disk from it (ioprio_set(2))


class Job(NamedTuple):
    """What to back up, where to, how many to keep; `now` is the second since 1970 to call it by."""

    database: str
    configured_secret: str | None
    folder: str
    kept: int
    now: float


def carry_out(job: Job) -> None:
    """Make the backup, then remove the oldest. Raises `StartError`."""
    try:
        with working_in(job.folder):
            clear(job.folder, job.database)
            new = free_name(job.folder, job.database, job.now)
            secret = write_backup(job.database, job.configured_secret, new)
            with suppress(BrokenPipeError):  # the service was killed: it is a good one all the same
                sys.stdout.write(f"{new}\n")
                sys.stdout.flush()
            drop_oldest(job.folder, job.database, secret, kept=job.kept, new=new)
    except OSError as error:
        raise unusable(job.folder, error) from None


def main() -> int:
    """Do what standard input tells; return 0, or 1 with a line that says why not."""
    signal.signal(signal.SIGTERM, _stop)
    cast("TextIOWrapper", sys.stdout).reconfigure(errors="backslashreplace")
    os.nice(_LEAST_PRIORITY)
    try:
        carry_out(Job(**json.load(sys.stdin)))
    except StartError as error:
        return _failed(str(error))
    except Exception as error:  # noqa: BLE001 (whoever reads this wants a line, whatever it is)
        return _failed(f"{type(error).__name__}: {error}.")
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(_failed("It was stopped."))


def _failed(why: str) -> int:
    sys.stderr.write(f"{escaped(why)}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())

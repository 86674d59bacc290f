"""Whether there are backups, and how old the newest is, by the names that `likewise backup` gives.

Knows a folder and the time; opens no backup.
"""

from __future__ import annotations

import calendar
import re
import time
from pathlib import Path

from likewise.doctor.finding import Finding, fail, ok, warn

STALE_SECONDS = 48 * 3_600  # a daily one may be late, and a machine be off at night
_SECONDS_PER_HOUR = 3_600
_MOMENT = re.compile(r"-(\d{8}T\d{6})Z\.\w+$")


def backups(folder: Path | None, database: Path, now: float) -> Finding:
    """Check the backups in the folder that is set, or else beside the database.

    A folder that was set is a promise: there, none or an old one fails.
    """
    report = warn if folder is None else fail
    where = database.parent if folder is None else folder
    try:
        newest = newest_in(where, database.stem)
    except OSError as error:
        return fail("backups", f"{where} cannot be read: {error.strerror}.", "Mend the folder.")
    if newest is None:
        return report("backups", f"There is no backup in {where}.", _ADVICE)
    hours = int(now - newest) // _SECONDS_PER_HOUR
    age = f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
    if now - newest >= STALE_SECONDS:
        return report("backups", f"The newest backup in {where} is {age} old.", _ADVICE)
    return ok("backups", f"The newest backup in {where} is {age} old.")


def newest_in(folder: Path, stem: str) -> int | None:
    """Return when the newest backup was made, in seconds since 1970. Raises `OSError`."""
    moments = []
    for path in folder.iterdir():
        found = _MOMENT.search(path.name)
        if found and path.name.startswith(f"{stem}-") and path.suffix != ".key":
            try:
                moments.append(calendar.timegm(time.strptime(found[1], "%Y%m%dT%H%M%S")))
            except ValueError:
                continue  # no moment, whoever has written it
    return max(moments, default=None)


_ADVICE = "Let `likewise backup` run every day, and keep a copy on another machine."

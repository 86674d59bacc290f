"""Whether there are backups, and how old the newest is, by the names that `likewise backup` gives.

Knows a folder and the time; opens no backup.
"""

from __future__ import annotations

import os

from likewise.doctor.finding import Finding, fail, ok, warn
from likewise.transfer.folder import named_as

STALE_SECONDS = 48 * 3_600  # a daily one may be late, and a machine be off at night
_SECONDS_PER_HOUR = 3_600


def backups(folder: str | None, database: str, now: float) -> Finding:
    """Check the backups in the folder that is set, or else beside the database.

    A folder that was set is a promise: there, none or an old one fails.
    """
    report = warn if folder is None else fail
    where = os.path.dirname(database) if folder is None else folder
    try:
        newest = max((one.moment for one in named_as(where, database)), default=None)
    except OSError as error:
        return fail("backups", f"{where} cannot be read: {error.strerror}.", "Mend the folder.")
    if newest is None:
        return report("backups", f"There is no backup in {where}.", _ADVICE)
    hours = int(now - newest) // _SECONDS_PER_HOUR
    age = f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
    if now - newest >= STALE_SECONDS:
        return report("backups", f"The newest backup in {where} is {age} old.", _ADVICE)
    return ok("backups", f"The newest backup in {where} is {age} old.")


_ADVICE = (
    "Set LIKEWISE_BACKUPS to a folder: then one is made every day. Where it is set, the log says"
    " why none was made. Keep a copy on another machine."
)

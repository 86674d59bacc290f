"""The edge's rule against floods: whether there is one, and whether it spares those who read.

Sends a burst of harmless requests, and so only where it was asked for.
"""

from __future__ import annotations

from likewise.doctor.finding import Finding, ok, warn
from likewise.doctor.subject import Subject
from likewise.doctor.visitor import Answer

READS, WRITES = 25, 25  # what our own limits let pass


def rate(subject: Subject) -> Finding:
    """Check what happens to a burst of reads, and then to one of writes."""
    for number in range(READS):
        if _is_held(subject.get(f"/v1/counts?page=/doctor-{subject.mark}-{number}")):
            return warn(
                "rate",
                f"The edge refuses readers after {number} requests.",
                "Let its rule count /v1/like alone: every page that is opened reads the counts.",
            )
    for number in range(WRITES):
        if _is_held(subject.post("/v1/like", {})):
            return ok("rate", f"The edge refuses after {number} writes, and lets readers pass.")
    return warn(
        "rate",
        f"No rule of the edge stopped {WRITES} quick writes. The service's own limits hold.",
        "Against floods let the edge refuse more than 10 requests to /v1/like in 10 seconds.",
    )


def _is_held(answer: Answer) -> bool:
    """Tell whether something else than the service has answered."""
    return answer.status in {403, 429, 503} and "code" not in answer.json

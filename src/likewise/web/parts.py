"""Parts of the service that are loaded when they are first asked: memory is for what is used.

Knows names of methods; must not know what they do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from likewise.http.message import Answer
from likewise.web.routes import Handler


class LatePart:
    """Stands for a part that `make` imports and builds; its handlers are that part's."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Handler:
        """Return a handler that has the part made, if none has before."""

        def handle(*arguments: object) -> Answer:
            answer: Answer = getattr(self._part, name)(*arguments)
            return answer

        return handle

    @cached_property
    def _part(self) -> object:
        return self._make()

"""The image, built once for all tests, and containers of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.deploy.container import Container
from tests.deploy.engine import Engine, missing_programs

TAG = "localhost/likewise:test"

StartContainer = Callable[..., Container]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Return buildah and podman on a storage of their own, which is removed at the end."""
    missing = missing_programs()
    if missing:
        pytest.skip(f"Missing: apt-get install {' '.join(missing)}")
    if os.getuid() != 0:
        pytest.skip("The base of the image is made by root only: run this test as root")
    engine = Engine(tmp_path_factory.mktemp("containers"))
    engine.load_base()
    yield engine
    engine.run("podman", "system", "reset", "--force")


@pytest.fixture(scope="session")
def image(engine: Engine) -> str:
    """Build the image; return its name."""
    engine.build(TAG)
    return TAG


@pytest.fixture
def container(engine: Engine, image: str, tmp_path: Path) -> Iterator[StartContainer]:
    """Return a function that makes containers with options and settings; none outlives a test."""
    with ExitStack() as stack:

        def make(*options: str, **settings: str) -> Container:
            directory = tmp_path / f"container-{len(list(tmp_path.glob('container-*')))}"
            directory.mkdir()
            made = Container(engine, image, directory, *options, **settings)
            stack.callback(made.stop)
            return made

        yield make

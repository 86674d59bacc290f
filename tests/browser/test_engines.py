"""The widget where other engines run it: in Firefox and in WebKitGTK."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Site
from tests.browser.engines import SHOWN_SECONDS, Engine, Firefox, WebKit, shows
from tests.browser.post import html
from tests.conftest import StartService
from tests.service import Service

BUTTONS = "[...document.querySelectorAll('like-wise')].map((it) => it.shadowRoot).flatMap((root) =>\
 [...(root?.querySelectorAll('[part=button]') ?? [])])"
COUNTS = f"return {BUTTONS}.map((it) => it.querySelector('[part=count]').textContent)"
PRESSED = f"return {BUTTONS}.map((it) => it.ariaPressed)"
NAMES = f"return {BUTTONS}.map((it) => it.ariaLabel)"


@pytest.fixture(scope="module", params=[Firefox, WebKit], ids=["Firefox", "WebKitGTK"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("profile")
    running = request.param(folder)
    yield running
    running.close()


@pytest.fixture
def service(start_service: StartService) -> Service:
    return start_service(LIKEWISE_DEMO="on", LIKEWISE_VIEWS="on")


def stored(service: Service, site: str, kind: str, count: int) -> None:
    """Wait until the service has so many."""
    until = time.monotonic() + SHOWN_SECONDS
    while (found := service.count("/post", site=site, kind=kind)) != count:
        assert time.monotonic() < until, found
        time.sleep(0.05)


def nth(number: int) -> str:
    return f"return {BUTTONS}[{number}]"


def test_a_like_is_given_kept_and_taken_back(engine: Engine, site: Site, service: Service) -> None:
    address = site({"/post/": html(service, "<like-wise></like-wise>")}) + "/post/"
    engine.open(address)
    shows(engine, COUNTS, ["0"])
    engine.click(nth(0))
    shows(engine, PRESSED, ["true"])
    shows(engine, COUNTS, ["1"])
    stored(service, "default", "like", 1)
    engine.open(address)
    shows(engine, COUNTS, ["1"])
    shows(engine, PRESSED, ["true"])
    engine.click(nth(0))
    shows(engine, COUNTS, ["0"])
    assert (
        engine.run(
            "return performance.getEntriesByType('resource').map(({name}) => name)\
.filter((name) => name.includes('reactions')).length"
        )
        == 0
    )


def test_reactions_of_which_one_stands(engine: Engine, site: Site, service: Service) -> None:
    body = '<like-wise site="demo" kind="👍 👎" label="Up, Down"></like-wise>'
    engine.open(site({"/post/": html(service, body)}) + "/post/")
    shows(engine, NAMES, ["Up 0", "Down 0"])
    engine.click(nth(0))
    shows(engine, PRESSED, ["true", "false"])
    engine.click(nth(1))
    shows(engine, PRESSED, ["false", "true"])
    shows(engine, COUNTS, ["0", "1"])


def test_claps_and_readers_in_another_language(
    engine: Engine, site: Site, service: Service
) -> None:
    body = '<like-wise site="demo" kind="👏" icon="clap" label="Klatschen" views></like-wise>'
    page = html(service, body, attributes='lang="de"')
    engine.open(site({"/post/": page}) + "/post/")
    shows(engine, NAMES, ["Klatschen 0"])
    for _ in range(3):
        engine.click(nth(0))
    shows(engine, COUNTS, ["3"])
    views = "return document.querySelector('like-wise').shadowRoot\
.querySelector('[part=views]').textContent"
    shows(engine, views, "Aufrufe: 1")
    stored(service, "demo", "👏", 3)


def test_a_reason_is_asked_for(engine: Engine, site: Site, service: Service) -> None:
    body = '<like-wise site="demo" kind="yes no" label="Yes, No" reason></like-wise>'
    engine.open(site({"/post/": html(service, body)}) + "/post/")
    shows(engine, NAMES, ["Yes", "No"])
    engine.click(nth(1))
    form = "document.querySelector('like-wise').shadowRoot.querySelector('form')"
    shows(engine, f"return {form} !== null", expected=True)
    engine.run(f"{form}.querySelector('textarea').value = 'Because'")
    engine.click(f"return {form}.querySelector('[part=send]')")
    shows(engine, f"return {form} === null", expected=True)
    told = service.owner("/api/reasons?site=demo").json["reasons"]
    assert [one["reason"] for one in told] == ["Because"]

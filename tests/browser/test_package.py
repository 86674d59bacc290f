"""The widget as a package for those who bundle their scripts: packed, installed, typed, run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from likewise import __version__
from tests.browser.conftest import Site
from tests.browser.post import WIDGET
from tests.conftest import StartService
from tests.test_docs import observed_attributes

MANIFEST: Any = json.loads((WIDGET / "custom-elements.json").read_text(encoding="utf-8"))
USE = """
import { LikeWise, serviceAt } from 'likewise-widget/define';
import { styles } from 'likewise-widget/styles';

serviceAt('SERVICE');
const element: LikeWise = document.createElement('like-wise');
element.setAttribute('kind', '❤️ 🎉');
element.addEventListener('likewise:change', ({ detail }) => {
  document.title = `${detail.kind} ${detail.count ?? 0} ${styles.length > 0}`;
});
document.body.append(element);
"""
TYPES = {
    "compilerOptions": {
        "module": "NodeNext",
        "target": "ES2022",
        "lib": ["ES2022", "DOM"],
        "types": [],
        "strict": True,
        "noEmit": True,
    },
    "include": ["use.ts"],
}


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed the package as it would be published."""
    if not shutil.which("npm") or not (WIDGET / "node_modules" / "esbuild").exists():
        pytest.skip("the widget's tools are missing: npm ci in widget/")
    folder = tmp_path_factory.mktemp("project")
    packed = npm("pack", "--silent", "--pack-destination", str(folder), at=WIDGET)
    (folder / "package.json").write_text('{"type": "module", "private": true}', encoding="utf-8")
    npm("install", "--offline", "--no-audit", "--no-fund", f"./{packed.split()[-1]}", at=folder)
    return folder


def npm(*arguments: str, at: Path) -> str:
    done = subprocess.run(["npm", *arguments], cwd=at, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tool(name: str, *arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    program = WIDGET / "node_modules" / ".bin" / name
    return subprocess.run(
        [program, *arguments], cwd=at, capture_output=True, text=True, check=False
    )


def test_it_has_what_it_names_and_no_source(installed: Path) -> None:
    package = installed / "node_modules" / "likewise-widget"
    named = json.loads((package / "package.json").read_text(encoding="utf-8"))["exports"]
    files = [one if isinstance(one, str) else list(one.values()) for one in named.values()]
    for name in {name for each in files for name in ([each] if isinstance(each, str) else each)}:
        assert (package / name).is_file()
    assert (package / "README.md").is_file()
    assert not (package / "src").exists()


def test_a_bundled_element_likes_and_is_typed(
    page: Page, installed: Path, start_service: StartService, site: Site
) -> None:
    service = start_service(LIKEWISE_KINDS="❤️,🎉")
    use = installed / "use.ts"
    use.write_text(USE.replace("SERVICE", f"{service.url}/"), encoding="utf-8")
    (installed / "tsconfig.json").write_text(json.dumps(TYPES), encoding="utf-8")
    checked = tool("tsc", at=installed)
    assert checked.returncode == 0, checked.stdout
    bundled = tool("esbuild", "use.ts", "--bundle", "--format=esm", "--minify", at=installed)
    assert bundled.returncode == 0, bundled.stderr
    address = site({"/": "<!doctype html><html lang=en><body><script src=/use.js></script>"})
    page.route(
        "**/use.js",
        lambda route: route.fulfill(body=bundled.stdout, content_type="text/javascript"),
    )
    page.goto(address)
    expect(page.get_by_role("button")).to_have_count(2)


def test_where_a_site_is_made_it_does_nothing(installed: Path) -> None:
    (installed / "server.js").write_text(
        "import { LikeWise, serviceAt } from 'likewise-widget/define';\n"
        "import { styles } from 'likewise-widget/styles';\n"
        "serviceAt('https://likes.example.com/'); console.log(typeof LikeWise + styles);\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        ["node", "server.js"], cwd=installed, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("function\n", "")


def declared(what: str) -> set[str]:
    (declaration,) = MANIFEST["modules"][0]["declarations"]
    return {one["name"] for one in declaration[what]}


def sources() -> Iterator[str]:
    for file in sorted((WIDGET / "src").rglob("*.*")):
        yield file.read_text(encoding="utf-8")


def test_the_manifest_names_every_attribute_part_and_property() -> None:
    text = "\n".join(sources())
    assert declared("attributes") == {*observed_attributes(), "liked"}
    made = set(re.findall(r"make\(\s*'\w+',\s*'(\w+)'", text))
    assert declared("cssParts") == made | {"icon"}
    assert declared("cssProperties") == set(re.findall(r"var\((--[\w-]+)", text))


def test_its_version_is_the_services() -> None:
    version = json.loads((WIDGET / "package.json").read_text(encoding="utf-8"))["version"]
    assert version == __version__

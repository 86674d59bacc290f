"""The pages that Docusaurus writes with the plugin."""

from __future__ import annotations

import hmac
import re
import subprocess

import pytest

from tests.integrations.npm_site import ROOT, NpmSite, elements, environment, node
from tests.service import Service, free_port, voter

API = "http://127.0.0.1:8000"
KEY = "a-page-key-for-tests-0123456789"
HOSTILE = "\"><img src=x onerror=alert(1)>&'"
TYPESCRIPT = ROOT / "widget" / "node_modules" / "typescript"

# Installing it takes its time, once.
pytestmark = pytest.mark.timeout(500)


@pytest.fixture
def docusaurus() -> NpmSite:
    return NpmSite("docusaurus")


def set_up(site: NpmSite, settings: str, *, below: str = "/") -> None:
    site.configure("docusaurus.config.js", f"{{ api: '{API}', popular: {{ limit: 5 }} }}", settings)
    site.configure("docusaurus.config.js", "baseUrl: '/'", f"baseUrl: '{below}'")


def button(html: str) -> dict[str, str | None]:
    return elements(html)["like-wise"]


def signature(page: str) -> str:
    return hmac.new(KEY.encode(), f"default\n{page}".encode(), "sha256").hexdigest()


def test_pages_are_signed_below_a_base_while_the_service_is_down(docusaurus: NpmSite) -> None:
    api = f"http://127.0.0.1:{free_port()}"
    set_up(docusaurus, f"{{ api: '{api}', counts: true, popular: {{}} }}", below="/blog/")
    built = docusaurus.build(LIKEWISE_PAGE_KEY=f"{KEY},older")
    assert built.is_done, built.said
    for page in ("posts/hello", "posts/café", "notes/hello"):
        assert button(built.text(f"{page}/index.html")) == {
            "page": f"/blog/{page}/".replace("é", "%C3%A9"),
            "sig": signature(f"/blog/{page}"),
        }
    for folder in (built.folder, docusaurus.example / ".docusaurus"):
        for file in folder.rglob("*"):
            assert file.is_dir() or KEY.encode() not in file.read_bytes()
    assert KEY not in built.said
    assert built.said.count(f"Likewise: no answer from {api}") == 1
    assert "likewise-popular" not in built.text("index.html")


def test_what_is_hostile_stays_text_with_counts_and_popular_pages(
    docusaurus: NpmSite, service: Service
) -> None:
    set_up(
        docusaurus,
        f"{{ api: '{service.url}', counts: true, popular: {{}}, label: 'A \"<b>', docs: false }}",
    )
    title = HOSTILE.replace("'", "''")
    docusaurus.write("posts/a&'b.md", f"---\ntitle: '{title}'\ndate: 2026-01-01\n---\nx\n")
    for number, page in enumerate(["/posts/hello", "/made-up", "/posts/quiet", "/posts/hello"]):
        service.like(page, voter(number), address=f"20.0.0.{number}")
    docusaurus.write(
        "src/pages/wished.jsx",
        "import LikeWise from '@theme/LikeWise';\n"
        "export default () => <LikeWise kind='👍 👎' views reason='Why?' icon='own' lang='de'>"
        "<b slot='icon'>+</b></LikeWise>;\n",
    )
    built = docusaurus.build()
    assert built.is_done, built.said
    pages = [path for path in built.folder.rglob("index.html") if "a&'b" in str(path)]
    [post] = [path.read_text(encoding="utf-8") for path in pages]
    assert "img" not in elements(post)
    assert button(post)["label"] == 'A "<b>'
    assert f"/{pages[0].parent.relative_to(built.folder)}/" == button(post)["page"]
    assert "♥ 0</like-wise>" in post
    assert "♥ 2</like-wise>" in built.text("posts/hello/index.html")
    assert built.buttons("notes/hello/index.html") == []
    assert built.buttons("posts/quiet/index.html") == []
    assert built.buttons("posts/index.html") == []
    assert len(built.buttons("index.html")) == 3
    [listed] = re.findall(r"<ol class=\"?likewise-popular\"?>(.*?)</ol>", built.text("index.html"))
    assert "Hello, oven" in listed
    assert re.findall(r"<span>(\d)</span>", listed) == ["2"]
    wished = built.text("wished/index.html")
    assert button(wished) == {
        "page": "/wished/",
        "kind": "👍 👎",
        "views": "",
        "icon": "own",
        "label": 'A "<b>',
        "lang": "de",
        "reason": "Why?",
    }
    assert re.search(r"<b slot=\"?icon\"?>\+</b>", wished)


def test_an_address_that_cannot_work_fails_the_build(docusaurus: NpmSite) -> None:
    set_up(docusaurus, "{}")
    built = docusaurus.build()
    assert not built.is_done
    assert 'Likewise: api is "". Set it to the address of your service' in built.said


def checked_types(site: NpmSite, code: str) -> str:
    """Return what TypeScript says about a component of React."""
    if not TYPESCRIPT.exists():
        pytest.skip("TypeScript is missing: scripts/widget install")
    # Where a site has it: types are looked for from there.
    for name in ("LikeWise.jsx", "LikeWise.d.ts"):
        site.write(f"likewise/{name}", (site.folder / name).read_text(encoding="utf-8"))
    site.write("typed.tsx", code)
    options = "--noEmit --strict --jsx react-jsx --module esnext --moduleResolution bundler"
    done = subprocess.run(
        [node(), TYPESCRIPT / "bin" / "tsc", *options.split(), "--skipLibCheck", "typed.tsx"],
        cwd=site.example,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout


def test_types_know_the_tag_and_the_component(docusaurus: NpmSite) -> None:
    component = "import LikeWise from './likewise/LikeWise.jsx';\n"
    good = '<LikeWise api="/" page="/x/" views reason="Why?"><b slot="icon">+</b></LikeWise>'
    tag = '<like-wise page="/x/" kind="🎉" readonly="" className="big">♥ 1</like-wise>'
    code = f"{component}export const all = () => <>{good}{tag}</>;\n"
    assert checked_types(docusaurus, code) == ""
    for wrong in ('<like-wise pge="/x/" />', '<LikeWise api="/" />', "<like-wise page={1} />"):
        assert "typed.tsx" in checked_types(
            docusaurus, f"{component}export const all = () => [LikeWise, {wrong}];\n"
        )

"""A whole set-up as an owner has it: the service, nginx with TLS in front, a blog, one post.

Everything can be set up wrongly, one thing at a time; `doctor` is the command as people run it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from likewise.doctor.examination import Wanted, examine
from likewise.doctor.visitor import Visitor
from tests.http.proxies import _wait_for
from tests.service import KEY, Service, free_port
from tests.web import nginx as web_nginx

LIKES, BLOG, TWIN = "likes.test", "blog.test", "www.blog.test"
ADMIN = "owner.test"
NAMES = (LIKES, BLOG, TWIN, ADMIN)
POST = "/posts/hello/"
# Where nginx asks the service from: whoever runs the tests is no proxy, then.
PROXY = "127.0.0.9"
FORWARDED = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
HOST = "proxy_set_header Host $host;"
TAG = '<script async src="{likes}/likes.js"></script>'
BUTTON = "<like-wise></like-wise>"
PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Hello</title>'
    '<link rel="canonical" href="{blog}/posts/hello/">\n{tag}\n{button}</html>'
)

_HTTP = """
{user} daemon off; worker_processes 1; pid {directory}/pid; error_log {directory}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    {zone}
    proxy_cache_path {directory}/cache keys_zone=cache:1m;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    server {{
        listen 127.0.0.1:{port} ssl;
        {server_name}
        {server}
        location / {{
            proxy_pass http://127.0.0.1:{service_port};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_bind 127.0.0.9;
            {location}
        }}
    }}
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name {names};
        root {directory}/blog;
        default_type text/html;
        {blog}
    }}
}}
"""

Named = set[tuple[str, str]]


class Certificate(NamedTuple):
    """A certificate that is its own authority, and its key."""

    file: Path
    key: Path


def certificate(
    folder: Path, *names: str, start: str = "20200101000000Z", end: str = "20990101000000Z"
) -> Certificate:
    """Make one for these names, valid from one moment to another."""
    folder.mkdir()
    (folder / "index").touch()
    listed = ",".join(f"DNS:{name}" for name in names)
    (folder / "configuration").write_text(
        f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index\nnew_certs_dir={folder}\n"
        "default_md=sha256\npolicy=any\nrand_serial=yes\nx509_extensions=names\n"
        f"[any]\ncommonName=supplied\n[names]\nsubjectAltName={listed}\n"
        "[req]\ndistinguished_name=name\n[name]\n"
    )
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    request = folder / "request.pem"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    options = ("-config", folder / "configuration", "-keyout", made.key, "-out", request)
    _run("openssl", "req", "-new", *curve, "-subj", "/CN=throw-away", *options)
    _run(
        *("openssl", "ca", "-batch", "-selfsign", "-notext", "-config", folder / "configuration"),
        *("-startdate", start, "-enddate", end, "-keyfile", made.key),
        *("-in", request, "-out", made.file),
    )
    return made


class SetUp:
    """The parts, each of which a test may change before `running`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.service = Service(directory / "service")
        self.service.directory.mkdir()
        self.service.settings |= {
            "LIKEWISE_ORIGINS": self.blog,
            "LIKEWISE_URL": self.likes,
            "LIKEWISE_TRUSTED_PROXIES": PROXY,
        }
        self.certificate = certificate(directory / "certificate", *NAMES)
        self.server = ""  # of nginx, for the service's name
        self.zone = ""
        self.location = HOST + FORWARDED
        self.blog_server = ""
        self.blog_names = BLOG
        self.page = PAGE
        self.tag, self.button = TAG, BUTTON
        self.has_backup = True

    @property
    def likes(self) -> str:
        """The service's public address."""
        return f"https://{LIKES}:{self.port}"

    @property
    def blog(self) -> str:
        """The blog's origin."""
        return f"https://{BLOG}:{self.port}"

    @property
    def post(self) -> str:
        """The post's address."""
        return self.blog + POST

    def write_page(self) -> None:
        """Put the post on the blog."""
        folder = self.directory / "blog" / POST.strip("/")
        folder.mkdir(parents=True, exist_ok=True)
        tag = self.tag.format(likes=self.likes)
        text = self.page.format(blog=self.blog, tag=tag, button=self.button)
        (folder / "index.html").write_text(text, encoding="utf-8")

    @contextlib.contextmanager
    def running(self) -> Iterator[SetUp]:
        """Start service and nginx; stop them at the end."""
        self.write_page()
        with self.service, self._nginx():
            if self.has_backup:
                done = self.service.run("backup")
                assert done.returncode == 0, done.stderr
            yield self

    @contextlib.contextmanager
    def _nginx(self) -> Iterator[None]:
        path = self.directory / "nginx.conf"
        text = _HTTP.format(
            directory=self.directory,
            user="user root;" if os.geteuid() == 0 else "",
            certificate=self.certificate.file,
            key=self.certificate.key,
            port=self.port,
            service_port=self.service.port,
            zone=self.zone,
            server_name="" if "server_name" in self.server else f"server_name {LIKES};",
            server=self.server,
            location=self.location,
            names=self.blog_names,
            blog=self.blog_server,
        )
        path.write_text(text, encoding="utf-8")
        output = self.directory / "error.log"
        process = subprocess.Popen(
            [web_nginx.PROGRAM, "-p", self.directory, "-c", path, "-e", output]
        )
        try:
            _wait_for(self.port, process, output)
            yield
        finally:
            process.terminate()
            process.wait(20)

    def doctor(
        self, *arguments: str, page: bool = True, key: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command on a laptop, which has nothing of the service but its key."""
        laptop = self.directory / "laptop"
        laptop.mkdir(exist_ok=True)
        names = [f"--resolve={name}=127.0.0.1" for name in NAMES]
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("LIKEWISE_")}
        return subprocess.run(
            [
                *(sys.executable, "-m", "likewise", "doctor", self.likes, *names, *arguments),
                *(["--page", self.post] if page else []),
            ],
            cwd=laptop,
            env={
                **inherited,
                "SSL_CERT_FILE": str(self.certificate.file),
                **({"LIKEWISE_ADMIN_KEY": KEY} if key else {}),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def read_and_like(self, token: str) -> tuple[int, int]:
        """Do what a reader's browser does, through nginx; return both statuses."""
        with self._trusted():
            visitor = Visitor(dict.fromkeys(NAMES, "127.0.0.1"))
            read = visitor.ask(f"{self.likes}/v1/counts?page={POST}")
            wish = json.dumps({"page": POST, "voter": token}).encode()
            like = visitor.ask(f"{self.likes}/v1/like", {"Origin": self.blog}, wish)
        return read.status, like.status

    @contextlib.contextmanager
    def _trusted(self) -> Iterator[None]:
        """Let this process trust the certificate."""
        os.environ["SSL_CERT_FILE"] = str(self.certificate.file)
        try:
            yield
        finally:
            del os.environ["SSL_CERT_FILE"]

    def examined(
        self,
        *,
        page: bool = True,
        key: bool = True,
        rate: bool = False,
        waits: bool = False,
        owner_url: str | None = None,
    ) -> Diagnosis:
        """Examine without the command around it, and without waiting where nothing is kept."""
        wanted = Wanted(
            self.likes,
            self.post if page else None,
            KEY if key else None,
            tries_rate=rate,
            owner_url=owner_url,
        )
        visitor = Visitor(dict.fromkeys(NAMES, "127.0.0.1"))
        with self._trusted():
            found = examine(wanted, visitor, time.sleep if waits else lambda _seconds: None)
        return Diagnosis({one.check: one._asdict() for one in found})


class Diagnosis(NamedTuple):
    """What the doctor found, by check."""

    findings: dict[str, dict[str, str]]

    @property
    def named(self) -> Named:
        """The checks that found something wrong, with how bad it is."""
        wrong = {"warn", "fail"}
        return {(k, v["state"]) for k, v in self.findings.items() if v["state"] in wrong}

    def text(self, check: str) -> str:
        """Return a finding's text and advice."""
        return f"{self.findings[check]['text']} {self.findings[check]['advice']}"


def diagnosis(done: subprocess.CompletedProcess[str]) -> Diagnosis:
    """Read what `--json` printed."""
    assert not done.stderr, done.stderr
    return Diagnosis({one["check"]: one for one in json.loads(done.stdout)["findings"]})


def examined(
    set_up: SetUp, *, page: bool = True, waits: bool = False, rate: bool = False
) -> Diagnosis:
    """Start everything, and let the doctor examine it."""
    with set_up.running():
        return set_up.examined(page=page, waits=waits, rate=rate)


def _run(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr

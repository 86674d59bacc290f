"""Set-ups that are healthy, and such that are not, each named by what is wrong and nothing else.

A real service behind a real nginx with TLS, examined by the command from outside, with the key.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from likewise.doctor.finding import CHECKS
from tests.doctor.set_up import (
    ADMIN,
    BLOG,
    FORWARDED,
    HOST,
    LIKES,
    NAMES,
    PROXY,
    TWIN,
    SetUp,
    certificate,
    examined,
)
from tests.service import address, voter
from tests.store.test_full_disk import may_mount

PAGE_KEY = "a-key-that-signs-0123456789-pages"


def test_healthy_set_up_has_nothing_to_mend(set_up: SetUp) -> None:
    told = examined(set_up, waits=True)
    assert told.named == set()
    unchecked = {name for name, one in told.findings.items() if one["state"] == "unchecked"}
    assert unchecked == {"readers", "rate"}
    # All that there is to check was checked, except what needs a fault, or this machine.
    assert CHECKS.keys() - told.findings.keys() == {
        "service",
        "redirect",
        "rocket-loader",
        "article",
    }


# Origins


def test_twin_with_www_that_may_not_write(set_up: SetUp) -> None:
    set_up.blog_names = f"{BLOG} {TWIN}"
    told = examined(set_up)
    assert told.named == {("twin", "fail")}
    assert f"https://{TWIN}:{set_up.port} to LIKEWISE_ORIGINS" in told.text("twin")


def test_twin_that_leads_to_the_page_is_no_fault(set_up: SetUp) -> None:
    set_up.blog_names = f"{BLOG} {TWIN}"
    set_up.blog_server = f"if ($host = {TWIN}) {{ return 301 {set_up.blog}$request_uri; }}"
    assert examined(set_up).named == set()


def test_twin_that_may_write_too_is_no_fault(set_up: SetUp) -> None:
    set_up.blog_names = f"{BLOG} {TWIN}"
    set_up.service.settings["LIKEWISE_ORIGINS"] += f",https://{TWIN}:{set_up.port}"
    assert examined(set_up).named == set()


def test_origin_that_is_not_listed(set_up: SetUp) -> None:
    set_up.service.settings["LIKEWISE_ORIGINS"] = "https://other.example"
    told = examined(set_up)
    assert told.named == {("origin", "fail")}
    line = f"LIKEWISE_ORIGINS=https://other.example,{set_up.blog}"
    assert line in told.text("origin")


def test_service_without_any_origin(set_up: SetUp) -> None:
    del set_up.service.settings["LIKEWISE_ORIGINS"]
    told = examined(set_up)
    assert told.named == {("origin", "fail"), ("origins", "warn")}
    assert f"LIKEWISE_ORIGINS={set_up.blog}" in told.text("origin")


# Proxy and address


def test_server_that_trusts_everybody(set_up: SetUp) -> None:
    set_up.service.settings["LIKEWISE_TRUSTED_PROXIES"] = "0.0.0.0/0"
    told = examined(set_up)
    assert told.named == {("trust", "fail"), ("forgery", "fail")}
    assert "write into X-Forwarded-For:" in told.text("forgery")


def test_proxy_that_passes_on_what_readers_write(set_up: SetUp) -> None:
    # As it is when nobody appends the address of who asks.
    set_up.location = HOST + (
        "set $from $http_x_forwarded_for; if ($from = '') { set $from $remote_addr; }"
        " proxy_set_header X-Forwarded-For $from;"
    )
    told = examined(set_up)
    assert told.named == {("forgery", "fail")}


def test_header_of_a_cdn_that_is_not_there(set_up: SetUp) -> None:
    set_up.service.settings["LIKEWISE_CLIENT_HEADER"] = "CF-Connecting-IP"
    told = examined(set_up)
    assert told.named == {("forgery", "fail")}
    assert "write into CF-Connecting-IP:" in told.text("forgery")


def test_proxy_that_is_not_trusted(set_up: SetUp) -> None:
    set_up.service.settings["LIKEWISE_TRUSTED_PROXIES"] = "none"
    with set_up.running():
        told = set_up.examined()
        # Who asks on the machine itself is told what was seen on others' requests.
        own = set_up.service.run("doctor", "--json", LIKEWISE_URL="").stdout
    assert told.named == {("reader", "fail")}
    assert f"LIKEWISE_TRUSTED_PROXIES={PROXY}" in told.text("reader")
    assert f"LIKEWISE_TRUSTED_PROXIES={PROXY}" in own
    assert set_up.service.log.count("was not believed") == 1


def test_readers_who_all_share_the_proxys_address(set_up: SetUp) -> None:
    set_up.service.settings |= {
        "LIKEWISE_TRUSTED_PROXIES": "none",
        "LIKEWISE_LIMITS": "burst=1000/10s,day=1000,writes=1000/min",
    }
    with set_up.running():
        for number in range(20):
            assert set_up.read_and_like(voter(number)) == (200, 200)
        told = set_up.examined()
    assert told.named == {("reader", "fail"), ("readers", "warn")}


def test_readers_of_many_networks_are_seen_as_such(set_up: SetUp) -> None:
    set_up.service.settings["LIKEWISE_TRUSTED_PROXIES"] = f"loopback,{PROXY}"
    with set_up.running():
        for number in range(20):
            reader = address(number)
            like = set_up.service.like("/a", voter(number), address=reader, origin=set_up.blog)
            assert like.status == 200
            seen = set_up.service.get("/v1/counts?page=/a", X_Forwarded_For=reader)
            assert seen.status == 200
        told = set_up.examined()
    assert told.named == set()
    assert told.findings["readers"]["state"] == "ok"
    # The tests' own machine is a trusted proxy here, so its headers are believed.
    assert told.findings["forgery"]["state"] == "unchecked"


def test_proxy_that_sends_no_forwarding_header(set_up: SetUp) -> None:
    set_up.location = HOST
    told = examined(set_up)
    # What readers write there themselves arrives, and is believed.
    assert told.named == {("reader", "fail"), ("forgery", "fail")}
    assert FORWARDED in told.text("reader")


def test_proxy_that_does_not_pass_host_on(set_up: SetUp) -> None:
    set_up.location = FORWARDED
    told = examined(set_up)
    assert told.named == {("host", "warn")}


def test_url_that_is_not_set(set_up: SetUp) -> None:
    del set_up.service.settings["LIKEWISE_URL"]
    told = examined(set_up)
    assert told.named == {("url", "warn")}
    assert f"LIKEWISE_URL={set_up.likes}" in told.text("url")


def test_admin_host_is_asked_for_what_it_alone_tells(set_up: SetUp) -> None:
    set_up.service.settings["LIKEWISE_ADMIN_HOST"] = ADMIN
    set_up.server = f"server_name {LIKES} {ADMIN};"
    with set_up.running():
        lost = set_up.examined()
        told = set_up.examined(owner_url=set_up.likes.replace(LIKES, ADMIN))
        done = set_up.doctor("--json", "--admin-host", ADMIN)
    assert lost.named == {("key", "fail")}
    assert "--admin-host" in lost.text("key")
    assert told.named == set()
    assert told.findings["forgery"]["state"] == "ok"
    assert done.returncode == 0, done.stdout


# Caches


CACHE = (
    "proxy_cache cache; proxy_cache_key $request_uri; proxy_cache_valid {what} 10m;"
    " proxy_ignore_headers Cache-Control;"
)


def test_cache_that_keeps_errors(set_up: SetUp) -> None:
    set_up.location += CACHE.format(what="401 404")
    told = examined(set_up)
    assert told.named == {("errors", "fail")}


def test_cache_that_keeps_everything_for_long(set_up: SetUp) -> None:
    set_up.location += CACHE.format(what="200")
    told = examined(set_up, waits=True)
    assert told.named == {("caching", "fail"), ("private", "fail")}
    assert "longer than 5 seconds" in told.text("caching")


def test_cache_that_keeps_likes(set_up: SetUp) -> None:
    set_up.location += "proxy_cache_methods GET HEAD POST;" + CACHE.format(what="any")
    told = examined(set_up)
    assert ("errors", "fail") in told.named
    assert "answers likes" in told.text("errors")


def test_cache_that_keeps_to_what_the_service_says_is_no_fault(set_up: SetUp) -> None:
    set_up.location += "proxy_cache cache; proxy_cache_key $request_uri;"
    assert examined(set_up, waits=True).named == set()


def test_edge_that_says_another_time_for_counts(set_up: SetUp) -> None:
    set_up.location += (
        'proxy_hide_header Cache-Control; add_header Cache-Control "public, max-age=14400" always;'
    )
    told = examined(set_up)
    assert told.named == {("caching", "fail")}


def test_edge_that_sets_a_cookie(set_up: SetUp) -> None:
    set_up.location += 'add_header Set-Cookie "__bm=1; Path=/";'
    told = examined(set_up)
    assert told.named == {("cookies", "warn")}
    assert "__bm" in told.text("cookies")


def test_proxy_that_adds_its_own_cors_header(set_up: SetUp) -> None:
    set_up.location += 'add_header Access-Control-Allow-Origin "*";'
    told = examined(set_up)
    assert told.named == {("cors", "fail")}


def test_proxy_that_unpacks(set_up: SetUp) -> None:
    set_up.location += 'proxy_set_header Accept-Encoding "";'
    assert examined(set_up).named == {("compression", "warn")}


CHALLENGE = """location /v1/ {
    default_type text/html; add_header cf-mitigated challenge always;
    return 403 "<!doctype html><title>Just a moment...</title>";
}"""


def test_challenge_in_place_of_the_api(set_up: SetUp) -> None:
    set_up.server = CHALLENGE
    told = examined(set_up)
    assert told.named == {("challenge", "fail")}
    assert "Bot Fight Mode" in told.text("challenge")


def test_rule_that_counts_readers(set_up: SetUp) -> None:
    set_up.server = "limit_req_status 429; limit_req zone=readers burst=10 nodelay;"
    set_up.zone = "limit_req_zone $binary_remote_addr zone=readers:1m rate=1r/s;"
    told = examined(set_up, page=False, rate=True)
    assert ("rate", "warn") in told.named
    assert "refuses readers" in told.text("rate")


def test_rule_for_likes_alone_is_right_and_none_is_told(set_up: SetUp) -> None:
    with set_up.running():
        told = set_up.examined(rate=True)
    assert told.named == {("rate", "warn")}
    set_up.zone = "limit_req_zone $binary_remote_addr zone=likes:1m rate=1r/s;"
    set_up.server = (
        f"location /v1/like {{ proxy_pass {set_up.service.url}; proxy_bind {PROXY};"
        f" {HOST}{FORWARDED} limit_req_status 429; limit_req zone=likes burst=10 nodelay; }}"
    )
    with set_up.running():
        told = set_up.examined(rate=True)
    assert told.named == set()


# TLS and time


def test_certificate_that_has_ended(set_up: SetUp) -> None:
    folder = set_up.directory / "ended"
    set_up.certificate = certificate(folder, LIKES, BLOG, end="20210101000000Z")
    told = examined(set_up, page=False)
    assert told.named == {("certificate", "fail")}
    assert "expired" in told.text("certificate")
    assert "key" not in told.findings  # nothing was asked on such a connection


def test_certificate_for_another_name(set_up: SetUp) -> None:
    set_up.certificate = certificate(set_up.directory / "other", "other.test", BLOG)
    told = examined(set_up, page=False)
    assert told.named == {("certificate", "fail")}
    assert f"another name than {LIKES}" in told.text("certificate")


def test_certificate_of_nobody_who_is_trusted(set_up: SetUp) -> None:
    shown = set_up.certificate
    with set_up.running():
        set_up.certificate = certificate(set_up.directory / "others", *NAMES)
        told = set_up.examined(page=False)
    assert shown != set_up.certificate
    assert told.named == {("certificate", "fail")}
    assert "do not trust" in told.text("certificate")


def test_certificate_that_is_about_to_end(set_up: SetUp) -> None:
    soon = subprocess.check_output(["date", "-u", "-d", "+5 days", "+%Y%m%d%H%M%SZ"], text=True)
    folder = set_up.directory / "soon"
    set_up.certificate = certificate(folder, LIKES, BLOG, TWIN, end=soon.strip())
    told = examined(set_up)
    assert told.named == {("certificate", "warn")}


def test_clock_that_is_off_by_hours(set_up: SetUp) -> None:
    try:
        faked = subprocess.check_output(["faketime", "-f", "+3h", "env"], text=True)
    except OSError:
        pytest.skip("faketime is missing: apt-get install faketime")
    variables = dict(line.split("=", 1) for line in faked.splitlines() if "=" in line)
    names = ("LD_PRELOAD", "FAKETIME")
    set_up.service.settings |= {name: variables[name] for name in names}
    with set_up.running():
        told = set_up.examined()
        unkeyed = set_up.examined(key=False)
    assert told.named == {("clock", "fail")}
    assert "3.0 hours ahead" in told.text("clock")
    # nginx says when it has answered, so that only the service itself can tell.
    assert unkeyed.named == set()


# The page


def test_page_whose_policy_keeps_the_script_out(set_up: SetUp) -> None:
    set_up.blog_server = "add_header Content-Security-Policy \"script-src 'self'\";"
    told = examined(set_up)
    assert told.named == {("policy", "fail")}
    assert f"Add {set_up.likes} to script-src" in told.text("policy")


def test_page_whose_policy_keeps_the_widget_from_asking(set_up: SetUp) -> None:
    policy = f"default-src 'self'; script-src 'self' {set_up.likes}"
    set_up.page = PAGE_WITH_POLICY.replace("POLICY", policy)
    told = examined(set_up)
    assert told.named == {("policy", "fail")}
    assert f"Add {set_up.likes} to connect-src" in told.text("policy")


PAGE_WITH_POLICY = (
    '<!doctype html><html><meta http-equiv="Content-Security-Policy" content="POLICY">'
    "<title>{blog}</title>{tag}{button}</html>"
)


def test_page_whose_policy_lets_the_widget_in_is_no_fault(set_up: SetUp) -> None:
    policy = f"default-src 'none'; script-src {set_up.likes}; connect-src {set_up.likes}/v1/"
    set_up.page = PAGE_WITH_POLICY.replace("POLICY", policy)
    assert examined(set_up).named == set()


def test_page_with_the_integrity_of_another_widget(set_up: SetUp) -> None:
    other = "sha384-" + "A" * 64
    set_up.tag = f'<script async src="{{likes}}/likes.js" integrity="{other}"></script>'
    told = examined(set_up)
    assert told.named == {("integrity", "fail")}
    assert "Set what /v1/widget says: sha384-" in told.text("integrity")


def test_page_with_a_widget_that_is_gone(set_up: SetUp) -> None:
    set_up.tag = '<script async src="{likes}/likes-0123456789abcdef.js"></script>'
    told = examined(set_up)
    assert told.named == {("integrity", "fail")}


def test_page_without_the_widget(set_up: SetUp) -> None:
    set_up.tag = set_up.button = ""
    told = examined(set_up)
    assert told.named == {("widget", "fail")}


def test_page_with_the_articles_script(set_up: SetUp) -> None:
    set_up.tag = "<script>const mark = 'mxlit_liked_' + name;</script>"
    set_up.button = ""
    told = examined(set_up)
    assert told.named == {("article", "warn")}


def test_page_that_rocket_loader_has_rewritten(set_up: SetUp) -> None:
    kind = "a1b2c3d4e5f6-text/javascript"
    set_up.tag = f'<script type="{kind}" async src="{{likes}}/likes.js"></script>'
    told = examined(set_up)
    assert told.named == {("rocket-loader", "fail")}


def test_page_with_a_widget_without_encryption(set_up: SetUp) -> None:
    set_up.tag = f'<script async src="http://{LIKES}:{set_up.port}/likes.js"></script>'
    told = examined(set_up)
    assert told.named == {("mixed-content", "fail")}


def test_page_without_a_signature(set_up: SetUp) -> None:
    set_up.service.settings |= {"LIKEWISE_PAGES": "signed", "LIKEWISE_PAGE_KEY": PAGE_KEY}
    told = examined(set_up)
    assert told.named == {("counted", "fail")}
    assert "signature" in told.text("counted")


def test_page_of_a_site_that_there_is_not(set_up: SetUp) -> None:
    set_up.button = '<like-wise site="blog"></like-wise>'
    told = examined(set_up)
    assert told.named == {("counted", "fail")}


# Database, disk, backups


def test_database_with_a_torn_page(set_up: SetUp) -> None:
    with set_up.service as service:
        for number in range(300):
            reader = address(number)
            like = service.like("/a", voter(number), address=reader, origin=set_up.blog)
            assert like.status in {200, 429}
    tear(set_up.service.database)
    set_up.has_backup = False
    (set_up.service.directory / "likewise-20990101T000000Z.db").touch()
    told = examined(set_up)
    assert told.named == {("database", "fail")}
    assert "restore" in told.text("database")


def tear(database: Path) -> None:
    """Lose half of a page of the table of likes, as a power loss on a poor disk does."""

    connection = apsw.Connection(str(database))
    query = "SELECT pageno FROM dbstat WHERE name = 'likes' AND pagetype = 'leaf' LIMIT 1"
    page = connection.execute(query).get
    size = connection.pragma("page_size")
    connection.close()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size // 2))


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.skipif(not may_mount(), reason="needs root, who may mount a small disk")
@pytest.mark.parametrize(("size", "state"), [("100m", "warn"), ("8m", "fail")])
def test_disk_that_is_nearly_full(set_up: SetUp, size: str, state: str) -> None:
    with small_disk(set_up.service.directory, size):
        told = examined(set_up)
    assert told.named == {("disk", state)}


def test_no_backups(set_up: SetUp) -> None:
    set_up.has_backup = False
    told = examined(set_up)
    assert told.named == {("backups", "warn")}
    assert "no backup" in told.text("backups")


def test_backups_that_are_too_old(set_up: SetUp) -> None:
    set_up.has_backup = False
    (set_up.service.directory / "likewise-20260131T120000Z.db").touch()
    told = examined(set_up)
    assert told.named == {("backups", "warn")}
    assert "days old" in told.text("backups")


def test_limits_that_are_off(set_up: SetUp) -> None:
    set_up.service.settings["LIKEWISE_LIMITS"] = "off"
    assert examined(set_up).named == {("limits", "warn")}


def test_service_that_does_not_run(set_up: SetUp) -> None:
    with set_up.running():
        set_up.service.stop()
        told = set_up.examined()
        set_up.service.start()
    assert told.named == {("reachable", "fail")}
    assert "does not reach the service" in told.text("reachable")

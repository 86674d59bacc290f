"""Sitemaps and feeds, as their generators write them."""

from __future__ import annotations

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def urlset(*addresses: str) -> bytes:
    return _sitemap("urlset", "url", addresses)


def index(*addresses: str) -> bytes:
    return _sitemap("sitemapindex", "sitemap", addresses)


def rss(*addresses: str) -> bytes:
    items = "".join(f"<item><title>A</title><link>{one}</link></item>" for one in addresses)
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        '<link>https://example.org/home/</link><atom:link href="/feed.xml" rel="self"/>'
        f"{items}</channel></rss>"
    ).encode()


def rdf(*addresses: str) -> bytes:
    items = "".join(f"<item><link>{one}</link></item>" for one in addresses)
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/"><channel><link>https://example.org/home/</link>'
        f"</channel>{items}</rdf:RDF>"
    ).encode()


def atom(*links: str) -> bytes:
    entries = "".join(f"<entry><id>tag:a</id><link {link}/></entry>" for link in links)
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://example.org/home/"/>'
        f"{entries}</feed>"
    ).encode()


def _sitemap(root: str, item: str, addresses: tuple[str, ...]) -> bytes:
    items = "".join(f"<{item}><loc>{address}</loc></{item}>" for address in addresses)
    return f'<?xml version="1.0"?><{root} xmlns="{NAMESPACE}">{items}</{root}>'.encode()

"""The settings of the example."""

SITENAME = "Marginalia"
SITEURL = "https://example.org"
AUTHOR = "The Likewise authors"
TIMEZONE = "UTC"
DEFAULT_LANG = "en"
PATH = "content"

THEME = "theme"
PLUGIN_PATHS = ["../plugins"]  # in your own site: ["plugins"]
PLUGINS = ["likewise"]
LIKEWISE = {
    "api": "http://127.0.0.1:8000",
}

# posts/hello.md is /posts/hello/, and pages/café.md is /café/.
PATH_METADATA = r"(?:pages/)?(?P<path_no_ext>.*)\.md"
ARTICLE_URL = PAGE_URL = "{path_no_ext}/"
ARTICLE_SAVE_AS = PAGE_SAVE_AS = "{path_no_ext}/index.html"
FEED_ALL_ATOM = CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = None
AUTHOR_FEED_RSS = None
DIRECT_TEMPLATES = ["index"]
AUTHOR_SAVE_AS = CATEGORY_SAVE_AS = TAG_SAVE_AS = ""

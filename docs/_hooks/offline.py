"""The site stands alone: the build fails where a page would fetch a script, a style, an image or a font from elsewhere."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

FETCHED = re.compile(
    r"<(?:script|img|source|video|iframe)\b[^>]*?\bsrc=[\"']?(?:https?:)?//[^\"'\s>]+"
    r"|<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|preload|preconnect|icon))[^>]*?\bhref=[\"']?(?:https?:)?//[^\"'\s>]+"
    r"|(?:@import\s+|url\()[\"']?(?:https?:)?//[^\"'\s)]+"
)


def fetched(text: str) -> list[str]:
    """Return what a page or a style sheet fetches from other hosts."""
    return [match[0] for match in FETCHED.finditer(text)]


def on_post_build(config: MkDocsConfig) -> None:
    """Look at every page and style sheet."""
    site = Path(config.site_dir)
    files = [*site.rglob("*.html"), *site.rglob("*.css")]
    found = [f"{file.relative_to(site)}: {what}" for file in files for what in fetched(file.read_text())]
    if found:
        raise PluginError("pages fetch from elsewhere:\n" + "\n".join(found))

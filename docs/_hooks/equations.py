"""Equations as MathML, which browsers draw themselves: no script, and nothing to fetch."""

import html
import re

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

# What the extension arithmatex makes of $...$ and of $$...$$.
MARKED = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Replace every equation of a page."""

    def equation(match: re.Match[str]) -> str:
        text = html.unescape(match[3])
        try:
            made = convert(text, display="block" if match[2] == "[" else "inline")
        except Exception as error:
            raise PluginError(f"{page.file.src_uri}: the equation {text!r} cannot be read: {error!r}") from error
        if unknown := re.findall(r"<mi>(\\\w+)", made):
            raise PluginError(f"{page.file.src_uri}: the equation {text!r} has an unknown command, {unknown[0]}")
        return made

    return MARKED.sub(equation, content)

"""Pages for a browser, from the templates in config/pages/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fer_ros.resources import resource_path


def render_page(template: str, **values: Any) -> str:
    """
    Fill in a template and return the page.

    :param template: name of a file in config/pages/.
    :param values: what it shows; text is escaped.
    """
    environment = Environment(
        loader=FileSystemLoader(resource_path('config/pages')), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(template).render(**values)


def write_page(template: str, path: Path, **values: Any) -> None:
    """Likewise, and write it to a file."""
    path.write_text(render_page(template, **values), encoding='utf-8')

"""Pages for a browser, from the templates in config/pages/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fer_ros.resources import resource_path


def write_page(template: str, path: Path, **values: Any) -> None:
    """
    Fill in a template and write the page.

    :param template: name of a file in config/pages/.
    :param values: what it shows; text is escaped.
    """
    environment = Environment(
        loader=FileSystemLoader(resource_path('config/pages')), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    path.write_text(environment.get_template(template).render(**values), encoding='utf-8')

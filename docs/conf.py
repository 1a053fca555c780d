"""How Sphinx builds these pages: ``make docs``."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fer_ros import __version__  # noqa: E402

project = 'fer_ros'
author = 'fer_ros maintainers'
copyright = f'{author}, Apache-2.0'  # noqa: A001
release = version = __version__
language = 'en'

extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.viewcode']
html_theme = 'furo'
html_title = 'fer_ros'
html_static_path, html_css_files = ['_static'], ['tables.css']
html_show_sourcelink = False

#: Links such as page.md#a-heading, as GitHub makes them.
myst_heading_anchors = 3

autodoc_default_options = {'members': True, 'member-order': 'bysource'}
autodoc_typehints, autodoc_typehints_description_target = 'description', 'documented'
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
#: Every name of ours must lead somewhere; those of other packages have no pages here.
nitpicky = True
nitpick_ignore_regex = [('py:.*', r'(?!fer_ros\.).*')]

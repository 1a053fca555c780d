"""Write emotion_node's parameters into the README: ``python -m tools.parameter_table``."""

from __future__ import annotations

import re
from pathlib import Path

from fer_ros.nodes.parameters import SPECS

README = Path(__file__).resolve().parent.parent / 'README.md'
_PART = re.compile(r'(<!-- parameters:[^\n]*-->\n).*?(\n<!-- end of parameters -->)', re.DOTALL)


def table() -> str:
    """Return the Markdown table of all parameters."""
    lines = ['| name | default | allowed | live | what |', '|---|---|---|---|---|']
    for name, spec in SPECS.items():
        default = str(spec.default).lower() if isinstance(spec.default, bool) else (
            spec.default if spec.default != '' else "''")
        if spec.choices:
            allowed = ', '.join(f'`{choice}`' for choice in spec.choices)
        elif spec.word:
            allowed = f'`{spec.word}`, {spec.low:g} to {spec.high:g}'
        elif isinstance(spec.default, (bool, str)):
            allowed = ''
        else:
            allowed = f'{spec.low:g} to {spec.high:g}'
        lines.append(f'| `{name}` | {default} | {allowed} | {"yes" if spec.live else ""} | '
                     f'{spec.text} |')
    return '\n'.join(lines)


def main() -> None:
    """Replace the table in the README."""
    text = README.read_text(encoding='utf-8')
    README.write_text(_PART.sub(lambda m: m[1] + table() + m[2], text), encoding='utf-8')


if __name__ == '__main__':
    main()

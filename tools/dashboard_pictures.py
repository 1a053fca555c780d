"""
Make the pictures of the page in README and docs: ``python -m tools.dashboard_pictures``.

The demo runs with its page, which Chromium shows as on a desktop, in light, and as on a phone, in
dark. Needs playwright, and Chromium on the PATH.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / 'docs' / 'images'
#: file -> viewport [px], color scheme.
_SHOTS = {'dashboard': (1280, 1140, 'light'), 'dashboard_phone': (390, 844, 'dark')}
#: The time line has something to show by then [s].
_LATER = 45.0


def main() -> None:
    """Run the demo and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--after', type=float, default=_LATER, help='so many seconds')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
            [sys.executable, '-m', 'fer_ros', 'demo', '--dashboard', '--output', folder,
             '--duration', str(options.after + 60)], stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            address = next(filter(None, (re.search(r'http://\S+', line) for line in demo.stdout)))
            with sync_playwright() as driver:
                browser = driver.chromium.launch(
                    executable_path=shutil.which('chromium'), args=['--no-sandbox'])
                take(browser, address.group(), options.after)
                browser.close()
        finally:
            demo.terminate()


def take(browser: Browser, address: str, after: float) -> None:
    """
    Write the pictures.

    :param address: of the page.
    :param after: so long after it was opened [s].
    """
    pages = {}
    for name, (width, height, scheme) in _SHOTS.items():
        context = browser.new_context(
            viewport={'width': width, 'height': height}, color_scheme=scheme)  # type: ignore
        pages[name] = context.new_page()
        for _ in range(100):  # the node is still starting
            try:
                pages[name].goto(address)
                break
            except Exception:  # playwright has one class for all
                pages[name].wait_for_timeout(200)
    next(iter(pages.values())).wait_for_timeout(after * 1000)
    for name, page in pages.items():
        picture = Image.open(io.BytesIO(page.screenshot()))
        picture.convert('RGB').save(IMAGES / f'{name}.webp', quality=85, method=6)
        print(f'written: docs/images/{name}.webp')


if __name__ == '__main__':
    main()

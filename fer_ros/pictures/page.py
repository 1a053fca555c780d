"""A page in the browser that shows pictures and their faces, whole in itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fer_ros import __version__
from fer_ros.pages import render_page
from fer_ros.pictures.json_report import advice_text
from fer_ros.pictures.report import PictureReport
from fer_ros.texts import Texts, load_texts


def report_page(reports: Sequence[PictureReport], texts: Texts | None = None,
                skipped: Sequence[str] = ()) -> str:
    """
    Return the page, without scripts. It asks for nothing but files in which its pictures lie.

    :param reports: a picture each.
    :param texts: of the page's language; None: English.
    :param skipped: a line for each picture that could not be used.
    """
    texts = texts or load_texts()
    return render_page(
        'gallery.html.j2', reports=reports, texts=texts, advice=advice_text, skipped=skipped,
        summary=summary([[face.state for face in report.faces] for report in reports], texts),
        version=__version__)


def summary(states: Sequence[Sequence[str]], texts: Texts) -> str:
    """
    Return in a line what was found.

    :param states: those of the faces of each picture.
    """
    counts = Counter(state for some in states for state in some)
    without = sum(not some for some in states)
    told = ', '.join(f'{count} {texts(f"label.{state}")}' for state, count in counts.most_common())
    return (f'{texts.count("page.pictures", len(states))}, '
            f'{texts.count("page.faces", sum(counts.values()))}' + f': {told}' * bool(told)
            + (f'; {texts.count("page.without", without)}' if without else ''))

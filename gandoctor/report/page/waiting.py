"""The live page of a run that has not begun: it says so, and asks again until there is a run to show."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

from markupsafe import Markup

from gandoctor.errors import GandoctorError
from gandoctor.message import Message
from gandoctor.report.languages.language import Language
from gandoctor.report.page.live import LivePage
from gandoctor.report.text import clean
from gandoctor.store.manifest import MANIFEST_NAME

AGAIN_S = 2

_PAGE = Markup(
    '<!DOCTYPE html>\n<html lang="{tag}"><head><meta charset="utf-8"><meta http-equiv="refresh" content="{seconds}">'
    '<meta name="viewport" content="width=device-width"><title>gandoctor</title>'
    "<style>:root{{color-scheme:light dark}}body{{font:1.1rem system-ui,sans-serif;margin:20vh auto;max-width:40em}}"
    "</style></head><body><p>{said}</p></body></html>\n"
)


class WaitingPage:
    """Stands in for a `LivePage` until its run has begun, and hands on to it from then on.

    Args:
        run_dir: Where the run will be; the directory may not exist yet.
        words: The page's language.
    """

    def __init__(self, run_dir: Path, words: Language) -> None:
        self._run_dir = run_dir
        self._words = words
        self._lock = Lock()
        self._live: LivePage | None = None

    def news(self) -> dict[str, Any]:
        """As `LivePage.news`; before the run has begun there is none."""
        live = self._begun()
        return {"version": "", "state": "", "step": 0, "trouble": None} if live is None else live.news()

    def page(self) -> str:
        """Return the whole page; one that loads itself again while there is no run."""
        live = self._begun()
        return self._waiting() if live is None else live.page()

    def content(self) -> str:
        """As `LivePage.content`."""
        live = self._begun()
        return self._waiting() if live is None else live.content()

    def _begun(self) -> LivePage | None:
        with self._lock:
            if self._live is None and (self._run_dir / MANIFEST_NAME).exists():
                try:
                    self._live = LivePage(self._run_dir, self._words)
                except GandoctorError:  # it is being written
                    return None
            return self._live

    def _waiting(self) -> str:
        said = Message(
            "{path} has not begun. This page shows the run as soon as it is recorded.", path=clean(self._run_dir)
        )
        return str(_PAGE.format(tag=self._words.tag, seconds=AGAIN_S, said=self._words.say(said)))

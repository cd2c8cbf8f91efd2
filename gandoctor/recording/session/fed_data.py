"""FedData: real data and latents are kept from what the players are fed, and anew each time that they grow."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.backend import Backend
from gandoctor.recording.session.keeping import KEPT_REALS, Keeping
from gandoctor.recording.session.panel import Panel
from gandoctor.recording.session.prober import Prober
from gandoctor.store import Manifest

NOT_KEPT_YET = Absence(
    Absent.NOT_SEEN, Message("the real data have another shape than before, and none of that shape were kept so far")
)
GROWTHS_MOST = 12
"""Changes of shape that are followed: images of 4 pixels grow to 8,192 in 11; series of any length never stop."""


class FedData:
    """What probes look at where the user has passed nothing.

    Args:
        backend: Copies the calls.
        prober: Is given what was kept.
        panel: Records what is absent, and what no longer is.
        manifest: Says where things come from, and since which step real data have their shape.
        explain: Gives everything that is absent for the same reason as a name a better one.

    Attributes:
        is_outgrown: Whether real data have another shape since the last step.
    """

    def __init__(
        self,
        backend: Backend,
        prober: Prober,
        panel: Panel,
        manifest: Manifest,
        explain: Callable[[str, Absence], None],
    ) -> None:
        self._known = (backend, prober, panel, manifest, explain)
        self._prober, self._panel, self._manifest = prober, panel, manifest
        self._keeping: Keeping | None = None
        self._growths = 0
        self.is_outgrown = False

    def begin(self) -> None:
        """Watch the first steps."""
        self._keeping = Keeping(*self._known)

    def changed(self, since: int) -> None:
        """Take note that real data have another shape from a step on."""
        self._growths += 1
        if self._growths <= GROWTHS_MOST:
            self._manifest.data_since = since
            self.is_outgrown = True

    def grow(self) -> None:
        """Begin again with data that have another shape, where what is known of them was fed."""
        self.is_outgrown = False
        if self._keeping is not None and self._manifest.players.get("probe_data", KEPT_REALS) == KEPT_REALS:
            self._panel.take({"probe_data": NOT_KEPT_YET})
            self._prober.forget_fed()
            self.begin()

    def collect(self) -> None:
        """Fetch what the players were fed so far in this step: what is fed later may take its place."""
        if self._keeping is not None:
            self._keeping.collect()

    def take(self, steps: int, is_last: bool) -> bool:
        """Look at what was fed in the steps that have just ended; return whether the manifest tells of more now."""
        return self._keeping is not None and self._keeping.take(steps, is_last)

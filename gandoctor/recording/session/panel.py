"""Panel: the instruments of a session, asked one by one, each failing for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gandoctor.message import Absence
from gandoctor.recording.instrument import Instrument, MakeInstrument, Readings, Recording
from gandoctor.recording.probe.forward_passes import Probe
from gandoctor.recording.session.containment import Containment
from gandoctor.store import Manifest


class Panel:
    """Calls the hooks of instruments and is the one place where absences are recorded.

    Args:
        manifest: Gets what is absent.
        containment: Keeps failures away from training.
    """

    def __init__(self, manifest: Manifest, containment: Containment) -> None:
        self._missing = manifest.missing
        self._containment = containment
        self._instruments: list[Instrument] = []
        self._having: dict[str, list[Instrument]] = {}  # hook -> those that have one of their own
        self._measured = True

    def add(self, make: MakeInstrument, recording: Recording) -> None:
        """Make an instrument for a session."""
        with self._containment.contained(), self._containment.one_blas_thread():
            instrument = make(recording)
            self.join(instrument)
            with self._containment.contained(instrument):
                self.take(instrument.begin())

    def join(self, instrument: Instrument) -> None:
        """Take in an instrument that was made elsewhere."""
        self._instruments.append(instrument)
        self._having.clear()

    def begin_again(self, lifted: list[Absence]) -> None:
        """Have the instruments begin anew for what was absent for reasons that no longer hold."""
        names = {name for name, absence in self._missing.items() if absence in lifted}
        for name in names:
            del self._missing[name]
        with self._containment.one_blas_thread():
            for instrument in self._working():
                with self._containment.contained(instrument):
                    self.take({name: why for name, why in instrument.begin().items() if name in names})

    def ask(self, hook: str, put: Callable[[dict[str, Any]], None], *given: Any) -> None:
        """Call a hook of every instrument that has one and pass its numbers on.

        Args:
            hook: Its name; see `Instrument`.
            put: Takes the numbers.
            given: To the hook.
        """
        if hook not in self._having:
            base = getattr(Instrument, hook)
            self._having[hook] = [one for one in self._instruments if getattr(type(one), hook) is not base]
        for instrument in self._having[hook]:
            if instrument.disabled:
                continue
            with self._containment.contained(instrument):
                numbers = self.take(getattr(instrument, hook)(*given))
                if numbers:
                    put(numbers)

    def probe(self, step: int, probe: Probe | None) -> dict[str, float]:
        """Have every instrument read a probe; return all numbers."""
        values: dict[str, float] = {}
        with self._containment.one_blas_thread():
            self.ask("probe", values.update, step, probe)
        for instrument in self._working():
            with self._containment.contained(instrument):
                instrument.after_probe(step, values)
        return values

    def announce(self, measured: bool) -> None:
        """Tell the instruments whether the next step will be probed, so that they can measure inside it."""
        if not measured and not self._measured:
            return  # as they know: this is called after every step
        self._measured = measured
        for instrument in self._working():
            with self._containment.contained(instrument):
                instrument.before_step(measured)

    def take(self, readings: Readings) -> dict[str, Any]:
        """Record what is absent and why; return the numbers. What is measured is not absent any more."""
        numbers = {}
        for name, reading in readings.items():
            if isinstance(reading, Absence):
                self._missing[name] = reading
                continue
            self._missing.pop(name, None)
            if reading is not None:
                numbers[name] = reading
        return numbers

    def codes(self) -> dict[str, str]:
        """Return what is absent, by code: sentences may count steps and change at every probe."""
        return {name: absence.code for name, absence in self._missing.items()}

    def _working(self) -> list[Instrument]:
        return [instrument for instrument in self._instruments if not instrument.disabled]

"""A GAN in plain NumPy, its tiny framework, and a backend for it: recording works where no framework can be imported.

    python tests/recording/numpy_gan.py RUN_DIR [--keep-fed [wrong]] > truth.json

Trains without and with a recording, and prints what the recording should have found. Importing TensorFlow, Keras or
PyTorch fails in this process.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


class NoFramework:
    """Refuses to import a framework."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in ("tensorflow", "keras", "torch"):
            raise ModuleNotFoundError(f"no {name} here")


sys.meta_path.insert(0, NoFramework)  # type: ignore[arg-type]

from gandoctor.message import Absence, Absent, Message  # noqa: E402 - the frameworks must be out of reach first
from gandoctor.player_names import PLAYERS, Player  # noqa: E402
from gandoctor.recording.backend import Backend, Listener  # noqa: E402
from gandoctor.recording.in_step import Call, Movement, Pass, Said, StepTrace, Update  # noqa: E402
from gandoctor.recording.instruments.dead_units import DeadUnits  # noqa: E402
from gandoctor.recording.instruments.discriminator_scores import DiscriminatorScores  # noqa: E402
from gandoctor.recording.instruments.gradient_norms import GradientNorms  # noqa: E402
from gandoctor.recording.instruments.inputs import Inputs  # noqa: E402
from gandoctor.recording.instruments.losses import Losses  # noqa: E402
from gandoctor.recording.instruments.samples import Samples  # noqa: E402
from gandoctor.recording.instruments.update_effects import UpdateEffects  # noqa: E402
from gandoctor.recording.instruments.weight_updates import WeightUpdates  # noqa: E402
from gandoctor.recording.objective.game import Game, Ops  # noqa: E402
from gandoctor.recording.players import Players  # noqa: E402
from gandoctor.recording.session.options import Options  # noqa: E402
from gandoctor.recording.session.session import Session  # noqa: E402
from gandoctor.store import LayerCard, PlayerCard  # noqa: E402

OPS = Ops(
    mean=np.mean,
    softplus=lambda x: np.logaddexp(0.0, x),
    relu=lambda x: np.maximum(x, 0.0),
    logit=lambda p: np.log(p) - np.log1p(-p),
)
STEPS, BATCH, RATE = 60, 16, 0.1
INSTRUMENTS = (Losses, Inputs, GradientNorms, WeightUpdates, UpdateEffects, DiscriminatorScores, DeadUnits, Samples)


# The framework. ------------------------------------------------------------------------------------------------


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


class Network:
    """Named arrays and a function of them; whoever wants to know is told of every call."""

    def __init__(self, parameters: dict[str, np.ndarray]) -> None:
        self.parameters = parameters
        self.on_call: list[Callable[[Any, Any], None]] = []

    def __call__(self, x: np.ndarray) -> np.ndarray:
        output = self.run(x, self.parameters)[0]
        for hook in self.on_call:
            hook(x, output)
        return output

    def run(self, x: np.ndarray, parameters: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return the output and the ReLU units."""
        raise NotImplementedError


class Generator(Network):
    """z (n, 4) -> images (n, 8, 8, 1) in 0..1."""

    def run(self, x: np.ndarray, parameters: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        flat = sigmoid(x @ parameters["dense/kernel"] + parameters["dense/bias"])
        return flat.reshape(-1, 8, 8, 1), np.zeros((len(x), 0))


class Discriminator(Network):
    """Images -> logits (n, 1), over one layer of ReLUs."""

    def run(self, x: np.ndarray, parameters: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        units = np.maximum(0.0, x.reshape(len(x), -1) @ parameters["hidden/kernel"] + parameters["hidden/bias"])
        return units @ parameters["logit/kernel"] + parameters["logit/bias"], units


class SGD:
    """Moves a network's parameters; whoever wants to know is told before and after."""

    def __init__(self, network: Network, rate: float) -> None:
        self.network, self.rate = network, rate
        self.before: list[Callable[[SGD, Mapping[str, np.ndarray]], None]] = []
        self.after: list[Callable[[SGD, Mapping[str, np.ndarray]], None]] = []
        self.on_loss: list[Callable[[SGD, float], None]] = []

    def step(self, loss: float, gradients: Mapping[str, np.ndarray]) -> None:
        for saw in self.on_loss:
            saw(self, loss)
        for hook in self.before:
            hook(self, gradients)
        for name, gradient in gradients.items():
            self.network.parameters[name] -= self.rate * gradient
        for hook in self.after:
            hook(self, gradients)


class GAN:
    """Two networks, two optimizers, and a training step of its own; knows nothing of recording."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)

        def draw(*shape: int) -> np.ndarray:
            return 0.3 * rng.standard_normal(shape)

        self.generator = Generator({"dense/kernel": draw(4, 64), "dense/bias": np.zeros(64)})
        self.discriminator = Discriminator(
            {
                "hidden/kernel": draw(64, 12),
                "hidden/bias": np.full(12, 0.1),
                "logit/kernel": draw(12, 1),
                "logit/bias": np.zeros(1),
            }
        )
        self.g_optimizer, self.d_optimizer = SGD(self.generator, RATE), SGD(self.discriminator, RATE)

    def train_step(self, real: np.ndarray, z: np.ndarray) -> dict[str, float]:
        fake, d = self.generator(z), self.discriminator
        on_real, on_fake = d(real), d(fake)
        d_loss = float(np.logaddexp(0, -on_real).mean() + np.logaddexp(0, on_fake).mean())
        blame_real, blame_fake = (sigmoid(on_real) - 1) / len(real), sigmoid(on_fake) / len(fake)
        one, other = (self.d_gradients(x, blame)[0] for x, blame in ((real, blame_real), (fake, blame_fake)))
        self.d_optimizer.step(d_loss, {name: one[name] + other[name] for name in one})
        on_fake = d(fake)
        g_loss = float(np.logaddexp(0, -on_fake).mean())
        _, to_images = self.d_gradients(fake, (sigmoid(on_fake) - 1) / len(fake))
        flat = fake.reshape(len(fake), -1)
        back = to_images * flat * (1 - flat)
        self.g_optimizer.step(g_loss, {"dense/kernel": z.T @ back, "dense/bias": back.sum(0)})
        return {"d_loss": d_loss, "g_loss": g_loss}

    def d_gradients(self, x: np.ndarray, blame: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return the gradients of D's parameters and input, given that of its output."""
        p, flat = self.discriminator.parameters, x.reshape(len(x), -1)
        units = self.discriminator.run(x, p)[1]
        hidden = (blame @ p["logit/kernel"].T) * (units > 0)
        own = {
            "hidden/kernel": flat.T @ hidden,
            "hidden/bias": hidden.sum(0),
            "logit/kernel": units.T @ blame,
            "logit/bias": blame.sum(0),
        }
        return own, hidden @ p["hidden/kernel"].T


# The backend. --------------------------------------------------------------------------------------------------


class NumpyUpdate:
    applied, finite = True, True

    def __init__(self, phase: Player, gradients: Mapping[str, np.ndarray]) -> None:
        self.phase, self.gradients, self.moves = phase, gradients, [phase]
        self.left_over = None

    def gradient_norm(self) -> float:
        return float(np.sqrt(sum((g**2).sum() for g in self.gradients.values())))


class NumpyMovement:
    def __init__(self, before: np.ndarray, now: np.ndarray) -> None:
        self.vector, self.distance = now - before, float(np.linalg.norm(now - before))
        self.ratio = self.distance / float(np.linalg.norm(before))


class NumpyBatch:
    def __init__(self, value: np.ndarray) -> None:
        self._value = value

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape[1:]

    def mean_and_spread(self) -> tuple[float, float]:
        return float(self._value.mean()), float(self._value.std(axis=0).mean())


class NumpySwitch:
    is_on = False

    def set(self, on: bool) -> None:
        self.is_on = on

    def when_on(self, action: Callable[[], None]) -> None:
        if self.is_on:
            action()


class NumpySlot:
    def __init__(self, copy: Callable[[], np.ndarray]) -> None:
        self._copy, self._kept = copy, copy()

    def keep(self) -> None:
        self._kept = self._copy()

    def read(self) -> np.ndarray:
        return self._kept


class NumpyLayers:
    """Both the gradients and the movement of layers, of the last step only."""

    def __init__(self, backend: NumpyBackend) -> None:
        self._backend, self._kept = backend, dict[Player, tuple[int, dict[str, np.ndarray]]]()

    def keep(self, update: Any, movement: Any = None) -> None:
        values = update.gradients if movement is None else self._backend.taken_apart(update.phase, movement.vector)
        self._kept[update.phase] = self._backend.steps, {name: value.copy() for name, value in values.items()}

    def read(self, player: Player, before: Any = None) -> dict[str, float]:
        step, values = self._kept.get(player, (-1, {}))
        if step != self._backend.steps - 1:
            return {}
        norms = _by_layer(values)
        if before is None:
            return norms
        sizes = _by_layer(self._backend.taken_apart(player, before))
        return {layer: norms[layer] / sizes[layer] for layer in norms}


def _by_layer(values: Mapping[str, np.ndarray]) -> dict[str, float]:
    squares: dict[str, float] = {}
    for name, value in values.items():
        layer = name.partition("/")[0]
        squares[layer] = squares.get(layer, 0.0) + float((value**2).sum())
    return {layer: square**0.5 for layer, square in squares.items()}


class NumpyWitness:
    saw_penalty = False
    changed_at_random = None

    def __init__(self) -> None:
        self.seen: dict[Player, float] = {}
        self.outputs: dict[Player, list[Said]] = {}
        self.z = np.zeros(0, np.float32)

    def losses(self) -> dict[Player, float]:
        return self.seen

    def said(self, player: Player) -> list[Said] | None:
        return self.outputs.get(player)

    def latents(self) -> np.ndarray:
        return self.z.ravel()

    def forget(self, what: str) -> None:
        pass


class NumpyBackend:
    """The protocol of `recording.backend`, by the hooks of the framework above."""

    blocked, spans_processes = None, False

    def __init__(self, gan: GAN, with_sampler: bool | str = True) -> None:
        self.gan = gan
        self.players = Players(gan.generator, gan.discriminator, gan.g_optimizer, gan.d_optimizer)
        rng = np.random.default_rng(0)
        self.players.latent_sampler = lambda n: rng.standard_normal((n, 4))
        self.players.absent["latent_law"] = Absence(Absent.ASSUMED, Message("latents were assumed to be normal"))
        if not with_sampler:
            self.players.latent_sampler = None
            self.players.absent = {"latent_sampler": Absence(Absent.NOT_GIVEN, Message("pass it"))}
        if with_sampler == "wrong":
            self.players.latent_sampler = lambda n: rng.standard_normal((n, 3))
        self.steps = 0
        self._rows: list[dict[str, float]] = []
        self._row: dict[str, float] = {}
        self._witness = NumpyWitness()
        self._said: list[np.ndarray] = []
        self._captured: set[Player] = set()
        self._calls: list[Call] | None = None

    def as_recorded(self, data: Any) -> Any:
        return data

    def owner(self, parameter: Any) -> Player | None:
        return next((p for p in PLAYERS if any(parameter is v for v in self.variables(p))), None)

    def variables(self, player: Player) -> Sequence[np.ndarray]:
        return list(self.players.network(player).parameters.values())

    def layers_left_out(self, player: Player) -> int:
        return 0

    def card(self, player: Player) -> PlayerCard:
        network = self.players.network(player)
        names = dict.fromkeys(key.partition("/")[0] for key in network.parameters)
        layers = [LayerCard(name=name, type="Dense") for name in names]
        rate = {"type": "SGD", "learning_rate": self.players.optimizer(player).rate}
        return PlayerCard(name=type(network).__name__, layers=layers, order="declared", optimizer=rate)

    def losses(self) -> dict[str, dict[str, Any]]:
        return {}

    def loss_calls(self) -> dict[str, Any]:
        return {}

    def compiled_loss(self) -> None:
        return None

    def learning_rate(self, player: Player) -> float:
        return float(self.players.optimizer(player).rate)

    def updates_made(self, player: Player) -> int | None:
        return None

    def set_learning_rate(self, player: Player, rate: float) -> None:
        self.players.optimizer(player).rate = rate

    def save_weights(self, player: Player, path: Path) -> None:
        np.savez(path, **self.players.network(player).parameters)

    def normalises_batches(self, player: Player) -> bool:
        return False

    def judges_one_by_one(self, player: Player) -> bool:
        return True

    def snapshot(self, player: Player) -> np.ndarray:
        return np.concatenate([v.ravel() for v in self.variables(player)])

    def slot(self, player: Player) -> NumpySlot:
        return NumpySlot(lambda: self.snapshot(player))

    def moved(self, before: np.ndarray, player: Player) -> Movement:
        return NumpyMovement(before, self.snapshot(player))

    def taken_apart(self, player: Player, vector: np.ndarray) -> dict[str, np.ndarray]:
        found, first = {}, 0
        for name, value in self.players.network(player).parameters.items():
            found[name] = vector[first : first + value.size].reshape(value.shape)
            first += value.size
        return found

    def forward(self, player: Player, batches: Sequence[Any], training: bool, weights: np.ndarray) -> Pass:
        output, units = self.players.network(player).run(np.concatenate(batches), self.taken_apart(player, weights))
        alive = np.zeros(0, bool) if training else (units > 0).any(axis=0)
        if player == "g":
            return Pass(output.astype(np.float32), alive=alive)
        return Pass(output[:, 0], output[:, 0], alive)

    def input_gradient(self, images: np.ndarray) -> np.ndarray:
        return self.gan.d_gradients(images, np.ones((len(images), 1)))[1].reshape(images.shape)

    def game_gradient(
        self, game: Game, player: Player, weights: Mapping[Player, np.ndarray], latents: np.ndarray, reals: np.ndarray
    ) -> tuple[float, np.ndarray]:
        def played(vector: np.ndarray) -> tuple[float, float]:
            at = {**weights, player: vector}
            fakes = self.forward("g", [latents], False, at["g"]).output
            real, fake = (self.forward("d", [images], False, at["d"]).output for images in (reals, fakes))
            value = game.value(OPS, real, fake)
            return float(value), float(game.g_loss(OPS, fake) if player == "g" else -value)

        own = weights[player]
        value, loss = played(own)
        nudges = 1e-3 * np.eye(len(own))
        return value, np.array([(played(own + nudge)[1] - loss) / 1e-3 for nudge in nudges])

    def on_device(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    to_numpy = on_device

    def number(self, value: Any) -> float:
        return float(value)

    @contextmanager
    def preserved_random_state(self, *functions: Callable[..., Any]) -> Iterator[None]:
        held = [c.cell_contents for f in functions for c in f.__closure__ or ()]
        states = [(g, g.bit_generator.state) for g in held if isinstance(g, np.random.Generator)]
        python, legacy = random.getstate(), np.random.get_state()
        yield
        random.setstate(python)
        np.random.set_state(legacy)
        for generator, state in states:
            generator.bit_generator.state = state

    def attach(self, listener: Listener) -> None:
        def heard(z: np.ndarray, _: Any) -> None:
            self._witness.z = z.astype(np.float32)
            with listener.contained():
                listener.fed("latents", NumpyBatch(z))

        def said(_: Any, output: np.ndarray) -> None:
            self._said.append(output[:, 0].astype(np.float32))

        def lost(optimizer: SGD, loss: float) -> None:
            phase = self._phase(optimizer)
            self._witness.seen[phase] = loss
            self._witness.outputs[phase] = [Said(o, o, 1) for o in self._said[-4:]]
            with listener.contained():
                listener.step_end(StepTrace(targets={phase: loss}, complete=False))

        def before(optimizer: SGD, gradients: Mapping[str, np.ndarray]) -> None:
            update: Update = NumpyUpdate(self._phase(optimizer), gradients)
            self._captured.add(update.phase)
            with listener.contained():
                listener.before_update(update)
                listener.on_gradients(update)

        def after(optimizer: SGD, gradients: Mapping[str, np.ndarray]) -> None:
            with listener.contained():
                listener.after_update(NumpyUpdate(self._phase(optimizer), gradients))

        def called(player: Player) -> Callable[[Any, Any], None]:
            def keep(x: np.ndarray, output: np.ndarray) -> None:
                if self._calls is not None:
                    self._calls.append(Call(player, x.astype(np.float32), output.astype(np.float32)))

            return keep

        self.gan.generator.on_call.append(called("g"))
        self.gan.discriminator.on_call.append(called("d"))
        self.gan.generator.on_call.append(heard)
        self.gan.discriminator.on_call.append(said)
        for optimizer in (self.gan.d_optimizer, self.gan.g_optimizer):
            optimizer.on_loss.append(lost)
            optimizer.before.append(before)
            optimizer.after.append(after)

    def _phase(self, optimizer: SGD) -> Player:
        return "d" if optimizer is self.gan.d_optimizer else "g"

    def attach_again(self, model: Any) -> None:
        pass

    def detach(self) -> None:
        for owner in (self.gan.generator, self.gan.discriminator):
            owner.on_call.clear()
        for optimizer in (self.gan.d_optimizer, self.gan.g_optimizer):
            for hooks in (optimizer.on_loss, optimizer.before, optimizer.after):
                hooks.clear()

    def stop(self) -> bool:
        return False

    def unseen(self, player: Player, steps: int) -> Absence | None:
        return None if player in self._captured else Absence(Absent.NOT_CALLED, Message("nobody called it"))

    def unsummed(self, player: Player) -> None:
        return None

    def begin_epoch(self) -> None:
        pass

    def end_fit_step(self, steps: int, logs: Mapping[str, Any] | None) -> None:
        pass

    def put(self, values: Mapping[str, Any], when: Any = True) -> None:
        if when:
            self._row |= {name: float(np.float32(value)) for name, value in values.items()}

    def holds_broken_step(self) -> bool:
        return False

    def end_step(self) -> None:
        self._rows.append(self._row)
        self._row = {}
        self._said.clear()
        self.steps += 1

    def drain(self) -> list[dict[str, float]]:
        rows, self._rows = self._rows, []
        return rows

    def switch(self, name: str) -> NumpySwitch:
        return NumpySwitch()

    def layer_gradients(self) -> NumpyLayers:
        return NumpyLayers(self)

    layer_movement = layer_gradients

    def witness(self, loss: bool, latents: bool) -> NumpyWitness:
        return self._witness

    def watch_calls(self, on: bool) -> None:
        self._calls = [] if on else None

    def calls(self) -> list[Call]:
        calls, self._calls = self._calls or [], None if self._calls is None else []
        return calls

    def tell_draws(self) -> None:
        pass

    def versions(self) -> dict[str, str]:
        return {}


# A training. ---------------------------------------------------------------------------------------------------


def reals() -> np.ndarray:
    """128 smooth 8x8 images in 0..1."""
    centres = np.random.default_rng(0).uniform(2, 6, (128, 2, 1, 1))
    y, x = np.mgrid[:8, :8]
    images = np.exp(-((y - centres[:, 0]) ** 2 + (x - centres[:, 1]) ** 2) / 3)
    return images[..., None].astype(np.float32)


HEARD: list[int] = []
"""The step at each call of the session's listener."""


def train(
    run_dir: Path | None, keep_fed: bool = False, with_sampler: bool | str = True
) -> tuple[GAN, list[dict[str, float]]]:
    """Train with or without a recording; return the GAN and what a recording should find, by other means."""
    gan, data, rng, truth = GAN(), reals(), np.random.default_rng(1), []
    session = None
    if run_dir is not None:
        backend: Backend = NumpyBackend(gan, with_sampler)
        given = {} if keep_fed else {"probe_data": data[:64], "holdout_data": data[64:]}
        session = Session(Options(run_dir, **given, strict=True, observe_loop=keep_fed), backend, STEPS)
        for make in INSTRUMENTS:
            session.add(make)
        session.start()
        session.listeners.append(lambda: HEARD.append(session.step))
    for step in range(STEPS):
        real, z = data[16 * (step % 8) : 16 * (step % 8 + 1)], rng.standard_normal((BATCH, 4))
        before = {p: _flat(gan, p) for p in PLAYERS}
        losses = gan.train_step(real, z)
        moved = {f"{p}_update_in_{p}_step": float(np.linalg.norm(_flat(gan, p) - before[p])) for p in PLAYERS}
        truth.append({**losses, **moved, "latent_mean": float(z.mean())})
        if session is not None:
            session.end_own_step({})
    if session is not None:
        session.close("completed")
        session.detach()
    return gan, truth


def _flat(gan: GAN, player: Player) -> np.ndarray:
    network = gan.discriminator if player == "d" else gan.generator
    return np.concatenate([v.ravel() for v in network.parameters.values()])


def main() -> None:
    """Train both ways."""
    bare, _ = train(None)
    watched, truth = train(
        Path(sys.argv[1]),
        keep_fed=len(sys.argv) > 2,
        with_sampler="wrong" if "wrong" in sys.argv else len(sys.argv) == 2,
    )
    images = reals()[:4]
    nudged, backend = images.astype(np.float64), NumpyBackend(watched)
    nudged[0, 3, 4, 0] += 1e-5
    slope = (watched.discriminator(nudged) - watched.discriminator(images.astype(np.float64))).sum() / 1e-5
    fakes = watched.generator(np.random.default_rng(9).standard_normal((2, 4)))
    json.dump(
        {
            "truth": truth,
            "heard": HEARD,
            "same": all(np.array_equal(_flat(bare, p), _flat(watched, p)) for p in PLAYERS),
            "frameworks": [name for name in ("tensorflow", "keras", "torch") if name in sys.modules],
            "slope": [float(slope), float(backend.input_gradient(nudged)[0, 3, 4, 0])],
            "fakes": list(fakes.shape),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()

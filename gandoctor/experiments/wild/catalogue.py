"""The catalogue of the corpus: for each program where it comes from, what is wrong with it, and what must be said."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from gandoctor.errors import GandoctorError

Later = Literal[
    "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"
]
"""Sets that were written after all that went before had been judged, and what it missed mended."""
Half = Literal["building", "judged", Later]
"""building: rules may be made and mended on these. judged, and each later set: judged once, and never looked at by who
changes rules."""
HALVES: tuple[Half, ...] = ("building", "judged", *get_args(Later))

FINE = "fine"
"""The kind of the look-alikes: trainings that worry a person and are well."""

Data = Literal["image", "points", "table", "series", "sound", "text"]
Game = Literal["gan", "wasserstein", "conditional", "pairs"]
Style = Literal["fit", "function", "eager", "compiled", "torch"]
"""How the program trains: `fit` with an own train_step; a loop over a tf.function, or over plain tapes; compiled models
with `train_on_batch`; a loop of PyTorch."""

Ids = Annotated[tuple[str, ...], BeforeValidator(tuple)]


class Case(BaseModel):
    """One program.

    Attributes:
        name: Name of the program, without its ending.
        kind: The folder that it lies in: what kind of thing is wrong.
        data: What it generates.
        game: The kind of game; `pairs` is several pairs of players.
        style: How it trains.
        source: Address of the public report.
        saw: What the person who wrote the report saw.
        cause: What is wrong, in one sentence. For a look-alike, why it is not.
        seen: What the program shows of it by numbers that it prints itself. In the half that is judged once they were
            got without gandoctor.
        right: Ids of the rules and causes that name the cause. Any of them is right. Empty for a look-alike.
        symptoms: Ids of the rules that describe what the person saw, without its cause. They are right, too, but are
            counted apart.
        must_not: Ids that are wrong here, if said above a remark.
        known: Whether the bug was known to the rules' authors before the corpus was made.
        later: The set that it was written for after the half `judged` had been judged; None for those before.
        awaits: What names the cause but is said by no rule yet. Its id goes into `right` once there is one, and before
            the half that is judged once is judged.
        note: Anything else that a reader of the table should know.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    kind: str = Field(pattern=r"^[a-z_]+$")
    data: Data
    game: Game
    style: Style
    source: str = Field(pattern=r"^https://")
    saw: str = Field(min_length=1)
    cause: str = Field(min_length=1)
    seen: str = Field(min_length=1)
    right: Ids = ()
    symptoms: Ids = ()
    must_not: Ids = ()
    known: bool = False
    later: Later | None = None
    awaits: str = ""
    note: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether it is a look-alike, in which nothing is wrong."""
        return self.kind == FINE

    @property
    def half(self) -> Half:
        """The half that it belongs to; see `half_of`."""
        return half_of(self.name, self.is_fine, self.known, self.later)

    @model_validator(mode="after")
    def _validate(self) -> Case:
        if self.is_fine and (self.right or self.symptoms):
            raise ValueError(f"{self.name} is a look-alike, so nothing is right to be found.")
        if not self.is_fine and not self.right and not self.awaits:
            raise ValueError(f"{self.name} has no right answer.")
        if self.known and self.later:
            raise ValueError(f"{self.name} was either known before or written for the {self.later} set.")
        if both := {*self.right, *self.symptoms} & {*self.must_not}:
            raise ValueError(f"{self.name} has {min(both)} as right and as wrong.")
        return self


def half_of(name: str, is_fine: bool, known: bool, later: Later | None = None) -> Half:
    """Return the half of a program, by a rule that leaves nobody a choice.

    What was written for a later set is in that, whatever its name. A bug that was known before the corpus was made is
    in the building half. Of the others a hash of the name decides: modulo 5, where 0 to 2 are judged once, which makes
    the halves about equal; look-alikes, none of which was known, modulo 2, where 1 is judged once.
    """
    if later:
        return later
    if known:
        return "building"
    number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest())
    return "judged" if (number % 2 == 1 if is_fine else number % 5 < 3) else "building"


def _case(path: Path, name: str, table: Any) -> Case:
    try:
        return Case.model_validate({"name": name, **table} if isinstance(table, dict) else table)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([name, *map(str, first["loc"])])
        raise GandoctorError(f"The catalogue {path} is not valid: {where}: {first['msg']}") from None


class Catalogue:
    """The cases of a catalogue and where their programs are.

    Args:
        path: The catalogue, a TOML file of one table a program; the programs lie beside it as KIND/NAME.py.

    Attributes:
        folder: Where the programs are.
        cases: Every case, in the order of the file.

    Raises:
        GandoctorError: The catalogue cannot be read or is not valid. The message says where.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        try:
            tables: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise GandoctorError(f"The catalogue {path} cannot be read: {error.strerror or error}.") from None
        except ValueError as error:
            raise GandoctorError(f"The catalogue {path} is not TOML: {error}.") from None
        self.cases = tuple(_case(path, name, table) for name, table in tables.items())

    def program(self, case: Case) -> Path:
        """Return the path of a case's program."""
        return self.folder / case.kind / f"{case.name}.py"

    @property
    def digest(self) -> str:
        """Short hash of all that is asked and of the programs."""
        whole = blake2b(digest_size=8)
        for case in self.cases:
            whole.update(case.model_dump_json().encode() + self.digest_of(case).encode())
        return whole.hexdigest()

    def digest_of(self, case: Case) -> str:
        """Return a short hash of a case's program and of the modules that the programs share."""
        # the PyTorch modules say nothing of the others' programs, whose recorded runs are to stay good
        shared = [
            part
            for part in sorted(self.folder.glob("*.py"))
            if case.style == "torch" or not part.name.startswith("torch_")
        ]
        parts = [self.program(case), *shared]
        return blake2b(b"".join(part.read_bytes() for part in parts if part.exists()), digest_size=8).hexdigest()

    def select(self, halves: Iterable[Half] = HALVES, only: Iterable[str] = ()) -> list[Case]:
        """Return the cases of the given halves. With `only`, those whose name contains any of these texts."""
        chosen, parts = set(halves), tuple(only)
        return [
            case
            for case in self.cases
            if case.half in chosen and (not parts or any(part in case.name for part in parts))
        ]

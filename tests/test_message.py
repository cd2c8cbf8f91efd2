"""Messages render late, keep their numbers, and survive the trip to a file and back."""

from __future__ import annotations

import json

import pytest

from gandoctor.message import Absence, Absent, Message, clauses, counted, sentences


class Shouting:
    """A language in which everything is upper case and lists have a plus."""

    def template(self, message: Message) -> str:
        return {"{n} step": "{n} STEP", "the {player} is still": "{player} STILL", "generator": "GENERATOR"}.get(
            message.template, message.template
        )

    def listed(self, items: list[str]) -> str:
        return " + ".join(items)


def test_numbers_are_formatted_by_the_template() -> None:
    message = Message("{share:.0%} of {count:,} {{images}}", share=0.256, count=12_000)
    assert str(message) == "26% of 12,000 {images}"
    assert message.values == {"share": 0.256, "count": 12_000}


@pytest.mark.parametrize(
    ("template", "value", "said"),
    [
        ("{x:.2g}", 1e-7, "1e-7"),
        ("{x:.1e}", -3e-6, "-3.0e-6"),
        ("{x:g}", 1e6, "1e6"),
        ("{x:.3g}", 2016.0, "2,020"),
        ("{x:.2g}", -123_456.0, "-120,000"),
        ("{x:.3g}", 2.016e6, "2.02e6"),
        ("{x:.1e}", 2016.0, "2.0e3"),
        ("{x:g}", 2016.5, "2016.5"),
        ("{x:.0e}", 3e12, "3e12"),
        ("{x}", 2.5e-10, "2.5e-10"),
        ("{x:g}", 0.001, "0.001"),
        ("{x:.0f}", 100.0, "100"),
        ("{x:.2t}", 4e-4, "4e-4"),
        ("{x:t}", 0.5, "0.5"),
        ("{x:.1t}", 3.4e-20, "3e-20"),
        ("{x:.2t}", 0, "0"),
        ("{x:.2t}", "SGD", "SGD"),
        ("{x}", "dense-07", "dense-07"),
        ("{x}", "node+05", "node+05"),
    ],
)
def test_a_power_of_ten_is_written_as_it_is_typed(template: str, value: float | str, said: str) -> None:
    assert str(Message(template, x=value)) == said


def test_messages_and_lists_within_messages_are_said_in_the_same_language() -> None:
    message = Message(
        "{who}: {names}", who=Message("the {player} is still", player=Message("generator")), names=("a", "b", "c")
    )
    assert str(message) == "the generator is still: a, b and c"
    assert message.render(Shouting()) == "GENERATOR STILL: a + b + c"
    assert message.facts == {"names": "a"} | {}


def test_counts_choose_the_singular() -> None:
    assert [str(counted("{n} step", "{n} steps", n)) for n in (0, 1, 2)] == ["0 steps", "1 step", "2 steps"]


def test_sentences_and_clauses_leave_out_what_is_none() -> None:
    assert str(sentences(Message("A."), None, Message("B {x}.", x=1))) == "A. B 1."
    assert str(clauses(None, Message("a"), Message("b"))) == "a; b"
    assert sentences(Message("A."), Message("B {x}.", x=1)).facts == {"x": 1}


def test_a_place_without_a_value_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="share"):
        Message("{share:.0%}")


def test_plain_text_becomes_a_message_that_says_just_that() -> None:
    assert str(Message.of("a {b} c")) == "a {b} c"


def test_json_there_and_back() -> None:
    message = sentences(counted("{n} step", "{n} steps", 3), Message("{a} {b:.1f}", a=("x", Message("y")), b=2.0))
    assert Message.read(json.loads(json.dumps(message.to_plain()))) == message
    absence = Absence(Absent.FROZEN, message)
    assert Absence.read(json.loads(json.dumps(absence.to_plain()))) == absence
    assert Absence.read("an earlier version's sentence").code is Absent.UNSPECIFIED
    for code in ("unknown", ["a"], {}, None, 1):
        assert Absence.read({"code": code, "message": "why"}).code is Absent.UNSPECIFIED


@pytest.mark.parametrize(
    ("template", "value", "said"),
    [
        ("{x.__class__}", 1, "{x.__class__}"),
        ("{x[0]}", 1, "{x[0]}"),
        ("{x:999999999}", 1, "1"),
        ("{x:.99999999f}", 1, "1"),
        ("{x!r}", 1, "{x!r}"),
        ("{x:.2f}", "text", "text"),
    ],
)
def test_a_hostile_template_gets_nothing(template: str, value: object, said: str) -> None:
    assert str(Message.read({"template": template, "values": {"x": value}})) == said


@pytest.mark.parametrize("plain", [None, 3, [], {"template": 3}, {"template": "{x}"}, {"template": "a", "values": 3}])
def test_what_is_no_message_is_refused(plain: object) -> None:
    with pytest.raises(ValueError, match=r"message|values|place|No value"):
        Message.read(plain)


def test_messages_nested_without_end_are_refused() -> None:
    plain: dict[str, object] = {"template": "x"}
    for _ in range(50):
        plain = {"template": "{x}", "values": {"x": plain}}
    with pytest.raises(ValueError, match=r"neither"):
        Message.read(plain)


def test_a_whole_number_that_fits_no_float_is_infinite() -> None:
    for n, told in ((10**5_000, "inf"), (-(10**400), "-inf")):
        assert str(Message.read({"template": "{n:,} and {n:.0%}", "values": {"n": n}})) == f"{told} and {told}%"

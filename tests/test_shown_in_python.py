"""What an interpreter shows of the public objects, and what it completes."""

import gandoctor
from gandoctor.message import Message
from gandoctor.rules import find_rule


def test_a_message_shows_its_sentence():
    assert repr(Message("{n} steps", n=3)) == "Message('3 steps')"


def test_a_rule_shows_itself_in_one_line():
    assert repr(find_rule("GD403")) == (
        "<Rule GD403 mode-collapse (critical): The generator makes the same few images again and again>"
    )


def test_the_package_completes_its_public_names_only():
    assert set(dir(gandoctor)) == {*gandoctor.__all__, "__version__"}
    assert all(hasattr(gandoctor, name) for name in dir(gandoctor))

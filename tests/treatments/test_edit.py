"""An edit in one line: what goes and what comes, each of them code that can be read by itself."""

import pytest

from gandoctor.treatments.edit import Edit

LINES = {
    (
        "g_optimizer = keras.optimizers.Adam(learning_rate=1e-7)",
        "g_optimizer = keras.optimizers.Adam(learning_rate=4e-4)",
    ): "g_optimizer = keras.optimizers.Adam(learning_rate=1e-7 -> 4e-4)",
    (
        "latents = keras.ops.full((n, 100), 0)",
        "latents = keras.random.uniform((n, 100), -1.0, 1.0)",
    ): "latents = keras.ops.full((n, 100), 0) -> keras.random.uniform((n, 100), -1.0, 1.0)",
    ("loss = mean(square(x))", "loss = square(x)"): "loss = mean(square(x)) -> square(x)",
    ("Dropout(0.9)", "Dropout(0.4)"): "Dropout(0.9 -> 0.4)",
    ("Dense(1, activation='tanh')", "Dense(1)"): "Dense(1, activation='tanh') -> Dense(1)",
}


@pytest.mark.parametrize(("before", "after"), LINES)
def test_no_bracket_is_left_open(before, after):
    line = Edit("key", before, after).line
    assert line == LINES[before, after]
    assert line.count("(") == line.count(")")

import contextlib
import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from gandoctor.errors import GandoctorError
from reference_models.datasets import Images, check, digits_below, in_range, load_images, split

RNG = np.random.default_rng(0)


def digits(n=80, shape=(28, 28)):
    return RNG.integers(0, 256, (n, *shape), dtype=np.uint8)


def refusal(where):
    with pytest.raises(GandoctorError) as caught:
        load_images(str(where))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_default_is_the_embedded_digits():
    images = load_images()
    assert images.pixels.shape == (5000, 28, 28, 1)
    assert images.pixels.dtype == np.uint8
    assert images.pixels.max() == 255
    assert "mnist_5k" in images.source


def test_digits_can_be_left_out_where_they_are_known(tmp_path):
    whole = load_images()
    assert np.bincount(whole.digits).tolist() == [500] * 10
    seven = digits_below(whole, 7)
    assert set(seven.digits) == set(range(7))
    assert len(seven.pixels) == 3500
    zero = whole.pixels[whole.digits == 0]
    assert np.array_equal(digits_below(whole, 1).pixels, zero)
    assert digits_below(whole, None) is whole
    np.savez(tmp_path / "a.npz", images=digits())
    with pytest.raises(GandoctorError, match="what digit each image shows"):
        digits_below(load_images(str(tmp_path / "a.npz")), 7)


@pytest.mark.parametrize("key", ["images", "x_train", "anything"])
def test_an_npz_is_read_by_key_or_as_its_only_array(tmp_path, key):
    array = digits()
    np.savez_compressed(tmp_path / "a.npz", **{key: array})
    images = load_images(str(tmp_path / "a.npz"))
    assert np.array_equal(images.pixels[..., 0], array)
    assert images.source == "file a.npz"


def test_labels_beside_the_images_do_not_disturb(tmp_path):
    np.savez(tmp_path / "a.npz", images=digits(), labels=np.zeros(80))
    assert load_images(str(tmp_path / "a.npz")).pixels.shape == (80, 28, 28, 1)


def test_several_arrays_without_a_known_name_are_listed(tmp_path):
    np.savez(tmp_path / "a.npz", first=digits(), second=digits())
    assert "first, second" in refusal(tmp_path / "a.npz")


def test_a_folder_is_read_as_gray_images(tmp_path):
    (tmp_path / "class").mkdir()
    for i in range(64):
        Image.fromarray(digits(1, (12, 16, 3))[0]).save(tmp_path / "class" / f"{i:03}.png")
    (tmp_path / "notes.txt").write_text("not an image")
    assert load_images(str(tmp_path)).pixels.shape == (64, 12, 16, 1)


def test_a_folder_of_mixed_sizes_names_the_odd_one(tmp_path):
    Image.fromarray(digits(1)[0]).save(tmp_path / "a.png")
    Image.fromarray(digits(1, (28, 32))[0]).save(tmp_path / "b.png")
    message = refusal(tmp_path)
    assert "b.png is 32x28" in message


def test_a_damaged_or_empty_folder_is_refused(tmp_path):
    assert "holds no images" in refusal(tmp_path)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    assert "a.png cannot be read" in refusal(tmp_path)


def test_a_giant_picture_is_refused_before_it_is_decoded(tmp_path):
    Image.new("1", (20000, 20000)).save(tmp_path / "a.png")
    refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a readable .npz"),
        (b"not a zip at all", "not a readable .npz"),
        (pickle.dumps([1, 2]), "not a readable .npz"),
    ],
)
def test_what_is_not_an_npz_is_refused(tmp_path, content, says):
    (tmp_path / "a.npz").write_bytes(content)
    assert says in refusal(tmp_path / "a.npz")


def test_pickled_objects_are_never_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (exec, ("raise SystemExit('executed')",))

    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.array([Bomb()] * 80, dtype=object), allow_pickle=True)
        archive.writestr("images.npy", buffer.getvalue())
    assert "Python objects" in refusal(tmp_path / "a.npz")


@pytest.mark.parametrize("shape", [(2**40, 28, 28), (64, 28, 2**33), (81, 28, 28)])
def test_an_array_that_declares_more_than_it_holds_is_refused_unread(tmp_path, shape):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("images.npy", buffer.getvalue() + digits(60).tobytes())
    message = refusal(tmp_path / "a.npz")
    assert "declares" in message


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10**6), byte=st.integers(0, 255), cut=st.booleans())
@example(position=0, byte=0, cut=True)
def test_a_damaged_npz_is_read_or_refused_but_never_a_traceback(tmp_path, position, byte, cut):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, images=np.arange(64 * 64, dtype=np.uint8).reshape(64, 8, 8))
    content = bytearray(path.read_bytes())
    position %= len(content)
    if cut:
        del content[position:]
    else:
        content[position] ^= byte
    path.write_bytes(bytes(content))
    with contextlib.suppress(GandoctorError):
        assert load_images(str(path)).pixels.shape == (64, 8, 8, 1)


def test_missing_and_unknown_data_name_the_choices(tmp_path):
    assert "leave --data out" in refusal(tmp_path / "missing.npz")
    (tmp_path / "a.csv").write_text("1,2")
    assert "neither" in refusal(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (digits(63), "holds 63 images"),
        (digits(80, (30, 28)), "divisible by 4"),
        (digits(80, (4, 4)), "between 8 and"),
        (digits(80, (28, 28, 4)), "channels"),
        (digits(80, (28,)), "80x28;"),
        (np.full((80, 28, 28), 7, np.uint8), "Every pixel in it is 7"),
        (digits().astype(np.int64) - 1, "from -1 to"),
        (digits().astype(np.float32) * 2, "[0, 1], [-1, 1] or [0, 255]"),
        (np.where(digits() > 5, 1.0, np.nan), "NaN"),
        (np.where(digits() > 5, 1.0, np.inf), "infinity"),
        (digits().astype(complex), "complex128"),
        (np.array("x"), "a single value"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(array, says):
    with pytest.raises(GandoctorError) as caught:
        check(array, "it")
    assert says in str(caught.value)


@given(hnp.arrays(np.float64, (64, 8, 8, 1), elements=st.floats(0, 1), fill=st.floats(0, 1)))
@settings(max_examples=25)
def test_the_three_float_ranges_are_brought_to_the_same_unit_range(unit):
    unit[0, :2, 0, 0] = 0, 1  # an array's range can only be told when it is used
    for there in (unit, unit * 2 - 1, unit * 255):
        pixels = check(there, "it")
        assert pixels.dtype == np.float32
        np.testing.assert_allclose(pixels, unit, atol=1e-6)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_black_and_white_stored_as_0_and_1_is_not_taken_for_black(dtype):
    pixels = check((digits() > 127).astype(dtype), "it")
    assert pixels.dtype == np.uint8
    assert set(np.unique(pixels)) == {0, 255}


def test_in_range_covers_the_range_asked_for():
    pixels = np.array([0, 255], np.uint8)
    assert in_range(pixels, "unit").tolist() == [0, 1]
    assert in_range(pixels, "symmetric").tolist() == [-1, 1]
    assert in_range(pixels, "bytes").tolist() == [0, 255]
    assert in_range(pixels.astype(np.float32) / 255, "bytes").tolist() == [0, 255]
    assert in_range(pixels, "unit").dtype == np.float32


@pytest.mark.parametrize(("n", "held"), [(5000, 500), (10000, 512), (64, 6)])
def test_held_out_images_are_never_trained_on_and_probe_images_always(n, held):
    pixels = np.arange(n, dtype=np.int64).reshape(n, 1, 1, 1)
    parts = split(Images(pixels, ""), seed=3)
    training, probe, holdout = (set(p.ravel().tolist()) for p in (parts.training, parts.probe, parts.holdout))
    assert len(holdout) == held
    assert not training & holdout
    assert training | holdout == set(range(n))
    assert probe <= training
    assert len(probe) == min(512, n - held)


def test_the_split_follows_the_seed_and_the_limit():
    pixels = np.arange(1000).reshape(1000, 1, 1, 1)
    images = Images(pixels, "")
    assert np.array_equal(split(images, 1).training, split(images, 1).training)
    assert not np.array_equal(split(images, 1).training, split(images, 2).training)
    limited = split(images, 1, training_images=10)
    assert len(limited.training) == len(limited.probe) == 10
    assert np.array_equal(limited.training, split(images, 1).training[:10])


def test_without_a_network_mnist_names_the_default(monkeypatch, tmp_path, capfd):
    keras = pytest.importorskip("keras")

    def refuse(**_):
        print("Downloading data from somewhere")
        raise Exception("URL fetch failure on somewhere: None -- no route")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", refuse)
    message = refusal("mnist")
    assert "no route" in message
    assert "Leave --data out" in message
    assert capfd.readouterr().out == ""


test_without_a_network_mnist_names_the_default = pytest.mark.training(test_without_a_network_mnist_names_the_default)

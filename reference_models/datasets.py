"""Loads, checks and splits real images: embedded digits, Keras's MNIST, coloured shapes, an .npz file, a folder."""

from __future__ import annotations

import contextlib
import io
import math
import socket
import zipfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from gandoctor.errors import GandoctorError
from reference_models.settings import PixelRange
from reference_models.shapes import coloured_shapes

MIN_IMAGES = 64
MIN_SIDE, MAX_SIDE = 8, 512
MAX_BYTES = 4 * 2**30
"""Largest array accepted. An archive that declares more is rejected before it is unpacked."""

HOLDOUT = 512
PROBE = 512
_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
_KEYS = ("images", "x_train")


@dataclass(frozen=True)
class Images:
    """Checked images.

    Attributes:
        pixels: (n, height, width, channels); uint8 on 0..255, or float32 on [0, 1].
        source: Where the images come from, for the manifest.
        digits: The digit that each image shows, (n,); None if unknown.
    """

    pixels: NDArray[Any]
    source: str
    digits: NDArray[Any] | None = None


@dataclass(frozen=True)
class Split:
    """Training images, the part of them used for probes, and held-out images; each (n, height, width, channels)."""

    training: NDArray[Any]
    probe: NDArray[Any]
    holdout: NDArray[Any]


def load_images(name_or_path: str | None = None) -> Images:
    """Load real images.

    Args:
        name_or_path: None for the 5,000 embedded digits, "mnist" for Keras's 60,000 (downloaded once), "shapes" for
            5,000 generated colour images, an .npz file (its key `images` or `x_train`, or its only array), or a folder
            of image files of the same size (read as greyscale).

    Raises:
        GandoctorError: The data cannot be read or used for training; the message says what was found.
    """
    if name_or_path is None:
        return _embedded_digits()
    if name_or_path == "mnist":
        pixels, digits = _keras_mnist()
        return Images(check(pixels, "mnist"), "mnist (keras.datasets)", digits)
    if name_or_path == "shapes":
        return Images(check(coloured_shapes(), "shapes"), "coloured shapes (generated)")
    path = Path(name_or_path)
    if path.is_dir():
        return Images(check(_read_folder(path), str(path)), f"folder {path.name}")
    if not path.exists():
        raise GandoctorError(
            f"There are no data at {name_or_path!r}. Use `mnist`, `shapes`, an .npz file or a folder of images, "
            "or leave --data out for the default."
        )
    if path.suffix.lower() != ".npz":
        raise GandoctorError(f"{path} is neither an .npz file nor a folder of images.")
    try:
        with path.open("rb") as file:
            return Images(check(_read_npz(file, str(path)), str(path)), f"file {path.name}")
    except OSError as error:
        raise GandoctorError(f"{path} cannot be read: {error.strerror or error}.") from None


def check(array: NDArray[Any], source: str) -> NDArray[Any]:
    """Return images as (n, height, width, channels), uint8 on 0..255 or float32 on [0, 1].

    Integer images that hold only 0 and 1 are read as black and white. Floats may be on [0, 1], [-1, 1] or [0, 255].

    Raises:
        GandoctorError: The shape is wrong, there are too few images, a side is not divisible by 4, or the values are
            not finite, in an unknown range, or all the same.
    """
    if array.ndim == 3:
        array = array[..., np.newaxis]
    shape = "x".join(map(str, array.shape))
    if array.ndim != 4 or array.shape[-1] not in (1, 3):
        raise GandoctorError(
            f"The array in {source} is {shape or 'a single value'}; images must have the shape "
            "(number, height, width) or (number, height, width, 1 or 3 channels)."
        )
    count, height, width, _ = array.shape
    if count < MIN_IMAGES:
        raise GandoctorError(f"{source} holds {count} images; at least {MIN_IMAGES} are needed.")
    if any(side % 4 or not MIN_SIDE <= side <= MAX_SIDE for side in (height, width)):
        raise GandoctorError(
            f"The images in {source} are {height}x{width} pixels; both sides must be divisible by 4 "
            f"(the generator doubles the image size twice) and between {MIN_SIDE} and {MAX_SIDE}. "
            "Crop or resize them."
        )
    if array.dtype.kind not in "buif":
        raise GandoctorError(f"The array in {source} has the type {array.dtype}; images must be integers or floats.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise GandoctorError(f"The images in {source} contain NaN or infinity.")
    low, high = array.min(), array.max()
    if low == high:
        raise GandoctorError(f"Every pixel in {source} is {low}: there is nothing to learn.")
    return _rescaled(array, float(low), float(high), source)


def split(images: Images, seed: int, training_images: int | None = None) -> Split:
    """Shuffle and split into training, probe and held-out images.

    512 images are held out, or a tenth of all if that is fewer. Up to 512 of the training images are probe images.

    Args:
        images: Images from `load_images`.
        seed: Seed of the shuffle. The same seed gives the same split.
        training_images: Largest number of training images.
    """
    order = np.random.default_rng(seed).permutation(len(images.pixels))
    held = min(HOLDOUT, len(order) // 10)
    training = images.pixels[order[held:][:training_images]]
    return Split(training=training, probe=training[:PROBE], holdout=images.pixels[order[:held]])


def digits_below(images: Images, limit: int | None) -> Images:
    """Return the images of the digits 0 to `limit` - 1, or all images if `limit` is None.

    Raises:
        GandoctorError: The images have no digit labels.
    """
    if limit is None:
        return images
    if images.digits is None:
        raise GandoctorError(
            f"data.digits={limit} needs to know what digit each image shows, but {images.source} has no labels. "
            "The embedded digits and mnist have them."
        )
    kept = images.digits < limit
    return Images(images.pixels[kept], f"{images.source}, digits below {limit}", images.digits[kept])


def in_range(pixels: NDArray[Any], pixel_range: PixelRange) -> NDArray[np.float32]:
    """Return checked images (uint8 on 0..255 or float32 on [0, 1]) as float32 in the given range."""
    unit = pixels.astype(np.float32)
    if pixels.dtype == np.uint8:
        unit /= 255
    if pixel_range == "unit":
        return unit
    return unit * 2 - 1 if pixel_range == "symmetric" else unit * 255


def _rescaled(array: NDArray[Any], low: float, high: float, source: str) -> NDArray[Any]:
    if array.dtype.kind != "f":
        if low < 0 or high > 255:
            raise GandoctorError(f"The integers in {source} range from {low:g} to {high:g}; images must be in 0..255.")
        return array.astype(np.uint8) * np.uint8(255 if high <= 1 else 1)
    if low >= 0 and high <= 1:
        return array.astype(np.float32)
    if low >= -1 and high <= 1:
        return (array.astype(np.float32) + 1) / 2
    if low >= 0 and high <= 255:
        return array.astype(np.float32) / 255
    raise GandoctorError(
        f"The values in {source} range from {low:g} to {high:g}; floats must be in [0, 1], [-1, 1] or [0, 255]."
    )


def _embedded_digits() -> Images:
    archive, source = files("reference_models") / "data" / "mnist_5k.npz", "the embedded digits"
    with archive.open("rb") as file:
        pixels = check(_read_npz(file, source), source)
    with archive.open("rb") as file:
        return Images(pixels, "mnist_5k (embedded)", _read_npz(file, source, keys=("labels",)))


def _read_npz(file: IO[bytes], source: str, keys: tuple[str, ...] = _KEYS) -> NDArray[Any]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = {name[:-4]: name for name in archive.namelist() if name.endswith(".npy")}
            wanted = [key for key in keys if key in members] or (list(members) if len(members) == 1 else [])
            if not wanted:
                found = ", ".join(sorted(members)[:10]) or "none"
                raise GandoctorError(
                    f"{source} must hold a single array, or one named `images` or `x_train`; its arrays are: {found}."
                )
            info = archive.getinfo(members[wanted[0]])
            with archive.open(info) as member:
                _check_declared(member, info.file_size, source)
            with archive.open(info) as member:
                array: NDArray[Any] = npy.read_array(member, allow_pickle=False)
                return array
    except GandoctorError:
        raise
    except (
        zipfile.BadZipFile,
        ValueError,
        EOFError,
        OSError,
        RuntimeError,
        NotImplementedError,
        MemoryError,
    ) as error:
        raise GandoctorError(
            f"{source} is not a readable .npz file ({error or type(error).__name__}). "
            "Write it with numpy.savez(FILE, images=ARRAY)."
        ) from None
    except Exception as error:  # noqa: BLE001 - zlib, struct and the header parser raise their own on a damaged file
        raise GandoctorError(f"{source} is damaged ({type(error).__name__}). Write it again.") from None


def _check_declared(member: IO[bytes], stored_bytes: int, source: str) -> None:
    """Check what the header declares before memory is allocated for it."""
    version = npy.read_magic(member)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(member)
    if dtype.hasobject:
        raise GandoctorError(f"{source} holds Python objects, which are never loaded; images must be numbers.")
    declared = math.prod(shape) * dtype.itemsize
    if declared > MAX_BYTES:
        raise GandoctorError(
            f"{source} declares {declared / 2**30:.1f} GiB of images; the limit is {MAX_BYTES / 2**30:.0f} GiB."
        )
    if declared > stored_bytes:
        raise GandoctorError(f"{source} is damaged: it declares {declared} bytes of images and holds fewer.")


def _read_folder(folder: Path) -> NDArray[Any]:
    from PIL import Image

    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES and not p.name.startswith("."))
    if not paths:
        raise GandoctorError(f"{folder} holds no images ({', '.join(sorted(_SUFFIXES))}).")
    pixels: list[NDArray[np.uint8]] = []
    for path in paths:
        try:
            with Image.open(path) as image:
                if pixels and (image.height, image.width) != pixels[0].shape:
                    height, width = pixels[0].shape
                    raise GandoctorError(
                        f"The images in {folder} differ in size: {paths[0].name} is {width}x{height}, "
                        f"{path.name} is {image.width}x{image.height}. Crop or resize them to one size."
                    )
                if max(image.size) > MAX_SIDE:
                    raise GandoctorError(
                        f"{path} is {image.width}x{image.height} pixels; the limit is {MAX_SIDE} per side. "
                        "Resize the images."
                    )
                pixels.append(np.asarray(image.convert("L")))
        except GandoctorError:
            raise
        except Exception as error:  # noqa: BLE001 - Pillow's readers raise anything on a damaged file
            raise GandoctorError(f"{path} cannot be read as an image ({type(error).__name__}).") from None
    return np.stack(pixels)


def _keras_mnist() -> tuple[NDArray[Any], NDArray[Any]]:
    import keras

    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(10)  # seconds without an answer; Keras itself would wait forever
    try:
        # Keras reports the download on standard output, which belongs to the command.
        with contextlib.redirect_stdout(io.StringIO()):
            (images, labels), _ = keras.datasets.mnist.load_data()
    except Exception as error:  # noqa: BLE001 - Keras raises a bare Exception for a failed download
        raise GandoctorError(
            f"MNIST could not be downloaded ({error}). "
            "Leave --data out to train on the 5,000 digits that come with the reference model."
        ) from None
    finally:
        socket.setdefaulttimeout(timeout)
    return images, labels

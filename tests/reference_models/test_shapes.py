import numpy as np

from reference_models.datasets import check, load_images
from reference_models.shapes import KINDS, SIDE, coloured_shapes


def test_the_same_seed_draws_the_same_images_and_another_seed_others():
    one, again, other = coloured_shapes(20), coloured_shapes(20), coloured_shapes(20, seed=1)
    assert one.shape == (20, SIDE, SIDE, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_an_image_is_one_bright_shape_on_a_dark_ground():
    images = coloured_shapes(400) / 255
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    assert border.max() < 0.16
    assert np.ptp(border, axis=(1, 2)).max() < 0.01, "no shape is cut off"
    brightest = images.max(axis=(1, 2, 3))
    assert brightest.min() > 0.95
    share = (images.max(axis=-1) > 0.5).mean(axis=(1, 2))
    assert share.min() > 0.02
    assert share.max() < 0.5


def test_every_kind_and_many_hues_occur():
    images = coloured_shapes(400).astype(float)
    brightest = images.reshape(400, -1, 3)[np.arange(400), images.sum(-1).reshape(400, -1).argmax(1)]
    assert set(brightest.argmax(1)) == {0, 1, 2}
    areas = np.sort((images.max(axis=-1) > 128).mean(axis=(1, 2)))
    assert len(KINDS) == 4
    assert areas[-1] > 4 * areas[0], "sizes and kinds differ"


def test_they_are_a_data_set_by_name():
    images = load_images("shapes")
    assert images.pixels.shape == (5000, SIDE, SIDE, 3)
    assert check(images.pixels, "it").dtype == np.uint8
    assert images.digits is None
    assert "shapes" in images.source

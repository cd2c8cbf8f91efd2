"""torch-fidelity's extractors as an embedding: what they are given, and what is refused.

The library needs torchvision and gigabytes of it, so a registry of its shape stands in for it; the last test takes the
real one where it is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gandoctor.errors import GandoctorError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.training


class Corners(torch.nn.Module):  # type: ignore[misc]
    """Its features are the four corners and the mean of each plane."""

    def __init__(self, name: str, layers: list[str], feature_extractor_weights_path: str | None = None) -> None:
        super().__init__()
        assert layers == ["corners"]
        self.scale = torch.nn.Linear(1, 1)  # drawn at random, as real ones are before their weights are loaded
        if feature_extractor_weights_path is not None:
            self.load_state_dict(torch.load(feature_extractor_weights_path))

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        return {"kid": "corners"}[metric]

    def forward(self, x: Any) -> tuple[Any]:
        assert x.dtype == torch.uint8
        assert x.shape[1] == 3
        return (x[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].float(),)


@pytest.fixture
def extractor(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    registry = ModuleType("torch_fidelity.registry")
    registry.FEATURE_EXTRACTORS_REGISTRY = {"corners": Corners}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch_fidelity", ModuleType("torch_fidelity"))
    monkeypatch.setitem(sys.modules, "torch_fidelity.registry", registry)
    monkeypatch.delitem(sys.modules, "gandoctor.integrations.torch_fidelity", raising=False)
    from gandoctor.integrations.torch_fidelity import feature_extractor

    monkeypatch.delitem(sys.modules, "gandoctor.integrations.torch_fidelity")  # the next one finds the real registry
    return feature_extractor


def images(low: float, high: float, channels: int = 1) -> np.ndarray:
    shape = (40, 5, 6, channels)  # more than one batch
    return np.linspace(low, high, int(np.prod(shape)), dtype=np.float32).reshape(shape)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (-3.0, 5.0)])
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_become_bytes_of_three_planes(
    extractor: Callable[..., Any], low: float, high: float, channels: int
) -> None:
    given = images(low, high, channels)
    features = extractor("corners")(given)
    corners = given[:, [0, 0, -1, -1], [0, -1, 0, -1]].transpose(0, 2, 1)  # (n, channel, corner)
    expected = np.rint((corners - low) * 255 / (high - low)).repeat(3 // channels, axis=1)
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, expected.reshape(len(given), 12))


def test_the_range_is_that_of_the_first_images(extractor: Callable[..., Any]) -> None:
    embed = extractor("corners")
    embed(images(-1.0, 1.0))
    dark, beyond = np.zeros((1, 5, 6, 1), np.float32), np.full((1, 5, 6, 1), 7.0, np.float32)
    assert set(embed(dark).ravel()) == {128.0}
    assert set(embed(beyond).ravel()) == {255.0}


def test_the_random_state_stays(extractor: Callable[..., Any]) -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    extractor("corners")(images(0.0, 1.0))
    assert torch.equal(torch.rand(2), expected)


def test_what_cannot_be_used_is_one_clear_error(extractor: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match="no feature extractor 'inception'; it has corners"):
        extractor("inception")
    with pytest.raises(GandoctorError, match=r"corners cannot be loaded from .*none\.pt"):
        extractor("corners", tmp_path / "none.pt")
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(GandoctorError, match=r"corners cannot be loaded from .*other\.pt"):
        extractor("corners", tmp_path / "other.pt")
    with pytest.raises(ValueError, match=r"not \(4, 5, 6\)"):
        extractor("corners")(np.zeros((4, 5, 6), np.float32))


def test_the_real_library_s_names_and_layers() -> None:
    registry = pytest.importorskip("torch_fidelity.registry")
    kind = registry.FEATURE_EXTRACTORS_REGISTRY["inception-v3-compat"]
    assert kind.get_default_feature_layer_for_metric("kid") in kind.get_provided_features_list()

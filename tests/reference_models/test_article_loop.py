import numpy as np
import pytest

from support.rarely import rarely

pytestmark = pytest.mark.training


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
@pytest.mark.filterwarnings("ignore:gandoctor. d_grad_norm")
@pytest.mark.parametrize(
    ("freeze", "in_its_own_step", "in_the_generators"),
    [rarely("never", True, True), rarely("once", False, False), ("each-phase", True, False)],
)
def test_when_the_discriminator_moves(tmp_path, freeze, in_its_own_step, in_the_generators):
    from gandoctor import load_run
    from reference_models.article_loop import train
    from reference_models.settings import load_settings

    small = ("generator.width=0.02", "discriminator.width=0.02", "training.batch_size=8", "training.steps=2")
    images = np.random.default_rng(0).random((64, 8, 8, 1), dtype=np.float32)
    train(tmp_path / "run", load_settings("quick", small), images, freeze)
    run = load_run(tmp_path / "run")
    assert len(run["g_loss"]) == 2
    assert (run["d_movement"] > 0).any() == (in_its_own_step or in_the_generators)
    assert (run["d_update_in_g_step"] > 0).any() == in_the_generators
    if in_its_own_step:
        assert (run["d_update_in_d_step"] > 0).all()
    assert (run["g_update_in_g_step"] > 0).all()

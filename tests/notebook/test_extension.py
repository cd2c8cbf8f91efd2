"""`%load_ext gandoctor` without a kernel: what is wrapped is put back, and where runs go."""

from gandoctor.notebook.extension import Originals, reserve_run_dir


class Base:
    def fit(self):
        return "base"


class Model(Base):
    def own(self):
        return "own"


def test_what_was_replaced_or_added_is_put_back():
    originals = Originals()
    before = dict(vars(Model))
    with originals.of(Model):
        Model.fit = lambda self: "ours"
        Model.own = lambda self: "ours"
    assert (Model().fit(), Model().own()) == ("ours", "ours")
    originals.put_back()
    assert dict(vars(Model)) == before
    assert (Model().fit(), Model().own()) == ("base", "own")


def test_what_somebody_else_has_replaced_since_is_left_alone():
    class Mine(Base):
        pass

    originals = Originals()
    with originals.of(Mine):
        Mine.fit = lambda self: "ours"
    Mine.fit = lambda self: "theirs"
    originals.put_back()
    assert Mine().fit() == "theirs"


def test_run_directories_are_numbered_and_never_shared(tmp_path):
    folder = tmp_path / "gandoctor-runs"
    assert [reserve_run_dir(folder).name for _ in range(2)] == ["run-1", "run-2"]
    (folder / "run-7-2").mkdir()  # the second GAN of a kernel whose first directory is gone
    (folder / "run-x").mkdir()
    assert reserve_run_dir(folder).name == "run-8"

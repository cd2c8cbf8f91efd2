"""report, diagnose, rules, faults and the group itself, called in this process."""

import json
import os

import pytest

from gandoctor.cli import main
from gandoctor.store import Manifest, RunWriter
from support.command_line_runs import record


@pytest.fixture
def gandoctor(capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(a) for a in arguments])
        out = capsys.readouterr()
        return end.value.code, out.out, out.err

    return call


@pytest.fixture
def healthy(tmp_path):
    return record(tmp_path / "healthy")


@pytest.fixture
def sick(tmp_path):
    return record(tmp_path / "sick", nan_from=30)


def test_help_lists_every_command_in_the_order_of_need(gandoctor):
    code, out, _ = gandoctor("--help")
    assert code == 0
    lines = out.partition("Commands:")[2].splitlines()
    listed = [line.split()[0] for line in lines if line.strip() and not line.startswith("   ")]
    first = ["run", "check", "treat", "study", "compare", "watch", "report", "diagnose"]
    assert listed == [*first, "runs", "rules", "faults", "benchmark"]


def test_help_cuts_no_sentence(gandoctor):
    _, out, _ = gandoctor("--help")
    assert "..." not in out.partition("Commands:")[2]
    assert "before you train it." in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    "name", ["run", "check", "treat", "watch", "report", "diagnose", "runs", "rules", "faults", "benchmark"]
)
def test_every_command_has_help(gandoctor, name):
    code, out, _ = gandoctor(name, "--help")
    assert code == 0
    assert out.startswith(f"Usage: gandoctor {name}")


def test_mistyped_command_and_option_name_the_nearest(gandoctor):
    code, _, err = gandoctor("dignose")
    assert (code, "Did you mean diagnose?" in err) == (2, True)
    code, _, err = gandoctor("run", "--wach")
    assert (code, "--watch" in err) == (2, True)


def test_diagnose_text(gandoctor, sick):
    code, out, err = gandoctor("diagnose", sick)
    assert (code, err) == (1, "")
    assert out.startswith("FAILING  NaN in d_loss at step 30  GD001\n")
    assert len(out.splitlines()) <= 12
    assert out.splitlines()[-1].endswith("(-v lists them)")
    assert "\x1b" not in out


def test_diagnose_verbose_prints_everything_and_the_verdict_last(gandoctor, sick):
    _, brief, _ = gandoctor("diagnose", sick)
    code, out, err = gandoctor("diagnose", "-v", sick)
    assert (code, err) == (1, "")
    assert out.startswith("FAILING  The run completed 40 steps: ")
    assert "critical  GD001" in out
    assert "Not checked" in out
    assert "GD403" in out
    assert out.splitlines()[-len(brief.splitlines()) : -1] == brief.splitlines()[:-1]


def test_a_crash_is_named_where_the_verdict_is(gandoctor, tmp_path):
    writer = RunWriter(tmp_path / "crashed", Manifest(loss_family="hinge"))
    writer.record(1, {"d_loss": 0.5})
    writer.close("crashed", error="ValueError: the data\x1b ran out\nand more")
    for words in (["diagnose"], ["diagnose", "-v"], ["watch"]):
        assert "It crashed with ValueError: the data� ran out\n" in gandoctor(*words, tmp_path / "crashed")[1]


def test_diagnose_json(gandoctor, sick):
    code, out, _ = gandoctor("diagnose", "--json", sick)
    report = json.loads(out)
    assert (code, report["schema"], report["verdict"]) == (1, "gandoctor.diagnosis/1", "failing")


@pytest.mark.parametrize(("fail_on", "code"), [("info", 1), ("warning", 1), ("critical", 1), ("never", 0)])
def test_fail_on(gandoctor, sick, healthy, fail_on, code):
    assert gandoctor("diagnose", sick, "--fail-on", fail_on)[0] == code
    assert gandoctor("diagnose", healthy, "--fail-on", fail_on)[0] == 0


def test_fail_on_compares_severities():
    from types import SimpleNamespace

    from gandoctor.cli.options import exit_status
    from gandoctor.rules import Severity

    warned = SimpleNamespace(worst=Severity.WARNING)
    assert [exit_status(warned, level) for level in ("info", "warning", "critical", "never")] == [1, 1, 0, 0]


@pytest.mark.parametrize("name", ["diagnose", "report", "watch"])
def test_what_is_not_a_run_is_one_clear_error(gandoctor, tmp_path, name):
    for path in (tmp_path, tmp_path / "nowhere"):
        code, out, err = gandoctor(name, path)
        assert (code, out) == (2, "")
        assert err.startswith("Error: ")
        assert "Traceback" not in err


def test_hostile_manifest_cannot_steer_the_terminal(gandoctor, tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"schema": "\x1b]0;owned\x07"}))
    code, _, err = gandoctor("diagnose", tmp_path)
    assert code == 2
    assert "\x1b" not in err
    evil = record(tmp_path / "evil", nan_from=3, missing={"sample_coverage": "\x1b[2J[red]"})
    assert "\x1b" not in gandoctor("diagnose", evil)[1]
    assert "\x1b" not in gandoctor("watch", evil)[1]


def test_report_writes_page_and_diagnosis(gandoctor, sick):
    code, out, _ = gandoctor("report", sick)
    assert (code, out.strip()) == (0, str(sick / "report.html"))
    assert "GD001" in (sick / "report.html").read_text()
    assert json.loads((sick / "diagnosis.json").read_text())["verdict"] == "failing"


def test_report_elsewhere_leaves_the_run_alone(gandoctor, sick, tmp_path):
    before = sorted(os.listdir(sick))
    code, out, _ = gandoctor("report", sick, "--output", tmp_path / "page.html")
    assert (code, out.strip()) == (0, str(tmp_path / "page.html"))
    assert sorted(os.listdir(sick)) == before


def test_report_that_cannot_be_written_names_the_option(gandoctor, sick, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = gandoctor("report", sick, "--output", tmp_path / "file" / "page.html")
    assert code == 2
    assert err.startswith("Error: ")
    assert "--output" in err


def test_report_opens_the_browser_when_asked(gandoctor, sick, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    gandoctor("report", sick)
    assert opened == []
    gandoctor("report", sick, "--open")
    assert opened == [(sick / "report.html").resolve().as_uri()]


def test_watch_of_a_finished_run_without_a_terminal(gandoctor, sick):
    code, out, _ = gandoctor("watch", sick)
    assert code == 0
    assert "critical: GD001" in out
    assert "step 40/40  d_loss nan" in out
    assert "FAILING" in out


def test_rules_lists_all_and_explains_one(gandoctor):
    from gandoctor.rules import all_rules

    code, out, _ = gandoctor("rules")
    assert code == 0
    listed = [line.split("\t")[0] for line in out.splitlines()]
    assert listed == [*(r.id for r in all_rules()), "problem-1", "problem-2", "problem-3", "problem-4"]
    for rule in all_rules():
        code, out, _ = gandoctor("rules", rule.name)
        assert code == 0
        assert rule.page.strip().splitlines()[0] in out
        assert "Thresholds" in out
        listed = json.loads(gandoctor("rules", rule.id, "--json")[1])
        assert (listed["id"], listed["page"]) == (rule.id, rule.page)


def test_rules_json_and_unknown_rule(gandoctor):
    assert {"id", "name", "title", "severity"} <= json.loads(gandoctor("rules", "--json")[1])[0].keys()
    code, _, err = gandoctor("rules", "mode-colapse")
    assert (code, "mode-collapse" in err) == (2, True)


def test_faults(gandoctor):
    from reference_models.faults import FAULTS

    code, out, _ = gandoctor("faults")
    assert code == 0
    assert [line.split("\t")[0] for line in out.splitlines()] == list(FAULTS)
    listed = json.loads(gandoctor("faults", "--json")[1])
    assert [fault["name"] for fault in listed] == list(FAULTS)
    assert [tuple(fault["expected"]) for fault in listed] == [fault.expected for fault in FAULTS.values()]
    shown = {line.split("\t")[0]: line.split("\t")[1:3] for line in out.splitlines()}
    assert shown["no-dropout"] == ["start", "nothing"]
    assert shown["swapped-labels"] == ["any step", "GD008"]


def test_a_fault_is_explained_and_an_unknown_one_names_the_nearest(gandoctor):
    from reference_models.faults import FAULTS

    for fault in FAULTS.values():
        code, out, _ = gandoctor("faults", fault.name)
        assert code == 0
        assert out.startswith(f"{fault.name}: {fault.title}")
        assert " ".join(fault.description.split())[:60] in " ".join(out.split())
        assert all(rule in out for rule in fault.expected)
        assert f"gandoctor run --watch --fault {fault.name}" in out
    assert json.loads(gandoctor("faults", "no-dropout", "--json")[1])["expected"] == []
    code, _, err = gandoctor("faults", "no-dropot")
    assert (code, "Did you mean no-dropout?" in err) == (2, True)


def test_runs_lists_a_folder_newest_first_with_verdicts(gandoctor, tmp_path, sick, healthy):
    import os

    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "run.json").write_text("{")
    (tmp_path / "no run").mkdir()
    for age, name in enumerate((healthy.name, sick.name, "torn")):
        os.utime(tmp_path / name / "run.json", (1e9 - age, 1e9 - age))
    code, out, err = gandoctor("runs", tmp_path)
    assert (code, err) == (0, "")
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[0] for row in rows] == [healthy.name, sick.name, "torn"]
    assert rows[1][1:4] == ["failing", "40", "completed"]
    assert "NaN" in rows[1][4]
    assert rows[2][3] == "not readable"
    listed = json.loads(gandoctor("runs", tmp_path, "--json")[1])
    assert [row["verdict"] for row in listed][1:] == ["failing", ""]


def test_runs_of_an_empty_folder_and_of_none(gandoctor, tmp_path):
    assert gandoctor("runs", tmp_path) == (0, "", f"No run directory in {tmp_path}.\n")
    code, _, err = gandoctor("runs", tmp_path / "nowhere")
    assert (code, "is not a folder" in err) == (2, True)


GROUPS = {
    "Contracts: what any training needs": [("GD001", "critical", "non-finite-values", "A loss is NaN or infinite")],
    "Samples": [("GD403", "critical", "mode-collapse", "The generator makes the same few images again")],
}


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_on_a_terminal_rules_have_headings_and_whole_names(width):
    import io

    from rich.console import Console

    from gandoctor.cli.text import print_tables

    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=width)
    print_tables(console, ("id", "severity", "name", "failure mode"), GROUPS)
    lines = console.file.getvalue().splitlines()
    assert lines[0].split()[:3] == ["id", "severity", "name"]
    for title, ((rule_id, _, name, what),) in GROUPS.items():
        at = lines.index(title)
        assert lines[at + 1].startswith(rule_id)
        assert name in lines[at + 1], "a name is never broken"
        assert what in " ".join(" ".join(lines[at:]).split())
    assert max(map(len, lines)) <= width


def test_faults_as_json_have_their_theme(gandoctor):
    from reference_models.faults import THEMES

    listed = json.loads(gandoctor("faults", "--json")[1])
    assert {fault["theme"] for fault in listed} == set(THEMES)


def test_a_run_that_is_not_there_names_the_nearest(gandoctor, sick):
    code, _, err = gandoctor("diagnose", sick.with_name("sikc"))
    assert (code, f"Did you mean {sick}?" in err) == (2, True)
    code, _, err = gandoctor("diagnose", sick.with_name("quite another"))
    assert (code, "Give the directory of a run." in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("gandoctor wat", ["watch"]),
        ("gandoctor faults half", ["half-latents-collapsed"]),
        ("gandoctor run --fault dropout-0", ["dropout-0.9"]),
        ("gandoctor rules GD40", ["GD401", "GD402", "GD403", "GD404", "GD405", "GD406", "GD407", "GD408", "GD409"]),
        ("gandoctor rules problem-", ["problem-1", "problem-2", "problem-3", "problem-4"]),
    ],
)
def test_the_shell_completes(words, wanted):
    from click.shell_completion import BashComplete

    from gandoctor.cli.group import gandoctor as group

    *before, typed = words.split()[1:]
    found = BashComplete(group, {}, "gandoctor", "_GANDOCTOR_COMPLETE").get_completions(before, typed)
    assert [item.value for item in found] == wanted


def test_on_a_terminal_text_is_wrapped_under_its_indentation(sick):
    import io

    from rich.console import Console

    from gandoctor.cli.text import diagnosis_lines, print_lines
    from gandoctor.diagnosis import diagnose

    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=50)
    print_lines(console, diagnosis_lines(diagnose(sick)))
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 50
    piped = Console(file=io.StringIO(), width=50)
    print_lines(piped, diagnosis_lines(diagnose(sick)))
    assert max(map(len, piped.file.getvalue().splitlines())) > 50, "a pipe gets one sentence a line"

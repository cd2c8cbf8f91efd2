"""The terminal in another language: the same lines, said in Chinese, and measured in the cells that they take."""

import json
import re

import pytest
from rich.cells import cell_len

from gandoctor.cli import main
from gandoctor.cli.options import LANGUAGE_VARIABLE
from gandoctor.cli.text import diagnosis_lines, rule_lines
from gandoctor.report.languages.language import language
from gandoctor.rules import all_rules
from gandoctor.watch.canvas import Canvas
from gandoctor.watch.frame import draw_frame
from gandoctor.watch.lines import finding_line, in_order, progress_line
from gandoctor.watch.pages import draw_page
from support.command_line_runs import record
from support.fault_signatures import FAULTS, diagnosis_of
from support.watched_runs import snapshot

ZH = language("zh").say
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def gandoctor(capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out = capsys.readouterr()
        return end.value.code, out.out, out.err

    return call


@pytest.fixture
def sick(tmp_path):
    return record(tmp_path / "sick", nan_from=30)


@pytest.fixture(params=FAULTS)
def broken(request):
    signals, fields, _ = FAULTS[request.param]
    return diagnosis_of(signals, **fields)


def test_the_verdict_in_chinese(gandoctor, sick):
    code, out, _ = gandoctor("diagnose", "--lang", "zh", sick)
    assert code == 1, "what is said does not change what is found"
    assert out.startswith("训练失败  ")
    assert all(HAN.search(line) for line in out.splitlines() if not line.startswith("   "))


def test_the_environment_chooses_and_the_option_decides(gandoctor, sick, monkeypatch):
    monkeypatch.setenv(LANGUAGE_VARIABLE, "zh")
    assert gandoctor("diagnose", sick)[1].startswith("训练失败")
    assert gandoctor("diagnose", "--lang", "en", sick)[1].startswith("FAILING")
    assert "训练失败" in gandoctor("watch", sick)[1]
    assert "阈值" in gandoctor("rules", "GD403")[1]
    assert "训练失败" in gandoctor("runs", sick.parent)[1]
    assert json.loads(gandoctor("runs", sick.parent, "--json")[1])[0]["verdict"] == "failing"
    monkeypatch.setenv(LANGUAGE_VARIABLE, "xx")
    assert gandoctor("diagnose", sick)[1].startswith("FAILING")


def test_the_environment_reaches_the_report_and_leaves_json_alone(gandoctor, sick, monkeypatch):
    monkeypatch.setenv(LANGUAGE_VARIABLE, "zh")
    assert gandoctor("report", sick)[0] == 0
    assert 'lang="zh-CN"' in (sick / "report.html").read_text()
    code, out, _ = gandoctor("report", "--format", "json", "--output", "-", sick)
    assert (code, json.loads(out)["verdict"]) == (0, "failing")
    assert json.loads(gandoctor("diagnose", "--json", sick)[1])["verdict"] == "failing"


def test_no_line_of_a_whole_report_is_english(broken):
    for _, line in diagnosis_lines(broken, verbose=True, say=ZH):
        text = re.sub("gandoctor .*|GD[0-9]{3}|--set .*|[-+#] .*", "", line.plain)
        assert HAN.search(text) or not re.search("[a-z]{3,} [a-z]{3,} [a-z]{3,}", text), line.plain


def test_the_summary_keeps_to_its_rows(broken):
    lines = list(diagnosis_lines(broken, say=ZH))
    rows = sum(-(-max(1, cell_len(text.plain)) // (80 - indent)) for indent, text in lines)
    assert rows <= 11


@pytest.mark.parametrize(("width", "height"), [(40, 20), (80, 24), (100, 30), (160, 50)])
def test_the_watch_view_fits_in_chinese(broken, width, height):
    canvas = Canvas(width, height, say=ZH)
    shot = snapshot(diagnosis=broken)
    pages = [draw_page(page, shot, "提示", canvas, 0)[0] for page in ("details", "checks")]
    frames = [draw_frame(shot, "提示", canvas), *pages]
    for frame in frames:
        lines = frame.split("\n", allow_blank=True)
        assert len(lines) == height
        assert max(line.cell_len for line in lines) <= width
        assert HAN.search(frame.plain)


def test_progress_lines_and_findings_in_chinese(broken):
    assert progress_line(snapshot(), ZH).startswith("第 420/1000 步")
    assert all(HAN.search(finding_line(finding, broken, ZH)) for finding in in_order(broken))


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_rule_is_explained_in_chinese(rule):
    lines = [text.plain for _, text in rule_lines(rule, "zh")]
    assert HAN.search(lines[1])
    assert "修改方法" in lines
    assert "为什么有害" in lines

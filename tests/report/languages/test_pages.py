"""Rules' pages in other languages: whole, of the English page as it is now, and shown where they are asked for."""

import json
import re
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from gandoctor.cli import main
from gandoctor.cli.options import LANGUAGE_VARIABLE
from gandoctor.cli.text import print_lines, rule_lines
from gandoctor.report import languages
from gandoctor.report.languages.pages import head_of, page_of
from gandoctor.rules import all_rules, find_rule

HEADINGS = ["是什么", "为什么有害", "如何识别", "不是什么", "怎么办"]
FOLDER = languages.FOLDER / "zh" / "pages"
RULE = find_rule("GD001")


@pytest.fixture
def gandoctor(capsys):
    def call(*arguments):
        with pytest.raises(SystemExit):
            main(list(arguments))
        return capsys.readouterr().out

    return call


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_every_rule_has_a_chinese_page_of_its_english_one(rule):
    head, title, *lines = (FOLDER / f"{rule.id}.txt").read_text(encoding="utf-8").splitlines()
    assert head == head_of(rule.page), "the English page has changed: translate what did, then this line"
    assert title.startswith(f"{rule.id}: ")
    assert [line for line in lines if line and not line.startswith("    ")] == HEADINGS
    sections = re.split("|".join(f"\n{heading}\n" for heading in HEADINGS), "\n".join(lines))[1:]
    assert all(len(re.findall("[\u4e00-\u9fff]", section)) > 15 for section in sections)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_chinese_page_names_what_the_english_one_names(rule):
    """Rules, signals and code are not translated."""
    names = r"GD\d{3}|`[^`]+`|\b[a-z]+_[a-z_]+\b"
    english, chinese = (re.sub(r"\s+", " ", page) for page in (rule.page, page_of(rule, "zh")))
    assert set(re.findall(names, english)) == set(re.findall(names, chinese))


def test_there_is_no_page_of_a_rule_that_is_gone():
    assert {file.stem for file in FOLDER.iterdir()} <= {rule.id for rule in all_rules()}


def test_the_page_is_shown_in_the_language_asked_for(gandoctor, monkeypatch):
    english = gandoctor("rules", "GD001")
    assert f"\n{RULE.page.strip()}\n" in english
    chinese = gandoctor("rules", "GD001", "--lang", "zh")
    assert f"\n{page_of(RULE, 'zh').strip()}\n" in chinese
    assert "What it is" not in chinese
    assert "# of" not in chinese
    monkeypatch.setenv(LANGUAGE_VARIABLE, "zh")
    assert gandoctor("rules", "GD001") == chinese
    assert gandoctor("rules", "GD001", "--lang", "en") == english


def test_a_page_keeps_its_indentation_where_a_terminal_wraps_it():
    terminal = Console(file=StringIO(), force_terminal=True, no_color=True, width=60)
    print_lines(terminal, rule_lines(RULE, "zh"))
    shown = terminal.file.getvalue()
    section = shown.partition("\n如何识别\n")[2].partition("\n\n")[0].splitlines()
    assert len(section) > 2
    assert all(re.match(" {4}\\S", line) and cell_len(line) <= 60 for line in section)


def test_json_has_it_where_the_option_asks(gandoctor, monkeypatch):
    english = gandoctor("rules", "GD001", "--json")
    monkeypatch.setenv(LANGUAGE_VARIABLE, "zh")
    assert gandoctor("rules", "GD001", "--json") == english
    assert json.loads(english)["page"] == RULE.page
    chinese = json.loads(gandoctor("rules", "GD001", "--json", "--lang", "zh"))
    assert chinese["page"] == page_of(RULE, "zh") != RULE.page
    assert chinese["title"] == "损失、梯度或样本出现 NaN 或无穷大"


def test_the_page_of_another_english_page_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    assert page_of(RULE, "zh") == RULE.page
    (tmp_path / "zh" / "pages").mkdir(parents=True)
    file = tmp_path / "zh" / "pages" / "GD001.txt"
    file.write_text(f"{head_of(RULE.page)}\nGD001: 新\n", encoding="utf-8")
    assert page_of(RULE, "zh") == "GD001: 新\n"
    file.write_text(f"{head_of('an older page')}\nGD001: 旧\n", encoding="utf-8")
    assert page_of(RULE, "zh") == RULE.page

"""The project is written in plain technical English: phrases that have a plainer equivalent are rejected."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from contender.settings import PROJECT
from tests.unit.own_code import list_examples


class Phrase(NamedTuple):
    """A regular expression (a space matches any white space), an example of it, and what to write instead."""

    pattern: str
    example: str
    instead: str


PHRASES = (
    Phrase(r"foretell\w*|foretold", "what was foretold", "predict, prediction"),
    Phrase(r"promis(?:e|es|ed|ing)", "data as promised", "check, expectation, contract; guarantee of a test"),
    Phrase(r"(?:is|are|was|were|be|been|being) told", "its owner is told", "report, notify, show"),
    Phrase(r"(?:tell|tells|told) of", "the page tells of each table", "report, show, explain"),
    Phrase(
        r"(?:live|lives|lived|living) (?:(?:a|an|the|one|two|three|four|some|past|those|through) )*nights?",
        "it lives past nights",
        "run a night, nightly run",
    ),
    Phrase(r"nights? (?:\w+ ){0,2}lived", "the nights that it lived", "run a night, nightly run"),
    Phrase(r"nights? walks?", "how a night walks", "how a night runs"),
    Phrase(
        r"nobody(?:'s)?", "nobody looked", "no one, without an owner; rejected by default after the deadline"
    ),
    Phrase(r"whoever", "whoever can write there", "anyone who"),
    Phrase(r"(?:hang|hangs|hung) on", "what hangs on it", "downstream, depends on"),
    Phrase(r"what (?:it|they) (?:is|are|was|were) made from", "what it is made from", "upstream, inputs"),
    Phrase(r"where (?:\w+ ){1,3}stands?", "where every model stands", "status, overview"),
    Phrase(r"looked for", "looked for at 07:00", "expected at, due; to search: searched for"),
    Phrase(r"stacks? of containers", "the stack of containers", "container stack"),
    Phrase(r"guards? (?:speak|speaks|spoke|spoken)", "unless a guard speaks", "unless a guard blocks it"),
    Phrase(r"(?:guard's|guards'|person's|its) word", "each guard's word", "result, decision, approval"),
    Phrase(
        r"(?:stand|stands|stood) (?:in|there)",
        "it stands in the ledger",
        "the ledger records, contains, occurs",
    ),
    Phrase(r"(?:is|are|was|were|not) to be", "what is to be erased", "must be, will be, cannot be"),
    Phrase(r"shall", "it shall not", "must, may, cannot"),
    Phrase(r"gamblers?", "the stake of a gambler", "sequential test; bettor, where the method is explained"),
    Phrase(
        r"(?:at|reach|reaches|reached|below|above|beyond|over|and) the bar", "once at the bar", "threshold"
    ),
    Phrase(
        r"(?:what|which) serves|(?:serve|serves|served) on",
        "the champion serves on",
        "serving, keeps serving",
    ),
    Phrase(r"(?:is|are|was|were) a no", "unanswered is a no", "is rejected by default"),
    Phrase(r"earn(?:s|ed)? (?:its|their) place", "a model earns its place", "is promoted"),
    Phrase(
        r"(?:held|holds?) (?:\w+ ){0,3}(?:against|beside)",
        "predictions are held against outcomes",
        "compare with, check against",
    ),
    Phrase(r"held to (?:its|the|their)", "a batch is held to its contract", "check against"),
    Phrase(
        r"lest|whereby|wherein|thereof|hereby|hitherto", "lest some idle", "so that … not, by which, of it"
    ),
    Phrase(r"anew", "it begins anew", "again, restart"),
    Phrase(r"in the shadow", "scored in the shadow", "in shadow"),
    Phrase(r"(?:is|are|was|were) at hand", "no cluster was at hand", "available"),
    Phrase(r"known holes?", "ask for known holes", "known vulnerability"),
    Phrase(r"the house(?:'s)?", "the house's rules", "the project"),
)

# Generated from code: their sentences are checked where they are written.
GENERATED = {
    "docs/ACCESS.md",
    "docs/BAD_DELIVERIES.md",
    "docs/CONTRACTS.md",
    "docs/DAGS.md",
    "docs/SETTINGS.md",
}
THIS = "tests/unit/test_wording.py"
PAGES = ("*.md", "docs/**/*.md")
FILES = (
    ".ci/run",
    ".pre-commit-config.yaml",
    "Dockerfile",
    "Makefile",
    "deploy/**/*.conf",
    "deploy/**/*.yaml",
    "docker-compose.yaml",
    "docker/**/*.conf",
    "docker/**/*.json",
    "docker/**/*.sh",
    "docker/**/*.yaml",
    "requirements*.in",
    "scripts/*.sh",
    "tests/compose/run",
)
PYTHON = (
    "benchmarks/**/*.py",
    "dags/*.py",
    "demo/**/*.py",
    "docker/**/*.py",
    "include/contender/**/*.py",
    "notebooks/*.py",
    "plugins/*.py",
    "scripts/*.py",
    "spark_jobs/*.py",
    "tests/**/*.py",
)
TEMPLATES = (
    "include/contender/alerting/templates/*",
    "include/contender/backtesting/templates/*",
    "include/contender/cards/templates/*",
    "include/contender/drafting/templates/*",
    "plugins/templates/*.html",
)


class Passage(NamedTuple):
    """A piece of text, and the line of its file that it starts on."""

    line: int
    text: str


class Finding(NamedTuple):
    """A phrase found in a file."""

    file: str
    line: int
    found: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: write {self.instead!r} instead of {self.found!r}"


def list_files(globs: tuple[str, ...]) -> list[str]:
    found = {path.relative_to(PROJECT).as_posix() for glob in globs for path in PROJECT.glob(glob)}
    return sorted(found - GENERATED - {THIS})


def compile_phrase(phrase: Phrase) -> re.Pattern[str]:
    # A phrase may continue on the next line, behind the mark of a comment or a list.
    spaced = phrase.pattern.replace(" ", r"\s+(?:[#|>*-]\s+)?")
    return re.compile(rf"(?<![\w-])(?:{spaced})(?![\w-])", re.IGNORECASE)


COMPILED = [(compile_phrase(phrase), phrase) for phrase in PHRASES]


def find_phrases(file: str, passages: Iterator[Passage]) -> list[Finding]:
    return [
        Finding(file, start + text.count("\n", 0, match.start()), " ".join(match[0].split()), phrase.instead)
        for start, text in passages
        for pattern, phrase in COMPILED
        for match in pattern.finditer(text)
    ]


def read_text(path: Path) -> Iterator[Passage]:
    yield Passage(1, path.read_text())


def read_page(path: Path) -> Iterator[Passage]:
    """The text of a Markdown page without code, link targets and markers."""

    def blank(match: re.Match[str]) -> str:
        return "\n" * match[0].count("\n") or "`"

    code = r"^```.*?^```$|`[^`\n]+`|\]\([^)\s]+\)|<!--.*?-->"
    yield Passage(1, re.sub(code, blank, path.read_text(), flags=re.DOTALL | re.MULTILINE))


def read_python(path: Path) -> Iterator[Passage]:
    """The string literals, docstrings and comments of a module; comments on successive lines are one passage."""
    source = path.read_text()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield Passage(node.lineno, node.value)
    lines: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if lines and token.start[0] != lines[-1][0] + 1:
                yield Passage(lines[0][0], "\n".join(text for _, text in lines))
                lines = []
            lines.append((token.start[0], token.string))
    if lines:
        yield Passage(lines[0][0], "\n".join(text for _, text in lines))


def report(findings: list[Finding]) -> str:
    return "\n" + "\n".join(map(str, findings))


@pytest.mark.parametrize("file", list_files(PAGES))
def test_a_page_contains_no_rejected_phrase(file):
    findings = find_phrases(file, read_page(PROJECT / file))
    assert not findings, report(findings)


@pytest.mark.parametrize("file", list_files(FILES + TEMPLATES))
def test_a_script_setting_or_template_contains_no_rejected_phrase(file):
    findings = find_phrases(file, read_text(PROJECT / file))
    assert not findings, report(findings)


EXAMPLES = [path.relative_to(PROJECT).as_posix() for path in list_examples()]


@pytest.mark.parametrize("file", [*list_files(PYTHON), *EXAMPLES])
def test_the_texts_of_a_module_contain_no_rejected_phrase(file):
    findings = find_phrases(file, read_python(PROJECT / file))
    assert not findings, report(findings)


@pytest.mark.parametrize("glob", [*PAGES, *FILES, *PYTHON, *TEMPLATES])
def test_every_glob_matches_a_file(glob):
    assert list_files((glob,))


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.example)
def test_a_phrase_is_found_in_its_example(phrase):
    assert compile_phrase(phrase).search(phrase.example)
    assert not compile_phrase(phrase).search(phrase.instead)


@pytest.mark.parametrize(
    "plain",
    [
        "The batch is checked against its contract.",
        "A guard blocks the refresh; the champion keeps serving.",
        "Standing data and compromises are fine, and so is a standalone cluster.",
        "Households shop; warehouses hold 12 rows of stock.",
        "A night runs at 07:00, when the delivery is due.",
        "The overview shows the status of every model.",
    ],
)
def test_plain_sentences_pass(plain):
    assert find_phrases("example.md", iter([Passage(1, plain)])) == []


def test_a_phrase_across_lines_is_reported_at_its_first_line():
    (finding,) = find_phrases(
        "notes.yaml", iter([Passage(3, "# One line.\n# Its owner is\n# told by mail.")])
    )
    assert str(finding) == "notes.yaml:4: write 'report, notify, show' instead of 'is # told'"


def test_code_in_a_page_is_not_read(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Run `nobody`, see [this](nobody.md).\n\n```\nnobody\n```\n\nNobody ran it.\n")
    assert [(finding.line, finding.found) for finding in find_phrases("page.md", read_page(page))] == [
        (7, "Nobody")
    ]


def test_strings_docstrings_and_comments_of_a_module_are_read(tmp_path):
    module = tmp_path / "module.py"
    module.write_text('"""Nobody."""\n\nnobody = 1  # whoever\nerror = f"shall {nobody}"\n')
    found = {(f.line, f.found) for f in find_phrases("module.py", read_python(module))}
    assert found == {(1, "Nobody"), (3, "whoever"), (4, "shall")}

"""Every command and Python block of the README and the guides, run as written.

The blocks of a page run in order, in a folder with the files that the page expects. Only indented
blocks are commands. A fenced block names its language: `python` is run; `toml` is written to the
file that its first line names; `text` is the output of the previous block, with `...` for any text;
`mermaid` is a diagram, which is not run.
A command must succeed unless the comment after it contains `status N`.
"""

from __future__ import annotations

import doctest
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import lacunar

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
#: Commands that the tests cannot run, and the reasons.
LEFT_OUT = {
    r"make [\w-]+": "makes its own environments; .ci/run runs the targets",
    r"(pip|apt-get) install ": "needs the network",
    r"curl ": "needs a server in another window; tests/conformance covers the API",
    r"lacunar taste \w+ .* --engine spark --master ": "needs a cluster; tests/taste/spark has one",
    r"torchrun ": "starts its own processes; tests/cli/traits/test_torchrun.py covers it",
    r"lacunar data sample tastes -o big --users 330000 ": "writes 33 million ratings",
    r"lacunar taste evaluate ml-latest-small ": "needs a public data set, and minutes",
}
VARIABLE = r"([A-Z_]+=(\$\(.*?\)|\S+) )?"
RUN = VARIABLE + "(lacunar|python|find|chmod) "
SERVER = VARIABLE + "lacunar serve "
#: First words of indented blocks that are not commands.
NO_COMMANDS = ("people/Train_Data/Train.csv", "(1 - max p) / C")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
_SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A block of a page: the line it starts at, its language, its text."""

    line: int
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """Lines of a block of commands; a backslash at the end continues a line."""
        lines = re.sub(r"\\\n\s*", "", self.text).splitlines()
        return [line for line in lines if line and not line.startswith("#")]


def blocks(text: str) -> Iterator[Block]:
    """Code blocks of a page: fenced ones, and indented ones with the language `indented`."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        start = at
        if lines[at].startswith("```"):
            at = lines.index("```", at + 1)
            yield Block(start + 1, lines[start][3:], "\n".join(lines[start + 1 : at]) + "\n")
        elif lines[at].startswith("    ") and not "".join(lines[at - 1 : at]).strip():
            while at < len(lines) and (lines[at].startswith("    ") or not lines[at]):
                at += 1
            inside = "\n".join(line[4:] for line in lines[start:at]).rstrip()
            yield Block(start + 1, "indented", inside + "\n")
            continue
        at += 1


def unknown(block: Block) -> list[str]:
    """Commands or languages that no rule covers."""
    if block.language == "indented":
        if block.text.startswith(NO_COMMANDS):
            return []
        rules = [RUN, *LEFT_OUT]
        return [
            command
            for command in block.commands
            if not any(re.match(rule, command) for rule in rules)
        ]
    if block.language == "toml":
        return [] if re.match(r"# \S+\.toml\n", block.text) else ["a name in the first line"]
    return (
        []
        if block.language in {"python", "text", "mermaid"}
        else [f"the language {block.language!r}"]
    )


@dataclass
class Reader:
    """A reader who follows a page: a folder, and the output of the latest block."""

    folder: Path
    environment: Mapping[str, str]
    printed: str = ""

    def follow(self, page: Path) -> None:
        for block in blocks(page.read_text(encoding="utf-8")):
            place = f"{page.name}, line {block.line}"
            if block.language == "python":
                self._run([sys.executable, "-c", block.text], place, 0)
            elif block.language == "toml":
                name = block.text.splitlines()[0].removeprefix("# ")
                (self.folder / name).write_text(block.text, encoding="utf-8")
            elif block.language == "text":
                same = doctest.OutputChecker().check_output(block.text, self.printed, _SAME)
                assert same, f"{place}: printed was\n{self.printed}"
            elif block.language == "indented" and not block.text.startswith(NO_COMMANDS):
                for command in block.commands:
                    self._command(command, place)

    def _command(self, command: str, place: str) -> None:
        if any(re.match(pattern, command) for pattern in LEFT_OUT):
            return
        if re.match(SERVER, command):
            self._serve(command, place)
            return
        status = re.search(r"# .*\bstatus (\d+)", command)
        expected = int(status[1]) if status else 0
        self._run(["bash", "-c", command], f"{place}: {command}", expected)

    def _run(self, command: list[str], place: str, status: int) -> None:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, f"{place}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, f"{place}\n{done.stderr}"
        self.printed = done.stdout

    def _serve(self, command: str, place: str) -> None:
        """Start a server on a free port, request its health, and stop it."""
        server = subprocess.Popen(
            ["bash", "-c", f"exec env {command} --port 0"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            address = re.search(r"http://\S+:\d+", server.stdout.readline())
            if address is not None:
                url = address[0].replace("0.0.0.0", "127.0.0.1") + "/healthz"
                with urllib.request.urlopen(url) as answer:  # noqa: S310 - the test's own server
                    assert answer.status == 200
        finally:
            server.send_signal(signal.SIGTERM)
            _, errors = server.communicate(timeout=60)
        assert address is not None, f"{place}: {command}\n{errors}"
        assert server.returncode == 0, f"{place}: {command}\n{errors}"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Environment in which `lacunar` and `python` are those that run the test."""
    programs = tmp_path_factory.mktemp("programs")
    for name, module in {"lacunar": " -m lacunar", "python": ""}.items():
        path = programs / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}"{module} "$@"\n')
        path.chmod(0o755)
    # Pages run in their own folders, where relative paths of the module search path are invalid.
    found = os.pathsep.join([str(Path(lacunar.__file__).parents[1]), *sys.path])
    changed = {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": found, "COLUMNS": "80"}
    return os.environ | changed


@every_page
def test_every_block_is_known_to_the_runner(page: Path) -> None:
    found = {block.line: unknown(block) for block in blocks(page.read_text(encoding="utf-8"))}
    assert {line: what for line, what in found.items() if what} == {}


def test_every_reason_to_leave_a_command_out_is_used() -> None:
    commands = [
        command
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"))
        for command in block.commands
    ]
    assert [
        pattern
        for pattern in LEFT_OUT
        if not any(re.match(pattern, command) for command in commands)
    ] == []


@pytest.mark.slow
@every_page
def test_a_page_runs_from_top_to_bottom(
    page: Path, taken_for_granted: Path, environment: Mapping[str, str]
) -> None:
    Reader(taken_for_granted, environment).follow(page)


def test_blocks_are_found_by_indent_and_by_fence() -> None:
    text = "A\n\n    lacunar x \\\n        -y\n    lacunar z  # no\n\n- b\n    c\n\n"
    text += "```python\nd\n```\n"
    first, second = blocks(text)
    assert first.commands == ["lacunar x -y", "lacunar z  # no"]
    assert (first.line, first.language) == (3, "indented")
    assert second == Block(10, "python", "d\n")


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("indented", "lacunar taste fit x\n", []),
        ("indented", "LACUNAR_TOKEN=x lacunar serve\nrm -r x\n", ["rm -r x"]),
        ("indented", "docker run x\n", ["docker run x"]),
        ("toml", "# schema.toml\nx = 1\n", []),
        ("toml", "x = 1\n", ["a name in the first line"]),
        ("console", "$ lacunar\n", ["the language 'console'"]),
    ],
)
def test_what_no_rule_covers_is_reported(language: str, text: str, found: list[str]) -> None:
    assert unknown(Block(1, language, text)) == found


def test_a_page_fails_by_status_and_by_output(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    page = tmp_path / "page.md"
    reader = Reader(tmp_path, environment)
    page.write_text("x\n\n    lacunar --version\n\n```text\nlacunar ...\n```\n")
    reader.follow(page)
    page.write_text("x\n\n    lacunar --version\n\n```text\nLacunar\n```\n")
    with pytest.raises(AssertionError, match=r"page\.md, line 5: printed was"):
        reader.follow(page)
    page.write_text("x\n\n    lacunar serve    # refused: status 3\n")
    with pytest.raises(AssertionError, match=r"page\.md, line 3"):
        reader.follow(page)
    page.write_text("x\n\n    lacunar taste segments nowhere    # refused: status 2\n")
    reader.follow(page)

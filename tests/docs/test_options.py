"""Every option of every command, in the page that lists the options of the command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from lacunar.cli.commands import app

ROOT = Path(__file__).parents[2]
#: Options with the same meaning in all commands, which the README explains once.
COMMON = {"--out", "--force", "--json"}
#: Options that one page explains for several commands.
SHARED = {"--config": "docs/command-line.md"}
#: The pages of a command; the longest beginning of its name counts.
PAGES = {
    "": ["README.md"],
    "data sample": ["docs/taste.md", "docs/traits.md"],
    "serve": ["docs/serving.md"],
    "taste": ["docs/taste.md"],
    "traits": ["docs/traits.md"],
    "traits audit": ["docs/auditing.md"],
    "traits correct": ["docs/auditing.md"],
    "traits predict": ["docs/predicting.md"],
}


def commands(group: object, *names: str) -> Iterator[tuple[str, TyperCommand]]:
    """Names of commands, such as ``taste fit``, and the commands."""
    if isinstance(group, TyperGroup):
        for name, command in group.commands.items():
            yield from commands(command, *names, name)
    elif isinstance(group, TyperCommand):
        yield " ".join(names), group


COMMANDS = dict(commands(get_command(app)))
every_command = pytest.mark.parametrize("name", COMMANDS)


def options(name: str) -> list[list[str]]:
    """The names of each option of a command."""
    return [
        [*option.opts, *option.secondary_opts]
        for option in COMMANDS[name].params
        if isinstance(option, TyperOption)
    ]


def pages_of(name: str) -> str:
    """The text of the pages of a command."""
    home = max((begin for begin in PAGES if name.startswith(begin)), key=len)
    return "".join((ROOT / page).read_text(encoding="utf-8") for page in PAGES[home])


def names_one(text: str, names: list[str]) -> bool:
    """Whether a page contains one of an option's names, and not only a longer one."""
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for name in names)


@every_command
def test_every_option_is_in_the_page_of_its_command(name: str) -> None:
    page = pages_of(name)
    own = [names for names in options(name) if not {*COMMON, *SHARED}.intersection(names)]
    assert [names for names in own if not names_one(page, names)] == []


@pytest.mark.parametrize("option", SHARED)
def test_a_shared_option_is_in_its_page(option: str) -> None:
    assert names_one((ROOT / SHARED[option]).read_text(encoding="utf-8"), [option])


@every_command
def test_every_command_has_json_as_the_readme_says(name: str) -> None:
    assert ["--json"] in options(name)


def test_the_readme_names_what_all_commands_have() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMON if not names_one(readme, [name])] == []


def test_an_option_is_not_found_in_a_longer_one() -> None:
    assert names_one("`--seed`, of the map", ["-s", "--seed"])
    assert not names_one("`--seeds`, `--no-seed`", ["-s", "--seed"])

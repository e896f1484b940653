from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from lacunar.cli.commands import app as lacunar
from lacunar.cli.config_file import ConfigOption
from lacunar.cli.option_names import OptionNames

app = typer.Typer(cls=OptionNames)


@app.command()
def fit(
    data: str,
    output: Annotated[Path, typer.Option("-o", "--out")],
    covariance_type: Annotated[str | None, typer.Option("--covariance")] = None,
    max_epochs: int = 60,
    noise: Annotated[bool, typer.Option("--noise/--no-noise")] = True,
    method: list[str] | None = None,
    config_file: ConfigOption = None,
) -> None:
    del config_file
    typer.echo(f"{data} {output} {covariance_type} {max_epochs} {noise} {method}")


@app.command()
def other() -> None: ...


def call(folder: Path, toml: str, *arguments: str) -> Any:
    file = folder / "fit.toml"
    file.write_text(toml)
    return CliRunner().invoke(app, ["fit", "log", "--config", str(file), *arguments])


def test_keys_are_names_of_options_with_dashes_or_underscores(tmp_path: Path) -> None:
    done = call(
        tmp_path,
        'out = "m"\ncovariance = "full"\nmax_epochs = 3\nnoise = false\nmethod = ["a", "b"]',
    )
    assert done.stdout == "log m full 3 False ['a', 'b']\n"
    assert call(tmp_path, "max-epochs = 3", "-o", "m").stdout == "log m None 3 True None\n"
    assert call(tmp_path, 'method = "a"', "-o", "m").stdout == "log m None 60 True ['a']\n"


def test_the_command_line_wins_wherever_the_file_is_named(tmp_path: Path) -> None:
    toml = "max-epochs = 3\nnoise = false"
    assert call(tmp_path, toml, "-o", "m", "--max-epochs", "4", "--noise").stdout.split()[3:5] == [
        "4",
        "True",
    ]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("max_epoch = 3", "names of options of the command, got 'max_epoch', similar to 'max-ep"),
        ("zzz = 3", "expected names of options of the command, got 'zzz'"),
        ('config = "a"', "names of options of the command, got 'config'"),
        ('data = "a"', "names of options of the command, got 'data'"),
        ("max-epochs = [3]", "expected one value of 'max-epochs', got [3]"),
        ("[max-epochs]\na = 1", "expected one value of 'max-epochs', got {'a': 1}"),
        ("max-epochs", "expected options in TOML"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(tmp_path: Path, toml: str, message: str) -> None:
    assert message in str(call(tmp_path, toml, "-o", "m").exception)


@pytest.mark.parametrize("toml", ["max-epochs = 2.5", "max-epochs = true", "noise = 3.5"])
def test_values_are_checked_as_on_the_command_line(tmp_path: Path, toml: str) -> None:
    assert call(tmp_path, toml, "-o", "m").exit_code == 2


@pytest.mark.parametrize("kind", ["taste", "traits"])
@pytest.mark.parametrize("command", ["fit", "evaluate"])
def test_fits_and_evaluations_read_a_file(kind: str, command: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("shcema = 1\nscael = 1")
    arguments = [kind, command, "data", "data"][
        : 4 if (kind, command) == ("traits", "evaluate") else 3
    ]
    done = CliRunner().invoke(lacunar, [*arguments, "--config", str(tmp_path / "a.toml")])
    assert "similar to" in str(done.exception) or "got 'shcema'" in str(done.exception)

from __future__ import annotations

from typing import Annotated, TypedDict, Unpack

import pytest
import typer
from typer.testing import CliRunner

from lacunar.cli.data_sample import PeopleOptions, TastesOptions
from lacunar.cli.option_group import expand_options
from lacunar.cli.taste.fit import TasteOptions
from lacunar.cli.traits.fit import TraitsOptions
from lacunar.taste.config import TasteConfig
from lacunar.traits.config import TraitsConfig


class Group(TypedDict):
    folds: Annotated[int | None, typer.Option(help="Folds of the fit.")]
    covariance_type: Annotated[str | None, typer.Option("--covariance")]


app = typer.Typer()


@app.command()
@expand_options
def fit(data: str, top: int = 3, **options: Unpack[Group]) -> None:
    typer.echo(f"{data} {top} {options}")


def test_every_field_is_an_option_that_is_none_unless_named() -> None:
    done = CliRunner().invoke(app, ["log", "--covariance", "full"])
    assert done.stdout == "log 3 {'folds': None, 'covariance_type': 'full'}\n"
    assert "Folds of the fit." in CliRunner().invoke(app, ["--help"]).stdout
    assert CliRunner().invoke(app, ["log", "--folds", "many"]).exit_code == 2


@pytest.mark.parametrize(
    ("group", "config"), [(TasteOptions, TasteConfig), (TraitsOptions, TraitsConfig)]
)
def test_options_of_a_fit_are_fields_of_its_config(
    group: type, config: type[TasteConfig] | type[TraitsConfig]
) -> None:
    assert set(group.__annotations__) <= set(config.model_fields)


def test_the_samples_share_no_option() -> None:
    assert not set(TastesOptions.__annotations__) & set(PeopleOptions.__annotations__)

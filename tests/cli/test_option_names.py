from __future__ import annotations

import warnings
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from lacunar.cli.option_names import OptionNames
from lacunar.errors import InputError

inner = typer.Typer(cls=OptionNames)
app = typer.Typer(cls=OptionNames)
app.add_typer(inner, name="inner")


@inner.command()
@app.command()
def fit(
    data: str,
    n_seeds: int = 1,
    covariance_type: Annotated[str, typer.Option("--covariance")] = "diag",
    output: Annotated[str, typer.Option("-o", "--out")] = "",
) -> None:
    raise InputError("expected 2, see `output`, `n_seeds`, `data`, `seed`", field=data)


@app.command()
@inner.command()
def noisy(n_seeds: int = 1) -> None:
    del n_seeds
    warnings.warn("few seeds; pass a larger `n_seeds`", stacklevel=2)


@pytest.mark.parametrize("group", [(), ("inner",)])
@pytest.mark.parametrize(
    ("field", "option"),
    [
        ("n_seeds", "--n-seeds"),
        ("covariance_type", "--covariance"),
        ("data", "data"),
        ("other", "other"),
    ],
)
def test_errors_name_options_as_they_are_typed(
    group: tuple[str, ...], field: str, option: str
) -> None:
    error = CliRunner().invoke(app, [*group, "fit", field]).exception
    assert isinstance(error, InputError)
    assert str(error) == f"{option}: expected 2, see --out, --n-seeds, `data`, `seed`"


@pytest.mark.parametrize("group", [(), ("inner",)])
@pytest.mark.filterwarnings("default")
def test_warnings_are_one_plain_line_that_names_options(group: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*group, "noisy"])
    assert done.stderr == "Warning: few seeds; pass a larger --n-seeds\n"

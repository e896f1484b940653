"""``lacunar taste``: fit segments to a ratings log, show them, recommend items."""

from __future__ import annotations

import typer

from lacunar.cli.option_names import OptionNames
from lacunar.cli.taste import (
    compare,
    evaluate,
    fit,
    place,
    recommend,
    report,
    segments,
    update,
)

app = typer.Typer(
    cls=OptionNames,
    no_args_is_help=True,
    help="Find user segments in ratings and recommend items.",
    rich_markup_mode="markdown",
)

app.command(epilog="Example: `lacunar taste fit ml-latest-small -o model --preset source`")(fit.fit)
app.command(epilog="Example: `lacunar taste update model new-ratings -o model --force`")(
    update.update
)
app.command(epilog="Example: `lacunar taste compare old-model model`")(compare.compare)
app.command(epilog="Example: `lacunar taste segments model --json`")(segments.segments)
app.command(epilog="Example: `lacunar taste recommend model --user 4 --top 5`")(recommend.recommend)
app.command(epilog="Example: `lacunar taste place model ml-latest-small -o places`")(place.place)
app.command(epilog="Example: `lacunar taste evaluate ml-latest-small --cold-start`")(
    evaluate.evaluate
)
app.command(epilog="Example: `lacunar taste user model --user 4`")(segments.user)
app.command(epilog="Example: `lacunar taste report model -o tastes.html --user 4`")(report.report)

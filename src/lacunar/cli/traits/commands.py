"""``lacunar traits``: fit, evaluate, predict and export attribute models, audit labels."""

from __future__ import annotations

import typer

from lacunar.cli.option_names import OptionNames
from lacunar.cli.traits import audit, evaluate, export, fit, predict, report

app = typer.Typer(
    cls=OptionNames,
    no_args_is_help=True,
    help="Predict attributes of people in small images, from partly unknown labels.",
    rich_markup_mode="markdown",
)

app.command(epilog="Example: `lacunar traits fit people -o model --preset source`")(fit.fit)
app.command(epilog="Example: `lacunar traits evaluate model people --confusion`")(evaluate.evaluate)
app.command(epilog="Example: `lacunar traits predict model photos --json`")(predict.predict)
app.command(epilog="Example: `lacunar traits export model -o model.onnx`")(export.export)
app.command(epilog="Example: `lacunar traits audit people --model model -o audit.html`")(
    audit.audit
)
app.command(epilog="Example: `lacunar traits correct people sheet.csv -o Train.csv`")(audit.correct)
app.command(epilog="Example: `lacunar traits report model -o traits.html --data people`")(
    report.report
)

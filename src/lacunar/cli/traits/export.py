"""``lacunar traits export``: export of a model to an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacunar.cli.console import ForceFlag, JsonFlag, check_file_destination, emit_json, out
from lacunar.cli.traits.arguments import ModelArgument
from lacunar.errors import InputError


def export(
    model: ModelArgument,
    output: Annotated[Path, typer.Option("-o", "--out", help="ONNX file to write.")],
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Write a model as an ONNX file, which predicts without PyTorch.

    The file contains the schema and the preprocessing. It is kept only if its
    probabilities equal the network's within 1e-4.
    """
    from lacunar.store.traits import load_traits
    from lacunar.traits.environment import require_export

    if output.suffix.lower() != ".onnx":
        raise InputError(f"expected a file ending in .onnx, got {output}", field="output")
    check_file_destination(output, force=force)
    require_export()
    from lacunar.traits.predict.onnx_export import export_onnx
    from lacunar.traits.predict.torch_predictor import probability_module

    loaded = load_traits(model).on_device("cpu")
    difference = export_onnx(
        probability_module(loaded),
        loaded.schema,
        loaded.config,
        output,
        thresholds=loaded.calibrator.thresholds,
        fingerprint=loaded.fingerprint,
        versions=loaded.versions,
        shares=loaded.shares,
    )
    size = output.stat().st_size
    if json:
        emit_json({"file": str(output), "bytes": size, "largest_difference": difference})
        return
    out.print(f"ONNX file of {size / 1e6:.1f} MB written to {output}", soft_wrap=True)
    out.print(f"Its probabilities equal the network's within {max(difference, 1e-9):.0e}.")

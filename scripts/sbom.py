"""Software bill of materials (CycloneDX 1.6 JSON), made from `constraints-demo.txt`.

    python scripts/sbom.py -o sbom.cdx.json

It lists the base installation, torch in the version of `constraints.txt`, and the vendored files.
The hashes of every file of every package are in the constraints. The document has no date: the same
constraints give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import tomllib
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# Packages that build Lacunar and are no part of it.
BUILDERS = {
    "editables", "hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers",
}  # fmt: skip
HTMX = ROOT / "src" / "lacunar" / "web" / "static" / "htmx.min.js"
WEIGHTS = ROOT / "src" / "lacunar" / "traits" / "weights" / "pedestrians.safetensors"


def pinned(text: str) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes of each package of a requirements file."""
    entries = re.split(r"^(?=[A-Za-z0-9])", text.replace("\\\n", " "), flags=re.MULTILINE)
    found = {}
    for entry in entries:
        if match := re.match(r"([\w.-]+)==(\S+)", entry):
            found[match[1]] = (match[2], re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
    return found


def library(name: str, version: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{name.lower()}@{version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }


def vendored(
    file: Path, kind: str, name: str, version: str | None, license_: str
) -> dict[str, Any]:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    component: dict[str, Any] = {
        "type": kind,
        "bom-ref": file.name,
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "licenses": [{"license": {"id": license_}}],
    }
    return component | ({"version": version} if version else {})


def document() -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    source = (ROOT / "src" / "lacunar" / "version.py").read_text(encoding="utf-8")
    version = re.findall(r'__version__ = "(.+)"', source)[0]
    text = (ROOT / "constraints-demo.txt").read_text(encoding="utf-8")
    parts = {name: found for name, found in pinned(text).items() if name not in BUILDERS}
    tested = pinned((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    htmx = re.findall(r'version="([\d.]+)"', HTMX.read_text(encoding="utf-8"))
    components = [library(name, version_) for name, (version_, _) in sorted(parts.items())]
    components += [
        library("torch", tested["torch"][0]),
        vendored(HTMX, "library", "htmx.org", htmx[0] if htmx else None, "0BSD"),
        vendored(WEIGHTS, "machine-learning-model", "pedestrians", None, "Apache-2.0"),
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components))}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": f"pkg:pypi/lacunar@{version}",
                "name": "lacunar",
                "version": version,
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": components,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.write_text(json.dumps(document(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Known vulnerabilities of pinned versions, from PyPI with pip-audit, if it can be reached.

    python scripts/audit.py [--requirements constraints.txt]

Status 1 if a version is known to be vulnerable. If the service cannot be reached, or does not
know a version (as with mirrors), the output says so and the status is 0: work offline must be
possible, but a missing answer must not look like a good one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

SERVICE = "https://pypi.org/pypi/pip/json"
PROBE_SECONDS, AUDIT_SECONDS = 10, 300


def reachable() -> str | None:
    """The reason why the service cannot be reached, or None."""
    try:
        with urllib.request.urlopen(SERVICE, timeout=PROBE_SECONDS):
            return None
    except (urllib.error.URLError, TimeoutError) as error:
        return str(getattr(error, "reason", error))


def summary(document: dict[str, Any]) -> tuple[str, int]:
    """Summarise pip-audit's document as text, with the exit status."""
    parts = document["dependencies"]
    skipped = [part["name"] for part in parts if "skip_reason" in part]
    known = [
        f"{part['name']} {part['version']}: {found['id']}, fixed in"
        f" {', '.join(found['fix_versions']) or 'no version'}"
        for part in parts
        for found in part.get("vulns", [])
    ]
    said = f"Audited {len(parts) - len(skipped)} of {len(parts)} versions: "
    lines = [said + (f"{len(known)} known vulnerabilities" if known else "none known to be bad")]
    if skipped:
        lines.append(f"NOT AUDITED, the service does not know them: {', '.join(skipped)}")
    if len(skipped) == len(parts):
        del lines[0]
    return "\n".join(lines + known), int(bool(known))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requirements", default="constraints.txt")
    options = parser.parse_args()
    if why := reachable():
        print(f"NOT AUDITED: {SERVICE} cannot be reached ({why})")
        return 0
    # Versions are pinned: nothing is resolved or installed.
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--requirement", options.requirements]
    try:
        done = subprocess.run(  # noqa: S603  # our own words
            command, check=False, timeout=AUDIT_SECONDS, capture_output=True, text=True
        )
    except subprocess.TimeoutExpired:
        print(f"NOT AUDITED: no answer within {AUDIT_SECONDS} seconds")
        return 0
    if not done.stdout:
        print(f"NOT AUDITED: pip-audit failed\n{done.stderr}")
        return 1
    text, status = summary(json.loads(done.stdout))
    print(text)
    return status


if __name__ == "__main__":
    sys.exit(main())

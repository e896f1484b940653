"""Coverage-guided fuzzing of the file readers.

    pip install atheris
    python fuzz/run.py --seconds 60
    python fuzz/run.py --seconds 600 --only store

Each target of `targets.py` gets its share of the time in its own process, starts from its stored
corpus, and stores files that reach new code in `--found`. A file that causes any other error than
a refusal is written there as `TARGET-crash-...`: correct the reader and add the file to
`fuzz/corpora/TARGET`, which `tests/test_fuzz.py` reads.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = ("ratings", "schema", "labels", "image", "manifest", "store")


def fuzz(name: str, seconds: int, found: Path) -> None:
    """Fuzz one target; does not return."""
    import atheris

    with atheris.instrument_imports(include=["lacunar"]):
        from targets import TARGETS

    new = found / name
    new.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-timeout=20",
        "-rss_limit_mb=3000",
        "-print_final_stats=1",
        "-verbosity=0",
        f"-artifact_prefix={found}/{name}-",
    ]
    atheris.Setup([sys.argv[0], *options, str(new), str(HERE / "corpora" / name)], TARGETS[name])
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=60, help="in all (default: 60)")
    parser.add_argument("--only", choices=NAMES, help="one target")
    parser.add_argument("--found", type=Path, default=HERE / "found", help="where findings go")
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.in_process:
        fuzz(options.only, options.seconds, options.found)
    names = [options.only] if options.only else NAMES
    share = max(1, options.seconds // len(names))
    failed = 0
    for name in names:
        command = [sys.executable, __file__, "--in-process", "--only", name]
        command += ["--seconds", str(share), "--found", str(options.found)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        runs = [line for line in done.stderr.splitlines() if "executed_units" in line]
        print(f"{name}: {runs[0].split()[-1] if runs else 'no'} files in {share} s", flush=True)
        if done.returncode:
            failed = 1
            print(done.stderr[-4000:], flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())

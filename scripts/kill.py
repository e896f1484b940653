"""Kill runs at random moments, and check that no result is lost and that the next run works.

    python scripts/kill.py --kills 200

Five kinds of runs, on small generated data, each of which replaces an older
result: `taste fit`, `traits fit` (from images to a saved model, with a cache and checkpoints),
saving alone, decoding images, downloading from this machine. Half of the kills come at any moment
of a run, the others while it writes. After each:

- the older or the new result is there, loads, and every hash matches;
- the same run, started again, succeeds with the bytes of a run that was never killed;
- no other file is next to its result.

Every run is a fork of a process that has imported everything and started no thread.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", no_proxy="127.0.0.1")

import killable

#: Number of kills of each kind, of 200.
SHARES = {"taste fit": 50, "traits fit": 50, "save": 40, "cache": 40, "download": 20}


def fork(work: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stderr.flush()
    os._exit(status)


def ended(child: int) -> str:
    """State of a child process at its end: killed, well or badly."""
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return "killed"
    return "badly" if os.WEXITSTATUS(status) else "well"


def must_end_well(what: str, work: Callable[[], object]) -> None:
    if ended(fork(work)) != "well":
        raise SystemExit(f"{what} failed, see above")


def measure(kind: killable.Kind, variant: int) -> tuple[float, float]:
    """Seconds until a run writes its result, and until it ends."""
    marks, mark = os.pipe()
    start = time.perf_counter()
    child = fork(lambda: kind.run(variant, lambda: os.write(mark, b"w")))
    os.close(mark)
    os.read(marks, 1)
    writes = time.perf_counter() - start
    if ended(child) != "well":
        raise SystemExit(f"{kind.name}: a run that nobody killed failed, see above")
    os.close(marks)
    return writes, time.perf_counter() - start


def kill_once(
    kind: killable.Kind, variant: int, lengths: tuple[float, float], rng: random.Random
) -> bool:
    """Start a run and kill it; return whether it was still running."""
    writes, ends = lengths
    marks, mark = os.pipe()
    child = fork(lambda: kind.run(variant, lambda: os.write(mark, b"w")))
    os.close(mark)
    if rng.random() < 0.5:
        time.sleep(rng.uniform(0, ends))
    else:
        select.select([marks], [], [])
        time.sleep(rng.uniform(0, 1.2 * (ends - writes)))
    os.kill(child, signal.SIGKILL)
    os.close(marks)
    how = ended(child)
    if how == "badly":
        raise SystemExit(f"{kind.name}: a run failed before it was killed, see above")
    return how == "killed"


def try_kind(kind: killable.Kind, kills: int, rng: random.Random) -> dict[str, float]:
    results, lengths = [], []
    for variant in (0, 1):
        kind.prepare(variant)
        lengths.append(measure(kind, variant))
        must_end_well(f"{kind.name}: loading", kind.load)
        results.append(kind.result())
    found, variant = Counter[str](), 1
    while found["kills"] < kills:
        variant = 1 - variant
        kind.prepare(variant)
        if not kill_once(kind, variant, lengths[variant], rng):
            found["ended before"] += 1
        else:
            found["kills"] += 1
            left = kind.result()
            if left not in results:
                raise SystemExit(f"{kind.name}: expected the old or the new result, got {left}")
            found["new" if left == results[variant] else "old"] += 1
            must_end_well(f"{kind.name}: loading after a kill", kind.load)
            must_end_well(
                f"{kind.name}: the run after a kill",
                lambda variant=variant: kind.run(variant, lambda: None),
            )
        if kind.result() != results[variant]:
            raise SystemExit(f"{kind.name}: expected the same bytes as without a kill")
        must_end_well(f"{kind.name}: loading", kind.load)
        if kind.beside():
            raise SystemExit(f"{kind.name}: expected nothing beside it, got {kind.beside()}")
    return dict(found) | {"seconds of a run": round(max(ends for _, ends in lengths), 2)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200, help="in all, shared out over the kinds")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--only", choices=SHARES, help="all kills for one kind")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311  # no secret
    shares = {options.only: 1} if options.only else SHARES
    document: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name, killable.served(Path(name) / "served") as address:
        for kind_name, share in shares.items():
            folder = Path(name) / kind_name.replace(" ", "-")
            kind = killable.KINDS[kind_name](folder, address)
            must_end_well(f"{kind_name}: making the data", kind.make)
            kills = max(1, round(options.kills * share / sum(shares.values())))
            document[kind_name] = try_kind(kind, kills, rng)
            said = ", ".join(f"{what} {count}" for what, count in document[kind_name].items())
            print(f"{kind_name}: {said}", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps({"kinds": document}))


if __name__ == "__main__":
    main()

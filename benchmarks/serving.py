"""The web app under load: home page, readers, requests compared with calls in process, memory.

Run: ``python benchmarks/serving.py --taste MODEL --traits MODEL`` with the directories of fitted
models. Images are those of ``people-716`` in ``$LACUNAR_DATA``. Needs wrk (``apt-get install
wrk``), which runs on the same processors.

One server in its own process has as many workers as there are threads that call the same models in
process, without parsing and output. Calls in process run before and after the
server is under load. Requests for recommendations go through the users in turn; each request for
a prediction posts one image of the test part. Memory is that of the server after 1,000 requests
of a mix, and after all of them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from typing import Any

from measure import data_set, describe_machine, run_alone

WORKERS, READERS, CONNECTIONS, IMAGES = 2, 20, 8, 64
LUA = Path(__file__).with_suffix(".lua")
BOUNDARY = "lacunar-benchmark"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
MOST_BYTES, MOST_REQUESTS, MOST_MS, MOST_GROWTH = 150_000, 6, 100, 0.05


def recommend(taste: str, seconds: float) -> dict[str, float]:
    """Recommend to the users in turn, in process."""
    from lacunar.store import load_taste
    from lacunar.taste.recommend.list_request import ListRequest
    from lacunar.taste.to_json import recommendations_document

    model = load_taste(Path(taste))
    request = ListRequest()
    return _calls(
        lambda user: recommendations_document(model, user, request),
        itertools.cycle(range(model.ratings.n_users)),
        seconds,
    )


def predict(traits: str, images: list[str], seconds: float) -> dict[str, float]:
    """Predict one image after the other, in process."""
    from lacunar.traits.data.image_sources import ImageContent
    from lacunar.web.traits_service import TraitsService

    service = TraitsService.load(Path(traits))
    contents = [ImageContent(Path(path).name, Path(path).read_bytes()) for path in images]
    return _calls(lambda image: service.predict([image]), itertools.cycle(contents), seconds)


def _calls(call: Callable[[Any], Any], inputs: Iterable[Any], seconds: float) -> dict[str, float]:
    """Calls per second, with as many threads as the server has workers."""
    from lacunar.parallel import one_blas_thread

    coming, lock = iter(inputs), threading.Lock()

    def work(ends: float) -> int:
        done = 0
        while time.perf_counter() < ends:
            with lock:
                given = next(coming)
            call(given)
            done += 1
        return done

    with one_blas_thread(), ThreadPoolExecutor(WORKERS) as threads:
        list(threads.map(call, itertools.islice(coming, 10)))
        start = time.perf_counter()
        done = sum(threads.map(work, [start + seconds] * WORKERS))
        return {"calls_per_second": done / (time.perf_counter() - start)}


@contextmanager
def serving(taste: Path, traits: Path) -> Iterator[tuple[str, int]]:
    """A server's address and process."""
    command = [sys.executable, "-m", "lacunar", "serve", "--json", "--port", "0"]
    command += ["--taste", str(taste), "--traits", str(traits), "--workers", str(WORKERS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            told = json.loads(server.stdout.readline())
            yield told["url"], told["pid"]
        finally:
            server.send_signal(signal.SIGTERM)
    if server.returncode:
        raise RuntimeError(f"the server ended with {server.returncode}")


def wrk(url: str, lines: Iterable[str], *, connections: int, seconds: float) -> dict[str, Any]:
    """Request the lines in turn, for some seconds."""
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("expected wrk, got none: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        command = [program, "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "30s"]
        command += ["-s", str(LUA), url, "--", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures | {"per_second": figures["requests"] / figures["seconds"]}


def first_page(url: str) -> dict[str, int]:
    """Size of the home page: the page and the files that its head names, with HTTP headers."""
    with urllib.request.urlopen(f"{url}/") as answer:  # noqa: S310 - the server started here
        page, size = answer.read().decode(), len(str(answer.headers))
    linked = sorted(set(re.findall(r'<(?:link|script|img)[^>]*(?:src|href)="(/[^"]+)"', page)))
    size += len(page.encode())
    for path in linked:
        with urllib.request.urlopen(url + path) as answer:  # noqa: S310 - the server started here
            size += len(str(answer.headers)) + len(answer.read())
    return {"requests": 1 + len(linked), "bytes": size}


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no resident memory of {pid}")


def posts(images: list[str], folder: str) -> list[str]:
    """A line for each image, with its body in a file."""
    lines = []
    for number, path in enumerate(images):
        body = Path(folder) / f"{number}.form"
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="images"; '
        head += f'filename="{number}{Path(path).suffix}"\r\n\r\n'
        body.write_bytes(
            head.encode() + Path(path).read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()
        )
        lines.append(f"POST /api/v1/predictions {body} {FORM}")
    return lines


def mixed(recommendations: list[str], predictions: list[str]) -> Iterator[str]:
    """A mix: of ten requests, eight for recommendations, one for a page, one for a prediction."""
    asked = itertools.cycle(recommendations)
    for number, posted in enumerate(itertools.islice(itertools.cycle(predictions), 200)):
        yield from itertools.islice(asked, 8)
        yield ("GET /taste", "GET /taste/try", "GET /traits", "GET /api/v1/films?q=a")[number % 4]
        yield posted


def compare(name: str, served: dict[str, Any], before: float, after: float) -> None:
    calls = mean((before, after))
    print(
        f"{name}: {served['per_second']:,.0f} requests a second, {served['errors']} errors of "
        f"{served['requests']:,}, p50 {served['p50']:.0f} ms, p95 {served['p95']:.0f} ms; "
        f"in process {before:,.0f} and {after:,.0f} calls a second; "
        f"ratio {served['per_second'] / calls:.2f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--taste", type=Path, required=True)
    parser.add_argument("--traits", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60, help="of each kind of load")
    parser.add_argument("--requests", type=int, default=100_000, help="before memory is read again")
    parser.add_argument("--only", choices=("load", "memory"), help="one of the two parts")
    given = parser.parse_args()
    print(
        describe_machine("fastapi", "uvicorn", "torch", "numpy"), f"load {os.getloadavg()[0]:.1f}"
    )
    from lacunar.store import load_taste

    users = [str(user) for user in load_taste(given.taste).ratings.users]
    images = sorted(map(str, (data_set("people-716") / "Test_Data" / "Originals").iterdir()))[
        :IMAGES
    ]
    asked = [f"GET /api/v1/users/{user}/recommendations" for user in users]
    held: dict[str, bool] = {}
    with tempfile.TemporaryDirectory() as folder:
        posted = posts(images, folder)
        if given.only != "memory":
            held |= under_load(given, asked, posted, images)
        if given.only != "load":
            held |= in_memory(given, asked, posted)
    for promise, kept in held.items():
        print(f"{'kept' if kept else 'BROKEN'}: {promise}")
    if not all(held.values()):
        raise SystemExit(1)


def under_load(
    given: argparse.Namespace, asked: list[str], posted: list[str], images: list[str]
) -> dict[str, bool]:
    """Home page, readers of pages, and both kinds of requests compared with calls in process."""
    jobs = {
        "recommend": {"taste": str(given.taste)},
        "predict": {"traits": str(given.traits), "images": images},
    }

    def in_process() -> dict[str, float]:
        return {
            job: run_alone(__file__, job, seconds=given.seconds, **options)["calls_per_second"]
            for job, options in jobs.items()
        }

    before = in_process()
    with serving(given.taste, given.traits) as (url, _):
        page = first_page(url)
        print(f"first page: {page['bytes']:,} bytes in {page['requests']} requests")
        readers = {"connections": READERS, "seconds": given.seconds}
        first = wrk(url, ["GET /"], **readers)
        print(f"{READERS} readers of the first page: {first}", flush=True)
        pages = ["/", "/taste", "/taste/segments/0", "/taste/try", "/traits"]
        pages += [re.sub(r"^.*(/users/.*)/.*$", r"/taste\1", line) for line in asked[:50]]
        print(f"{READERS} readers of pages: {wrk(url, [f'GET {p}' for p in pages], **readers)}")
        load = {"connections": CONNECTIONS, "seconds": given.seconds}
        recommended, predicted = wrk(url, asked, **load), wrk(url, posted, **load)
    after = in_process()
    compare("recommendations", recommended, before["recommend"], after["recommend"])
    compare("predictions", predicted, before["predict"], after["predict"])
    return {
        f"first page at most {MOST_BYTES:,} bytes": page["bytes"] <= MOST_BYTES,
        f"first page at most {MOST_REQUESTS} requests": page["requests"] <= MOST_REQUESTS,
        f"first page p95 under {MOST_MS} ms": first["p95"] < MOST_MS,
        "no error": first["errors"] + recommended["errors"] + predicted["errors"] == 0,
    }


def in_memory(given: argparse.Namespace, asked: list[str], posted: list[str]) -> dict[str, bool]:
    """The server's memory after 1,000 requests, and after many more."""
    with serving(given.taste, given.traits) as (url, pid):
        lines, resident, asked_for, errors = list(mixed(asked, posted)), [], 0, 0
        for most in (1_000, given.requests):
            while asked_for < most:
                # wrk starts at the first line each time; other lines give all requests their turn.
                lines = lines[1009:] + lines[:1009]
                found = wrk(url, lines, connections=CONNECTIONS, seconds=5)
                asked_for, errors = asked_for + found["requests"], errors + found["errors"]
            resident.append((asked_for, resident_mb(pid)))
    growth = resident[1][1] / resident[0][1] - 1
    print(
        "resident",
        *(f"{mb:,.0f} MB after {requests:,} requests," for requests, mb in resident),
        f"{growth:+.1%}",
    )
    return {
        "no error in the long run": errors == 0,
        f"memory within {MOST_GROWTH:.0%}": growth <= MOST_GROWTH,
    }


if __name__ == "__main__":
    main()

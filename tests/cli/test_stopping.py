from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has other signals")

# Hashing is one native call of hours, which no Python handler interrupts.
_NATIVE = "import hashlib; hashlib.pbkdf2_hmac('sha256', b'', b'', (1 << 31) - 1)"
_PYTHON = "import time; time.sleep(60)"
_SWALLOWED = "\n        ".join(
    ["try:", "    import time; time.sleep(60)", "except BaseException:", "    raise RuntimeError"]
)
_PROGRAM = """
from pathlib import Path
from lacunar.cli import commands, main
from lacunar.cli.console import check_checkpoint
from lacunar.files.atomic import scratch_folder, sibling

def run():
    output = Path({folder!r}, "model")
    check_checkpoint({checkpoint!r} and Path({checkpoint!r}), output)
    with sibling(output, directory=True) as staging, scratch_folder() as scratch:
        (staging / "weights").touch()
        (scratch / "spilled").mkdir()
        print(scratch, flush=True)
        {work}

commands.run = run
main()
"""


def stopped(program: str, *signals: int) -> tuple[int, str, str, float]:
    """Status, first line of output, errors, and seconds from the signal to the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline().strip()
    time.sleep(0.1)
    begin = time.perf_counter()
    for number in signals:
        process.send_signal(number)
        time.sleep(0.02)
    _, errors = process.communicate(timeout=30)
    return process.returncode, first, errors, time.perf_counter() - begin


@pytest.mark.parametrize("work", [_PYTHON, _NATIVE, _SWALLOWED])
@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT] * 3])
def test_a_signal_ends_a_command_at_once_with_one_line_and_no_leftovers(
    tmp_path: Path, work: str, signals: list[int]
) -> None:
    program = _PROGRAM.format(folder=str(tmp_path), checkpoint=None, work=work)
    status, scratch, errors, seconds = stopped(program, *signals)
    assert status == 128 + signals[0]
    assert errors == (
        "Stopped. With --checkpoint DIR, a fit that was stopped continues where it stopped.\n"
    )
    # A second, and more on a busy machine.
    assert seconds < 5
    assert scratch
    assert not Path(scratch).exists()
    assert not list(tmp_path.iterdir())


def test_with_a_checkpoint_it_says_how_to_continue(tmp_path: Path) -> None:
    program = _PROGRAM.format(folder=str(tmp_path), checkpoint="saved", work=_PYTHON)
    assert stopped(program, signal.SIGINT)[2] == "Stopped. The same command continues from saved.\n"


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from lacunar.cli import stopping; stopping.catch_signals()\n"
        "signal.raise_signal(signal.SIGINT); print('lives')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "lives\n", "")

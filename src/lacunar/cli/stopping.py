"""A quick end by Ctrl-C or SIGTERM, also during a long call of a native library.

The main thread gets an exception and has a moment to clean up. A watching thread ends the process
if that takes longer: the system wakes it even while the main thread is inside native code, which
Python's own handlers wait for.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import NoReturn

# Seconds in which the main thread may end by itself.
_GRACE = 0.4
# Clears the line of a progress bar and shows the cursor that the bar hid.
_CLEAR_LINE = "\r\x1b[K\x1b[?25h"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_leaving = threading.Lock()
_received: list[int] = []
_advice: list[str] = []
# Both ends stay open as long as signals are caught.
_ends: list[socket.socket] = []


class Stopped(BaseException):
    """Raised in the main thread by the first signal."""


def catch_signals() -> None:
    """Handle Ctrl-C and SIGTERM from now on; call it in the main thread."""
    woken, waker = _ends[:] = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(woken,), daemon=True).start()
    for number in _SIGNALS:
        # Ignored where the process that started this one wants that, such as nohup.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def advise(sentence: str) -> None:
    """Set the sentence that is printed after "Stopped."."""
    _advice[:] = [sentence]


def leave_if_stopped() -> None:
    """End the process if a signal asked for that, else return."""
    if _received:
        _leave(_received[0])


def _stop(number: int, frame: FrameType | None) -> None:
    del frame
    if _received:
        return
    _received.append(number)
    # Threads and finalizers that are cut off would print tracebacks.
    threading.excepthook = lambda _: None
    sys.unraisablehook = lambda _: None
    raise Stopped


def _watch(woken: socket.socket) -> None:
    """End the process some time after a signal, unless other code handles the signal."""
    while number := woken.recv(1):
        if number[0] in _SIGNALS and signal.getsignal(number[0]) is _stop:
            time.sleep(_GRACE)
            _leave(number[0])


def _leave(number: int) -> NoReturn:
    """Remove partial output, print one line, and end without waiting for threads."""
    if not _leaving.acquire(blocking=False):
        threading.Event().wait()
    # Imported by now if there is anything to remove.
    if atomic := sys.modules.get("lacunar.files.atomic"):
        atomic.remove_unfinished()
    clear = _CLEAR_LINE if os.isatty(2) else ""
    with suppress(OSError):
        os.write(2, " ".join([f"{clear}Stopped.", *_advice]).encode() + b"\n")
    os._exit(128 + number)

"""What public functions take for a path."""

from __future__ import annotations

import os

AnyPath = str | os.PathLike[str]

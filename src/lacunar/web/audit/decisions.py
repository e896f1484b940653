"""Decisions on flagged labels, kept in memory and optionally in a CSV file."""

from __future__ import annotations

import threading
from pathlib import Path

from lacunar.errors import InputError
from lacunar.files.atomic import replace_file
from lacunar.traits.audit.correction_sheet import corrections_csv, decision_cell, read_decisions
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.flagged_labels import FlaggedLabel, flagged_labels
from lacunar.traits.data.schema import UNKNOWN

Place = tuple[int, int]


class Decisions:
    """Decisions on flagged labels, by image and attribute; thread-safe.

    Only flagged labels and those in the file can have a decision, so memory is bounded.

    Parameters
    ----------
    findings : AuditFindings
    file : Path, optional
        A correction sheet as ``lacunar traits correct`` reads it. Its decisions are loaded; each
        new decision rewrites the file, without rows that hold no decision.

    Raises
    ------
    InputError
        If the file exists and is not a sheet of these data, or its directory is missing.
    """

    def __init__(self, findings: AuditFindings, file: Path | None = None) -> None:
        self._parts = findings.images
        self._labels = findings.images.labels
        self._flagged: dict[Place, FlaggedLabel] = {}
        for kind in flagged_labels(findings).values():
            for label in kind:
                self._flagged.setdefault((label.image, label.attribute), label)
        self._decided: dict[Place, int] = {}
        self._listed: dict[Place, FlaggedLabel] = {}
        self._file = file
        self._lock = threading.Lock()
        if file is not None:
            self._read(file)

    def __len__(self) -> int:
        return len(self._decided)

    @property
    def file(self) -> Path | None:
        """File of the decisions; None if they are kept in memory only."""
        return self._file

    def flagged(self, place: Place) -> FlaggedLabel | None:
        """The flagged label of an image and attribute; None if the audit does not flag it."""
        return self._flagged.get(place)

    def decision(self, place: Place) -> int | None:
        """The decided label, -1 for unknown; None without a decision."""
        return self._decided.get(place)

    def decide(self, place: Place, label: int | None) -> None:
        """Decide on a flagged label, or withdraw a decision.

        Parameters
        ----------
        place : (int, int)
            Image and attribute.
        label : int, optional
            Position of a class, the given one if that is right; -1 for unknown; None to withdraw
            the decision.

        Raises
        ------
        InputError
            If the audit does not flag the label, or the class does not exist.
        OSError
            If the file cannot be written; the decisions stay as they were.
        """
        if place not in self._flagged:
            raise InputError("expected a label that the audit flags, got one that it does not flag")
        attribute = self._parts.schema.attributes[place[1]]
        if label is not None and label not in range(UNKNOWN, len(attribute.classes)):
            raise InputError(f"expected a class of {attribute.name} or -1, got {label}")
        with self._lock:
            decided = {at: old for at, old in self._decided.items() if at != place}
            if label is not None:
                decided[place] = label
            if self._file is not None:
                replace_file(self._file, [self._csv(decided).encode()])
            self._decided = decided

    def csv(self) -> str:
        """All decisions as a correction sheet that ``lacunar traits correct`` reads."""
        return self._csv(self._decided)

    def rows(self) -> list[tuple[FlaggedLabel, str]]:
        """All decisions in the order of the audit, each with its cell of the sheet."""
        return self._rows(self._decided)

    def cell(self, place: Place) -> str:
        """The sheet's cell of a label; empty without a decision."""
        label = self._decided.get(place)
        return "" if label is None else self._cell(place, label)

    def _csv(self, decided: dict[Place, int]) -> str:
        return corrections_csv(self._parts, self._rows(decided), spreadsheet_safe=True)

    def _rows(self, decided: dict[Place, int]) -> list[tuple[FlaggedLabel, str]]:
        every = self._flagged | self._listed
        return [
            (flagged, self._cell(place, decided[place]))
            for place, flagged in every.items()
            if place in decided
        ]

    def _cell(self, place: Place, label: int) -> str:
        attribute = self._parts.schema.attributes[place[1]]
        return decision_cell(attribute, int(self._labels[place]), label)

    def _read(self, file: Path) -> None:
        if not file.parent.is_dir():
            raise InputError(f"{file}: expected an existing parent directory, got none")
        if not file.exists():
            return
        n_train = len(self._parts.train)
        for found in read_decisions(file, self._parts):
            place = found.row + (n_train if found.part == "test" else 0), found.attribute
            self._decided[place] = found.label
            if place not in self._flagged:
                given = int(self._labels[place])
                self._listed[place] = FlaggedLabel("listed", *place, given, UNKNOWN)

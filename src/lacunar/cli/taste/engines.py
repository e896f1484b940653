"""Choice of the engine of a command: DuckDB in this process, or a Spark cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lacunar.aliases import StageProgress
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.taste.config import TasteConfig
    from lacunar.taste.data.rating_scale import RatingScale
    from lacunar.taste.data.ratings import Intake
    from lacunar.taste.model import TasteModel
    from lacunar.taste.recommend.list_request import ListRequest
    from lacunar.taste.segments.placement import PlacementModel
    from lacunar.taste.segments.placement_files import PlacementSummary
    from lacunar.taste.spark.log import SparkLog

_large = partial(typer.Option, rich_help_panel="Large data")
EngineOption = Annotated[
    str,
    _large(
        show_default=False,
        help="duckdb: this machine (default); spark: a cluster (extra `spark`, Java 17).",
    ),
]
MasterOption = Annotated[
    str | None, _large(help="Master of Spark, as in spark://HOST:7077 (default: local[*]).")
]
MemoryOption = Annotated[
    str | None,
    _large(help="Memory for reading and grouping; more data is on disk (default: 2GB)."),
]
_LOCAL = "local[*]"


@dataclass(frozen=True, slots=True)
class Where:
    """The engine of a command; :func:`where_to_work` makes it.

    Parameters
    ----------
    master : str or None
        Master of Spark; None to work in this process.
    memory_limit : str or None
        Memory limit of DuckDB.
    """

    master: str | None
    memory_limit: str | None

    def fit(
        self,
        data: Path,
        scale: RatingScale | None,
        config: TasteConfig,
        report: StageProgress,
        checkpoint: Path | None,
    ) -> TasteModel:
        """Read a log and fit a model."""
        reading = partial(report, "ratings")
        if self.master is not None:
            from lacunar.taste.spark.fit import fit_taste_on_spark

            with self._log_on_spark(data, scale, report) as log:
                return fit_taste_on_spark(log, config, progress=report, checkpoint_dir=checkpoint)
        from lacunar.taste.data import duckdb
        from lacunar.taste.data.reading import read_ratings
        from lacunar.taste.fit import fit_taste

        return fit_taste(
            read_ratings(data, scale=scale, memory_limit=self.memory_limit, progress=reading),
            config,
            engine=partial(duckdb.run, memory_limit=self.memory_limit),
            progress=report,
            checkpoint_dir=checkpoint,
        )

    def place(
        self,
        data: Path,
        scale: RatingScale,
        rule: PlacementModel,
        output: Path,
        report: StageProgress,
        *,
        force: bool,
    ) -> tuple[PlacementSummary, Intake, tuple[str, ...]]:
        """Read a log and place its users; return the summary, the intake and the genres."""
        if self.master is not None:
            from lacunar.taste.spark.placement import place_users_on_spark

            with self._log_on_spark(data, scale, report) as log:
                report("users", 0, log.n_users)
                placed = place_users_on_spark(log, rule, output, force=force)
                report("users", log.n_users, log.n_users)
                return placed, log.intake, log.catalogue.genres
        from lacunar.taste.data import duckdb
        from lacunar.taste.data.reading import read_ratings
        from lacunar.taste.segments.placement_files import place_users

        ratings = read_ratings(
            data,
            scale=scale,
            memory_limit=self.memory_limit,
            progress=partial(report, "ratings"),
        )
        placed = place_users(
            ratings,
            rule,
            output,
            force=force,
            engine=partial(duckdb.run, memory_limit=self.memory_limit),
            progress=partial(report, "users"),
        )
        return placed, ratings.intake, ratings.genres

    def recommend_all(
        self,
        log: Path,
        model: TasteModel,
        request: ListRequest,
        output: Path,
        report: StageProgress,
        *,
        force: bool,
    ) -> int:
        """Write lists for all users of a model's log: a file, or on Spark a directory of files."""
        recommender, ratings = model.recommender_for(request), model.ratings
        if self.master is not None:
            from lacunar.taste.spark.recommendations import recommend_all_on_spark

            with self._session() as session:
                report("recommendations", 0, 1)
                rows = recommend_all_on_spark(
                    session, log, recommender, ratings, request, output, force=force
                )
                report("recommendations", 1, 1)
                return rows
        from lacunar.taste.recommend.list_files import write_recommendations

        return write_recommendations(
            output,
            recommender,
            ratings,
            request,
            progress=partial(report, "recommendations"),
        )

    @contextmanager
    def _session(self) -> Iterator[Any]:
        from lacunar.taste.spark.session import or_refuse, spark_session

        assert self.master is not None, "a cluster has a master"
        with (
            spark_session(self.master) as session,
            or_refuse("expected Spark to do its work"),
        ):
            yield session

    @contextmanager
    def _log_on_spark(
        self, data: Path, scale: RatingScale | None, report: StageProgress
    ) -> Iterator[SparkLog]:
        from lacunar.taste.spark.log import read_log

        with self._session() as session:
            report("ratings", 0, 1)
            log = read_log(session, data, scale=scale)
            report("ratings", 1, 1)
            yield log


def where_to_work(engine: str, master: str | None, memory_limit: str | None = None) -> Where:
    """Check the engine and its options.

    Raises
    ------
    InputError
        If the engine is unknown or cannot start, or an option needs the other engine.
    """
    if engine not in {"duckdb", "spark"}:
        raise InputError(f"--engine: expected duckdb or spark, got {engine!r}")
    if engine == "duckdb":
        if master is not None:
            raise InputError(f"--master: expected --engine spark with it, got {engine}")
        return Where(None, memory_limit)
    if memory_limit is not None:
        raise InputError(f"--memory-limit: expected --engine duckdb with it, got {engine}")
    from lacunar.taste.spark.session import require_spark

    require_spark()
    return Where(master or _LOCAL, None)

"""One complete selection: from frames to files and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.offline.comparison import Choice, Comparison
from mininet_ros.offline.exact_selection import (
    ExactSelection,
    Size,
    select_exactly,
    write_chosen,
)
from mininet_ros.offline.odometry import Odometry
from mininet_ros.offline.output import OutputFolder
from mininet_ros.offline.report import write_report
from mininet_ros.offline.results import Results
from mininet_ros.offline.selection import Arrival, DecidedFrame, OfflineSelection
from mininet_ros.offline.source import Source
from mininet_ros.offline.summary import Summary, summarize
from mininet_ros.offline.thumbnails import Thumbnails
from mininet_ros.offline.views import ViewCollector
from mininet_ros.offline.watched_selection import WatchedSelection
from mininet_ros.sequences import LabelledFrame
from mininet_ros.view import UNSEEN, View


@dataclass(frozen=True)
class Run:
    """Results of one selection.

    Attributes:
        frames: all frames, in the order in which they came.
        summary: summary of the selection.
        choices: this selection and the baselines; empty if nothing was forwarded.
        exact: choice with the whole recording known; None for an online selection.
        posed: number of frames with a pose by odometry; None where there is no odometry.
    """

    frames: Sequence[DecidedFrame]
    summary: Summary
    choices: Sequence[Choice]
    exact: ExactSelection | None = None
    posed: int | None = None


def run_selection(
    source: Source,
    frames: Iterable[LabelledFrame],
    settings: KeyframeSettings,
    folder: OutputFolder,
    preset: str,
    requests: Sequence[int] = (),
    size: Size | None = None,
    was_interrupted: Callable[[], bool] = lambda: False,
    view: View = UNSEEN,
    odometry: Odometry | None = None,
) -> Run:
    """Select keyframes and write the chosen frames, the table and the report.

    Args:
        source: source of the frames.
        frames: frames of the source, all or the first ones, at least one.
        settings: settings of the selection.
        folder: output folder.
        preset: name or path of the parameter file, for the report.
        requests: requested stamps; see :class:`OfflineSelection`.
        size: number of frames to choose with the whole recording known, which is then read twice;
            None leaves the choice to the online rule.
        was_interrupted: returns whether the user ended the frames early. If so, all frames are
            chosen where ``size`` asks for more than there are.
        view: shows the selection as it goes.
        odometry: poses of the robot; None where there are none.

    Raises:
        ConfigError: more frames are asked for than there are.
        ClassError: a target is not among the source's classes.
        ValueError: a frame cannot be read or scored.
        OSError: a file cannot be written.
    """
    start_ns = source.sequence.start_ns
    watched = WatchedSelection(view, start_ns)

    def write(index: int, labelled: LabelledFrame) -> None:
        folder.write(index, labelled)
        watched.chosen(labelled)

    def forward(arrival: Arrival) -> None:
        if size is None:
            write(arrival.index, arrival.labelled)

    def note(frame: DecidedFrame) -> None:
        watched.scored(frame)
        if size is None:
            watched.decided(frame)

    selection = OfflineSelection(settings, source.classes, requests, forward, note, odometry)
    comparison = Comparison(settings, source.classes)
    views = ViewCollector(settings.ignored_pixels(source.classes))
    labels = [source.classes.index(name) for name in settings.targets()]
    with closing(Thumbnails(labels, source.colors)) as thumbnails:
        for labelled in frames:
            arrival = selection.add(labelled, start_ns + labelled.frame.stamp_ns)
            comparison.add(arrival)
            watched.arrived(labelled)
            thumbnails.add(labelled)
            if size is not None:
                views.add(labelled)
        decided, team = selection.finish(), selection.team_outcomes()
        exact = None
        if size is not None:
            count = size.of(len(decided), shortened=was_interrupted())
            targets = settings.targets()
            weights = {source.classes.index(name): weight for name, weight in targets.items()}
            contents = views.views(comparison.frames, weights)
            exact = select_exactly(decided, contents, comparison.frames, settings, count)
            decided, team = exact.decided, {}
            write_chosen(source, exact, write)
            for frame in decided:
                watched.decided(frame)
        summary = summarize(decided, team, selection.unanswered())
        chosen = [frame.index for frame in decided if frame.decision.forwarded]
        choices = comparison.choices(chosen, exact.online if exact is not None else ())
        folder.write_table(decided, team)
        results = Results(
            source.sequence.name, source.masks_from, preset, settings, decided, summary, choices,
            thumbnails.jpeg, exact,
            [(name, tuple(color)) for name, color in zip(source.classes, source.colors.tolist())],
        )  # fmt: skip
        folder.write_report(write_report(results))
    posed = selection.posed if odometry is not None else None
    return Run(decided, summary, choices, exact, posed)

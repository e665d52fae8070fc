"""Results of ``select-keyframes`` on the command line, as text or JSON."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import Any

from mininet_ros.keyframes import Reason
from mininet_ros.keyframes.selection.reasons import MEANINGS
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.offline.exact_selection import ExactSelection
from mininet_ros.offline.filtered_bag import FilteredBag
from mininet_ros.offline.output import IMAGES, REPORT, TABLE, Layout
from mininet_ros.offline.report import data_size
from mininet_ros.offline.run import Run
from mininet_ros.offline.source import Source
from mininet_ros.offline.summary import Summary


def print_results(
    arguments: Namespace,
    settings: KeyframeSettings,
    source: Source,
    run: Run,
    bag: FilteredBag | None,
) -> None:
    """Print the results for people."""
    if run.exact is None:
        _print_online(settings, run.summary)
    else:
        _print_exact(arguments.preset, run.summary, run.exact)
    if source.sequence.times_from:
        print(f"times: {source.sequence.times_from}")
    if run.posed is not None:
        print(f"odometry: {run.posed} of {len(run.frames)} frames have a pose")
    if bag is not None:
        print(f"bag: {bag.path}, {bag.messages} messages")
        for topic, frames in bag.missing.items():
            print(
                f"{frames} chosen frames have no message on the companion {topic} within "
                "companion_slop_s"
            )
        if bag.unmatched:
            print(
                "left out, for no message has the stamp of a chosen frame (name such topics as "
                f"companions): {', '.join(bag.unmatched)}"
            )
        if bag.left_out:
            print(f"left out, for the bag does not define their types: {', '.join(bag.left_out)}")
    if arguments.format == Layout.COLMAP.value:
        print(f"images for COLMAP: {arguments.output / IMAGES}")
    print(f"report: {arguments.output / REPORT}")


def _print_online(settings: KeyframeSettings, summary: Summary) -> None:
    print(
        f"{summary.forwarded} of {summary.frames} frames forwarded "
        f"({100 * summary.share:.1f} %), {data_size(summary.forwarded_bytes)} of "
        f"{data_size(summary.full_stream_bytes)} as JPEG {settings.jpeg_quality} and PNG masks; "
        f"largest gap {summary.largest_gap_s:.2f} s; decided after "
        f"{summary.delay_median_s:.2f} s, {summary.delay_longest_s:.2f} s at most, in mode "
        f"{settings.selector.mode.value}"
    )
    for reason, count in summary.reasons.items():
        print(f"{count:>8}  {MEANINGS[Reason(reason)]}")
    if summary.requests:
        print(f"{summary.answered} of {summary.requests} requests answered")
    for sentence in summary.unanswered:
        print(sentence)


def _print_exact(preset: str, summary: Summary, exact: ExactSelection) -> None:
    print(
        f"{summary.forwarded} of {summary.frames} frames chosen ({100 * summary.share:.1f} %), "
        f"largest gap {summary.largest_gap_s:.2f} s; {exact.overlap_sentence()}"
    )
    print(
        f"the online rule of preset {preset} takes {len(exact.online)} frames, {exact.same} of "
        "them the same"
    )


def as_json(
    arguments: Namespace,
    settings: KeyframeSettings,
    source: Source,
    run: Run,
    bag: FilteredBag | None,
) -> dict[str, Any]:
    """Return the results for programs."""
    described: dict[str, Any] = {
        "input": arguments.input,
        "preset": arguments.preset,
        "mode": settings.selector.mode.value,
        "classes": settings.targets(),
        "masks": source.masks_from,
        "times": source.sequence.times_from,
        "passed_over": source.sequence.problems.count,
        "with_odometry": run.posed,
        **asdict(run.summary),
        "keyframes": [frame.name for frame in run.frames if frame.decision.forwarded],
        "comparison": {
            choice.name: {**asdict(choice.metrics), "content": choice.content}
            for choice in run.choices
        },
        "report": str(arguments.output / REPORT),
        "table": str(arguments.output / TABLE),
    }
    if run.exact is not None:
        described["exact"] = {
            "min_overlap": run.exact.min_overlap,
            "needed": run.exact.choice.needed,
            "broken": run.exact.choice.broken,
            "online": [run.frames[index].name for index in run.exact.online],
            "same": run.exact.same,
        }
    if bag is not None:
        described["bag"] = {
            "path": str(bag.path), "messages": bag.messages, "left_out": list(bag.left_out),
            "unmatched": list(bag.unmatched), "missing": dict(bag.missing),
        }  # fmt: skip
    return described

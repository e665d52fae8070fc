"""The demo: stream, segmentation, keyframe selector and recorder in one ROS 2 graph."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mininet_ros.demo.graph import Graph, GraphError
from mininet_ros.extras import missing_extra
from mininet_ros.models import load_model
from mininet_ros.results import ResultFolder
from mininet_ros.sequences import open_sequence
from mininet_ros.share import share_folder
from mininet_ros.view import check_view

STARTUP_S = 60.0
SUMMARY = "summary.json"
BAG, FILM = "demo.mcap", "overlay.mp4"
PICTURES = ("contact_sheet.png", "keyframes.png")
ENTRIES = (SUMMARY, *PICTURES, "overlays", BAG, FILM)
"""What the recorder leaves."""
PACKAGES = {BAG: "rosbags", FILM: "av"}
"""Package that writes a file."""


def run_demo(
    source: str,
    output: Path,
    model: str,
    backend: str,
    preset: str,
    seconds: float,
    rate_hz: float,
    view: bool = False,
    save_rrd: Path | None = None,
) -> dict[str, Any]:
    """Segment ``source`` and select keyframes of it, in a graph of four processes.

    Args:
        source: see :func:`mininet_ros.sequences.open_sequence`.
        output: folder for ``overlays/``, ``contact_sheet.png``, ``keyframes.png``, ``overlay.mp4``,
            ``demo.mcap`` and ``summary.json``.
        model, backend: parameters of the segmentation node.
        preset: preset of the keyframe selector, the name of a file in ``config/``.
        seconds: length after which the stream is cut.
        rate_hz: images per second; 0 for the source's own rate.
        view: whether the run is shown live in Rerun.
        save_rrd: file that gets what the view shows, or None.

    Returns:
        The summary.

    Raises:
        GraphError: rclpy is not installed, a process failed, or none gave a mask.
        SequenceError: the source cannot be opened.
        ResultError: the output folder cannot be written, or holds other files.
        ModelError: there is no such model.
        ViewError: the run cannot be shown as asked.
        ValueError: no time to run.
    """
    if not seconds > 0:
        raise ValueError(f"the demo must run for more than 0 seconds, not {seconds}")
    check_view(view, save_rrd)
    load_model(model)
    missing = [package for package in PACKAGES.values() if find_spec(package) is None]
    if missing:
        left_out = " and ".join(name for name, package in PACKAGES.items() if package in missing)
        print(f"without {left_out}: {missing_extra('that', 'demo')}", file=sys.stderr)
    recorded = {
        "model": model,
        "bag": PACKAGES[BAG] not in missing,
        "film": PACKAGES[FILM] not in missing,
        "view": view,
        "save_rrd": str(save_rrd.absolute()) if save_rrd else "",
    }
    with ResultFolder(output, "demo", ENTRIES, (source, model)) as results:
        summary = _run_graph(
            source, results.staging, model, backend, preset, seconds, rate_hz, recorded
        )
    print_summary(summary, output)
    return summary


def _run_graph(
    source: str,
    staging: Path,
    model: str,
    backend: str,
    preset: str,
    seconds: float,
    rate_hz: float,
    recorded: Mapping[str, Any],
) -> dict[str, Any]:
    """Run the graph with ``staging`` as the recorder's folder; returns its summary."""
    with open_sequence(source, rate_hz or None) as sequence:
        images = max(1, round(seconds * sequence.rate_hz))
        if sequence.length is not None:
            images = min(images, sequence.length)
        rate = sequence.rate_hz
    with Graph() as graph:
        print(
            f"{images} images of {source} at {rate:g} Hz, in ROS domain "
            f"{graph.environment['ROS_DOMAIN_ID']}: Ctrl-C ends the demo early"
        )
        recorder = graph.start(
            "stream_recorder_node",
            {
                "output_dir": str(staging.absolute()),
                "keyframes": True,
                "start_timeout": STARTUP_S,
                **recorded,
            },
        )
        graph.start(
            "keyframe_selector_node",
            {"model": model},
            share_folder() / "config" / f"keyframes_{preset}.yaml",
        )
        graph.start("segmentation_node", {"model": model, "backend": backend})
        stream = graph.start(
            "image_stream_node",
            {
                "source": source,
                "rate": rate_hz,
                "loop": False,
                "max_images": images,
                "wait_for_subscribers": _subscribers(recorded),
            },
        )
        try:
            graph.wait(recorder)
        except KeyboardInterrupt:
            print()
            # The stream alone: without it the recorder ends by itself, once the last masks are in.
            graph.interrupt(stream, recorder)
    try:
        return json.loads((staging / SUMMARY).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise GraphError("the demo was interrupted before the first mask came") from error


def _subscribers(recorded: Mapping[str, Any]) -> int:
    """Return the number of subscriptions to the stream's three topics."""
    images = 2  # of segmentation and selector
    infos = 1 + recorded["bag"]  # the recorder counts by them; the selector forwards them
    compressed = recorded["bag"] or recorded["view"] or bool(recorded["save_rrd"])
    return images + infos + compressed


def print_summary(summary: dict[str, Any], output: Path) -> None:
    """Print what came out, and where the pictures are."""
    latency, keyframes = summary["latency_ms"], summary["keyframes"]
    reasons = ", ".join(f"{name} {count}" for name, count in keyframes["reasons"].items())
    share = keyframes["team_bytes"] / max(1, keyframes["camera_bytes"])
    missing = [
        f"{keyframes[name]} {words}"
        for name, words in (("not_received", "never reached it"), ("not_told", "have no decision"))
        if keyframes[name]
    ]
    untold = f"frames that the selector has not told of: {', '.join(missing)}\n" if missing else ""
    print(
        f"{summary['published']} published, {summary['masks']} masks, "
        f"{summary['replaced']} replaced by newer ones, {summary['lost']} lost; "
        f"{summary['rate_hz']} Hz, latency {latency['median']} ms median, {latency['p95']} ms p95\n"
        f"{summary['model']} on {summary['backend']} ({summary['runtime']}, {summary['device']})\n"
        f"keyframes: {keyframes['forwarded']} of {keyframes['seen']} forwarded ({reasons}); "
        f"{keyframes['team_bytes'] / 1e6:.2f} MB to team mates, {share:.2%} of the raw stream\n"
        f"{untold}"
        f"pictures: {', '.join(_made(output, PICTURES))}"
        + "".join(f"\nfilm: {path}" for path in _made(output, [FILM]))
        + "".join(f"\nrecording, for Foxglove: {path}" for path in _made(output, [BAG]))
    )


def _made(output: Path, names: Iterable[str]) -> list[str]:
    """Return the paths of those files that were made."""
    return [str(output / name) for name in names if (output / name).exists()]

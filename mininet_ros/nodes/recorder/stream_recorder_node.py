"""Observes a segmented stream, shows its progress, writes pictures and a summary."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mininet_ros.extras import missing_extra
from mininet_ros.images.class_tables import ClassTable
from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.models import ModelError, load_model
from mininet_ros.nodes.common.parameters import NodeParameters
from mininet_ros.nodes.common.process import Finish, run_node
from mininet_ros.nodes.common.recent_values import RecentValues, quantile
from mininet_ros.nodes.common.stamps import NANOSECONDS, stamp_of
from mininet_ros.nodes.common.timers import steady_timer
from mininet_ros.nodes.recorder.bag import Bag
from mininet_ros.nodes.recorder.film import FILM, Film
from mininet_ros.nodes.recorder.keyframe_recording import KeyframeRecording
from mininet_ros.nodes.recorder.parameters import StreamRecorderParameters
from mininet_ros.nodes.recorder.recorded_topics import RecordedTopics
from mininet_ros.nodes.recorder.recording import RECORDED, Recording
from mininet_ros.nodes.recorder.topics import (
    CAMERA_INFO,
    CONFIDENCE,
    IMAGE,
    KEYFRAME,
    KEYFRAME_INFO,
    KEYFRAME_MASK,
    LABEL_INFO,
    MASK,
    OVERLAY,
    REPORTS,
    SCORES,
    TEAM_IMAGE,
    TEAM_INFO,
    TEAM_MASK,
)
from mininet_ros.nodes.recorder.watched_graph import WatchedGraph
from mininet_ros.results import ResultError, ResultFolder
from mininet_ros.view import ViewError, open_view

SHOW_PERIOD_S = 0.5
# Time after the end of the stream for the last masks, and for the counts that nodes report each
# second.
SETTLE_S = 2.0
# Further time for decisions on the last frames, which a selector makes only after a silence.
DECISIONS_S = 15.0


class StreamRecorderNode(Node):
    """Records ``segmentation/mask`` and ``segmentation/overlay`` until the stream ends.

    Images are counted by their ``camera_info``, so that only the segmentation node receives the
    images themselves. The stream has ended when ``camera_info``, once seen, no longer has a
    publisher.

    Args:
        finish: called when everything is written, with an error if no mask ever arrived.
        **node_options: options of :class:`rclpy.node.Node`.

    Raises:
        ParameterError: a parameter override is wrong.
        ResultError: the output folder cannot be written, or a package is missing.
        ModelError: there is no such model.
        ViewError: the run cannot be shown as asked.
    """

    def __init__(self, finish: Finish, **node_options: Any) -> None:
        super().__init__("stream_recorder", **node_options)
        self._finish = finish
        wanted = self._wanted = NodeParameters(self, StreamRecorderParameters).values
        _require_packages(wanted)
        table = load_model(wanted.model).published_table if wanted.model else None
        self._results = recorded_results(Path(wanted.output_dir)).open()
        self._open_files = ExitStack()
        self._bag = self._opened_bag(table)
        self._topics = RecordedTopics(self, self._bag)
        self._recording = Recording(
            self._results.staging, wanted.max_pictures, table, self._opened_film()
        )
        self._keyframes = KeyframeRecording(table) if wanted.keyframes else None
        self._watched = self._opened_view(table)
        self._decoder = ImageDecoder()
        self._started = self._last_event = time.monotonic()
        self._recent_s = RecentValues()
        self._written = False
        self._shown = (0, 0)
        self._health = ""  # problem that the segmentation node reports, in its words
        self._topics.listen(REPORTS, self._take_reports)
        if self._keyframes:
            self._listen_to_keyframes(self._keyframes)
        steady_timer(self, SHOW_PERIOD_S, self._show)

    def close(self) -> None:
        """Write the results so far if the stream was interrupted."""
        if not self._written:
            self._write(complete=False)

    def _count_image(self, info: CameraInfo) -> None:
        self._last_event = time.monotonic()
        self._recording.add_image(stamp_of(info.header))

    def _take_mask(self, mask: Image) -> None:
        age_s = (self.get_clock().now().nanoseconds - stamp_of(mask.header)) / NANOSECONDS
        self._last_event = time.monotonic()
        self._recording.add_mask(self._last_event, age_s)
        self._recent_s.add(age_s)

    def _take_overlay(self, overlay: CompressedImage) -> None:
        stamp_ns, picture = stamp_of(overlay.header), self._decoder.message(overlay)
        self._recording.add_overlay(stamp_ns, picture)
        if self._keyframes:
            self._keyframes.add_picture(stamp_ns, picture)

    def _take_reports(self, reports: DiagnosticArray) -> None:
        namespace = self.get_namespace().rstrip("/")
        for status in reports.status:
            node, _, task = status.name.partition(": ")
            values = {pair.key: pair.value for pair in status.values}
            if node.rpartition("/")[0] != namespace:
                continue
            if task == "stream":
                self._recording.add_stream_report(values)
            elif task == "keyframes" and self._keyframes:
                self._keyframes.add_report(values)
            elif task == "segmentation":
                self._recording.add_node_report(values)
                if not self._health:
                    self._listen()
                self._health = status.message

    def _listen(self) -> None:
        """Subscribe to results and images, after the earlier counts of the node are known.

        The images come last, so that a stream that waits for its subscribers loses no mask here.
        """
        watched = self._watched
        self._topics.listen(MASK, self._take_mask, *([watched.take_mask] if watched else []))
        self._topics.listen(CONFIDENCE)
        if self._wanted.max_pictures or self._wanted.film:
            self._topics.listen(OVERLAY, self._take_overlay)
        self._topics.listen(IMAGE, *([watched.take_image] if watched else []))
        self._topics.listen(CAMERA_INFO, self._count_image)

    def _listen_to_keyframes(self, keyframes: KeyframeRecording) -> None:
        def take_decision(scores: DiagnosticArray) -> None:
            (status,) = scores.status
            values = {pair.key: pair.value for pair in status.values}
            self._last_event = time.monotonic()
            keyframes.add_decision(stamp_of(scores.header), values)

        def take_team_image(image: CompressedImage) -> None:
            keyframes.add_team_message(len(image.data), is_image=True)

        def take_team_mask(mask: CompressedImage) -> None:
            keyframes.add_team_message(len(mask.data), is_image=False)

        watched = self._watched
        self._topics.listen(SCORES, take_decision, *([watched.take_scores] if watched else []))
        self._topics.listen(TEAM_IMAGE, take_team_image)
        self._topics.listen(TEAM_MASK, take_team_mask)
        self._topics.listen(TEAM_INFO)
        self._topics.listen(KEYFRAME_INFO)
        self._topics.listen(KEYFRAME_MASK)
        self._topics.listen(KEYFRAME, *([watched.take_keyframe] if watched else []))

    def _opened_bag(self, table: ClassTable | None) -> Bag | None:
        if not self._wanted.bag:
            return None
        bag = Bag(self._results.staging)
        self._open_files.callback(bag.close)
        if table is not None:
            topic = self.resolve_topic_name(LABEL_INFO)
            bag.add_classes(topic, self.get_clock().now().nanoseconds, table.names)
        return bag

    def _opened_film(self) -> Film | None:
        if not self._wanted.film:
            return None
        film = Film(self._results.staging / FILM)
        self._open_files.callback(film.close)
        return film

    def _opened_view(self, table: ClassTable | None) -> WatchedGraph | None:
        wanted = self._wanted
        if not (wanted.view or wanted.save_rrd):
            return None
        file = Path(wanted.save_rrd) if wanted.save_rrd else None
        shown = open_view(wanted.view, file, table, keyframes=wanted.keyframes)
        return WatchedGraph(self._open_files.enter_context(shown))

    def _show(self) -> None:
        """Show the progress; finish when nothing more will come."""
        recording = self._recording
        if (recording.images, recording.masks) != self._shown:
            self._shown = (recording.images, recording.masks)
            latency_ms = 1e3 * quantile(self._recent_s.values(), 0.5)
            line = (
                f"{recording.images:6d} images {recording.masks:6d} masks "
                f"{self._recent_s.rate_hz():5.1f} Hz {latency_ms:5.0f} ms"
            )
            print(line, end="\r" if sys.stdout.isatty() else "\n", flush=True)
        if self._ended():
            self._write(complete=True)
            self._finish()
        elif not recording.masks and self._waited_too_long():
            self._write(complete=False)
            self._finish(
                f"no mask arrived within {self._wanted.start_timeout:.0f} s; the "
                f"segmentation node says: {self._health or 'nothing (is it running?)'}"
            )

    def _ended(self) -> bool:
        camera_info = self.resolve_topic_name(CAMERA_INFO.name)
        return (
            self._recording.images > 0
            and self._recording.masks > 0
            and self.count_publishers(camera_info) == 0
            and time.monotonic() - self._last_event > self._settle_s
        )

    @property
    def _settle_s(self) -> float:
        """Return the silence in seconds after which the recording ends."""
        undecided = self._keyframes and self._keyframes.seen < self._recording.images
        return DECISIONS_S if undecided else SETTLE_S

    def _waited_too_long(self) -> bool:
        return time.monotonic() - self._started > self._wanted.start_timeout

    def _write(self, complete: bool) -> None:
        """Write the results; without any, an earlier recording is left unchanged."""
        self._written = True
        self._open_files.close()
        if not self._recording.masks:
            self._results.discard()
            return
        if self._keyframes:
            published = self._recording.published
            self._recording.write(complete, {"keyframes": self._keyframes.summary(published)})
            self._keyframes.write_sheet(self._results.staging)
        else:
            self._recording.write(complete)
        self._results.publish()
        if sys.stdout.isatty():
            print()  # end the line that shows the progress


def recorded_results(folder: Path) -> ResultFolder:
    """Return the context that replaces an earlier recording in a folder."""
    return ResultFolder(folder, "stream_recorder_node", RECORDED)


def _require_packages(wanted: StreamRecorderParameters) -> None:
    """Import the packages that write what is wanted.

    Raises:
        ResultError: one is not installed.
    """
    for parameter, package in (("bag", "rosbags"), ("film", "av")):
        try:
            if getattr(wanted, parameter):
                import_module(package)
        except ImportError as error:
            raise ResultError(missing_extra(f"{parameter}: true", "demo")) from error


def main() -> int:
    """Run the node as a process; return its exit status."""
    return run_node(
        "stream_recorder_node",
        "Records a segmented stream: pictures, a contact sheet, and summary.json.",
        StreamRecorderParameters,
        StreamRecorderNode,
        expected_errors=(ModelError, ResultError, ViewError),
    )


if __name__ == "__main__":
    sys.exit(main())

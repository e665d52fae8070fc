"""`mininet_ros select-keyframes`: its files are complete, its words true, its input untouched."""

from __future__ import annotations

import csv
import json
import re
import shutil
import signal
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
import yaml

from mininet_ros import cli
from mininet_ros.keyframes import Mode, Outcome, Reason, SelectorConfig
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.offline.command import UntilInterrupted
from mininet_ros.offline.report_tables import MEANINGS
from mininet_ros.offline.requests import read_requests
from mininet_ros.offline.selection import OfflineSelection
from mininet_ros.sequences import CLASSES, Frame, GeneratedStreet, LabelledFrame, open_sequence

COUNT = 30


def run(capsys, *arguments):
    status = cli.main(["select-keyframes", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def rows_of(folder):
    with (folder / "keyframes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def forwarded(rows):
    return [row for row in rows if row["forwarded"] == "1"]


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    """A short drive as JPEGs in `images`, with PNGs of its truth in `labels`."""
    folder = tmp_path_factory.mktemp("drive")
    for name in ("images", "labels"):
        (folder / name).mkdir()
    street = GeneratedStreet(width=160, height=120, duration_s=COUNT / 15)
    for index in range(COUNT):
        frame, truth = street.render(index)
        cv2.imwrite(str(folder / "images" / f"{frame.name}.jpg"), frame.image)
        cv2.imwrite(str(folder / "labels" / f"{frame.name}.png"), truth.labels)
    return folder


@pytest.fixture
def given(drive):
    """Arguments of a selection on the drive with its truth as masks."""
    return [drive / "images", "--rate", 15, "--labels", drive / "labels", "--dataset", "camvid"]


def preset(tmp_path, **parameters):
    path = tmp_path / "preset.yaml"
    path.write_text(yaml.safe_dump({"/**": {"ros__parameters": parameters}}))
    return path


class Document(HTMLParser):
    """Checks that tags are balanced, and collects what matters."""

    VOID = ("meta", "link", "img", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.sources, self.targets, self.text = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.ids += [values["id"]] if "id" in values else []
        self.sources += [values[key] for key in ("src", "href") if key in values and tag != "a"]
        self.targets += [values["href"]] if tag == "a" else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_files_of_a_selection(capsys, drive, given, tmp_path):
    output = tmp_path / "out"
    status, out, err = run(capsys, *given, "--output", output, "--json")
    summary, rows = json.loads(out), rows_of(output)
    chosen = forwarded(rows)
    assert status == 0 and f"{COUNT}/{COUNT}" in err
    assert [int(row["index"]) for row in rows] == list(range(COUNT))
    assert rows[3]["stamp"] == "0.200000000"
    assert 0 < len(chosen) < COUNT
    for row in chosen:
        name = row["name"]
        original = (drive / "images" / f"{name}.jpg").read_bytes()
        assert (output / row["image"]).read_bytes() == original
        mask = cv2.imread(str(output / row["mask"]), cv2.IMREAD_UNCHANGED)
        labels = cv2.imread(str(drive / "labels" / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(mask, labels)
    files = {path.name for path in output.rglob("*") if path.is_file()}
    assert len(files) == 2 * len(chosen) + 2
    assert all(
        row["image"] == row["mask"] == row["team"] == "" for row in rows if row not in chosen
    )
    assert all(row["sentence"] and 0 <= float(row["quality"]) <= 1 for row in rows)

    assert summary["frames"] == COUNT
    assert summary["keyframes"] == [row["name"] for row in chosen]
    assert summary["forwarded_bytes"] == sum(
        int(row["jpeg_bytes"]) + int(row["mask_bytes"]) for row in chosen
    )
    assert sum(summary["reasons"].values()) == COUNT
    stamps = [0.0, *(float(row["stamp"]) for row in chosen), float(rows[-1]["stamp"])]
    assert summary["largest_gap_s"] == pytest.approx(np.diff(stamps).max())


def test_report_is_complete_and_needs_no_network(capsys, given, tmp_path):
    run(capsys, *given, "--output", tmp_path / "out", "--classes", "SignSymbol", "Car: 0.5")
    chosen = forwarded(rows_of(tmp_path / "out"))
    text = (tmp_path / "out" / "report.html").read_text()
    document = Document(text)
    assert all(source.startswith("data:") for source in document.sources)
    assert not re.search(r"url\(|@import|<script", text)
    for url in re.findall(r"https?://[^'\" ]*", text):
        raise AssertionError(f"{url} is asked for")
    ids = [f"frame-{row['index']}" for row in chosen]
    assert document.ids == ids
    assert document.targets == [f"#{name}" for name in ids]
    words = " ".join(document.text)
    for row in chosen:
        assert row["sentence"] in words
    for row in rows_of(tmp_path / "out"):
        assert row["reason"].replace("_", " ") in words
    for expected in ("Car (weight 0.5)", "This selection", "Every", "Greedy", "quality_floor"):
        assert expected in words


def test_every_reason_has_a_meaning():
    assert set(MEANINGS) == set(Reason)


def test_names_with_markup_are_only_text(capsys, drive, tmp_path):
    images = tmp_path / "<b>drive"
    images.mkdir()
    for index in range(3):
        name = f"frame_{index:06d}.jpg"
        shutil.copy(drive / "images" / name, images / f"<i>&'{name}")
    run(capsys, images, "--classes", "--output", tmp_path / "out")
    document = Document((tmp_path / "out" / "report.html").read_text())
    assert "Keyframes of <b>drive" in document.text


def test_masks_of_a_model(capsys, drive, tiny_model, tmp_path):
    arguments = [drive / "images", "--model", tiny_model, "--frames", 12, "--output"]
    status, out, _ = run(capsys, *arguments, tmp_path / "out", "--json", "--classes", "Car")
    summary = json.loads(out)
    assert status == 0
    assert summary["frames"] == 12
    assert summary["masks"].startswith("tiny_mininet_v2_cpu (onnxruntime")
    assert summary["without_mask"] == 0
    for row in forwarded(rows_of(tmp_path / "out")):
        mask = cv2.imread(str(tmp_path / "out" / row["mask"]), cv2.IMREAD_UNCHANGED)
        assert mask.shape == (120, 160) and mask.max() < 11


def test_generated_sequence_brings_its_truth(capsys, tmp_path):
    arguments = ["generated", "--frames", 8, "--output", tmp_path / "out", "--json"]
    summary = json.loads(run(capsys, *arguments)[1])
    assert summary["masks"] == "the generator's truth"
    assert summary["forwarded"] == 1


def test_video_without_semantics(capsys, tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "v.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for index in range(12):
        noise = np.random.default_rng(index).integers(0, 255, (12, 16, 3), np.uint8)
        writer.write(cv2.resize(noise, (64, 48)))
    writer.release()
    video, output = tmp_path / "v.avi", tmp_path / "out"
    run(capsys, video, "--classes", "--output", output)
    frames = {frame.name: frame.image for frame in open_sequence(video)}
    chosen = forwarded(rows_of(output))
    assert chosen
    for row in chosen:
        assert row["mask"] == ""
        image = cv2.imread(str(output / row["image"]))
        np.testing.assert_array_equal(image, frames[row["name"]])
    run(capsys, video, "--classes", "--output", output, "--jpeg", 90)
    assert {path.suffix for path in (output / "images").iterdir()} == {".jpg"}


def test_earlier_results_are_replaced_and_nothing_else(capsys, drive, given, tmp_path):
    output = tmp_path / "out"
    run(capsys, *given, "--output", output)
    assert len(list((output / "images").iterdir())) > 1
    run(capsys, *given, "--output", output, "--frames", 2)
    assert len(list((output / "images").iterdir())) == 1

    copy = tmp_path / "copy"
    shutil.copytree(drive / "images", copy / "images")
    status, _, err = run(capsys, *given, "--output", copy)
    assert status == 1 and "holds files that are no earlier selection" in err
    assert len(list((copy / "images").iterdir())) == COUNT


def test_budget_of_team_mates(capsys, given, tmp_path):
    scarce = preset(
        tmp_path, window_motion_px=5.0, min_gap_s=0.0, team_bytes_per_s=1000,
        team_burst_bytes=9000, team_waiting=1, classes=["SignSymbol"],
    )  # fmt: skip
    arguments = ["--preset", scarce, "--output", tmp_path / "out", "--json"]
    summary = json.loads(run(capsys, *given, *arguments)[1])
    outcomes = [row["team"] for row in forwarded(rows_of(tmp_path / "out"))]
    assert {outcome: outcomes.count(outcome) for outcome in set(outcomes)} == summary["team"]
    assert set(outcomes) == {"sent", "crowded_out", "cleared"}
    assert 0 < summary["team_bytes"] <= 9000 + 1000 * summary["duration_s"]


def test_comparison_is_at_equal_count(capsys, given, tmp_path):
    summary = json.loads(run(capsys, *given, "--output", tmp_path / "out", "--json")[1])
    comparison = summary["comparison"]
    assert next(iter(comparison)) == "ours"
    assert {"every_n", "random", "parallax", "quality", "semantics", "greedy_bound"} < set(
        comparison
    )
    assert {choice["frames"] for choice in comparison.values()} == {summary["forwarded"]}
    assert comparison["ours"]["largest_gap_s"] == pytest.approx(summary["largest_gap_s"])


def test_requests_of_a_slam_system(capsys, given, tmp_path):
    trajectory = tmp_path / "KeyFrameTrajectory.txt"
    trajectory.write_text("# stamp x y z\n0.4 0 0 0 0 0 0 1\n\n1.2,1 0 0 0 0 0 1\n")
    arguments = ["--preset", preset(tmp_path, mode="request", max_gap_s=0.0), "--classes"]
    run(capsys, *given, *arguments, "--requests", trajectory, "--output", tmp_path / "out")
    chosen = forwarded(rows_of(tmp_path / "out"))
    assert [row["requested_stamp"] for row in chosen] == ["0.400000000", "1.200000000"]
    assert all(abs(float(r["stamp"]) - float(r["requested_stamp"])) <= 0.3 for r in chosen)


def test_stamps_of_requests_are_exact(tmp_path):
    path = tmp_path / "requests.txt"
    path.write_text("1700000000.123456789\n1.7e9 0\n")
    assert read_requests(path) == [1_700_000_000_123_456_789, 1_700_000_000_000_000_000]
    path.write_text("1\nnoon\n")
    with pytest.raises(ValueError, match=r"line 2 of .* not 'noon'"):
        read_requests(path)
    path.write_text("inf\n")
    with pytest.raises(ValueError, match="must start with a stamp"):
        read_requests(path)


def test_labels_in_the_order_of_frames(capsys, drive, tmp_path):
    labels = tmp_path / "labels"
    labels.mkdir()
    for index in range(COUNT):
        shutil.copy(drive / "labels" / f"frame_{index:06d}.png", labels / f"{index:03d}.png")
    arguments = [drive / "images", "--labels", labels, "--dataset", "camvid", "--output"]
    run(capsys, *arguments, tmp_path / "out")
    row = forwarded(rows_of(tmp_path / "out"))[0]
    written = cv2.imread(str(tmp_path / "out" / row["mask"]), cv2.IMREAD_UNCHANGED)
    expected = cv2.imread(str(labels / f"{int(row['index']):03d}.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(written, expected)
    (labels / "007.png").unlink()
    status, _, err = run(capsys, *arguments, tmp_path / "out")
    assert status == 1 and f"holds {COUNT - 1} labels for {COUNT} frames" in err


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (np.full((120, 160), 200, np.uint8), "holds id 200, but there are 11 classes"),
        (np.zeros((120, 160, 3), np.uint8), "one 8 bit channel"),
        (None, "has no label for frame frame_000005"),
    ],
)
def test_wrong_labels(capsys, drive, tmp_path, label, message):
    labels = tmp_path / "labels"
    shutil.copytree(drive / "labels", labels)
    (labels / "frame_000005.png").unlink()
    if label is not None:
        cv2.imwrite(str(labels / "frame_000005.png"), label)
    status, _, err = run(
        capsys, drive / "images", "--labels", labels, "--dataset", "camvid",
        "--output", tmp_path / "out",
    )  # fmt: skip
    assert status == 1 and message in err.splitlines()[-1]


def test_void_of_camvid(capsys, drive, tmp_path):
    labels = tmp_path / "labels"
    shutil.copytree(drive / "labels", labels)
    cv2.imwrite(str(labels / "frame_000000.png"), np.full((120, 160), 11, np.uint8))
    run(
        capsys, drive / "images", "--labels", labels, "--dataset", "camvid", "--frames", 1,
        "--output", tmp_path / "out",
    )  # fmt: skip
    mask = cv2.imread(str(tmp_path / "out" / "masks" / "frame_000000.png"), cv2.IMREAD_UNCHANGED)
    assert (mask == 255).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "--classes"], "nowhere does not exist"),
        (["{images}", "--preset", "fast", "--classes"], "There is no preset 'fast'"),
        (["{images}"], "looking for SignSymbol needs masks: give --model or --labels"),
        (["{images}", "--model", "nothing"], "there is no model 'nothing'"),
        (["{images}", "--labels", "{labels}"], "need class names; give --dataset or --model"),
        (["{images}", "--labels", "{images}", "--dataset", "camvid"], "holds no PNGs"),
        (["{images}", "--labels", "{labels}", "--dataset", "x"], "'x' is neither a known dataset"),
        (
            ["{images}", "--labels", "{labels}", "--dataset", "icdar2015"],
            "the masks know no class SignSymbol: choose --classes among background, text",
        ),
        (["{images}", "--classes", "--bag", "x"], "--bag filters a bag, and"),
        (["{images}", "--classes", "--image-topic", "/image"], "is no bag; leave out the topic"),
        (["{images}", "--classes", "--mask-topic", "/mask"], "is no bag; leave out the mask topic"),
        (["{images}", "--classes", "--requests", "x"], "answers no requests"),
        (["generated", "--classes", "Car: heavy"], "The weight of class 'Car' must be a number"),
    ],
)
def test_errors_are_one_sentence(capsys, monkeypatch, drive, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    places = {"images": drive / "images", "labels": drive / "labels"}
    filled = [argument.format(**places) for argument in arguments]
    status, out, err = run(capsys, *filled, "--output", "out")
    assert status == 1 and out == ""
    assert message in err and len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [["--frames", "0"], ["--jpeg", "101"], ["--jpeg", "best"]])
def test_wrong_arguments_end_with_status_two(arguments):
    with pytest.raises(SystemExit) as end:
        cli.main(["select-keyframes", "generated", "--output", "x", *arguments])
    assert end.value.code == 2


def test_interrupt_ends_the_stream_between_two_frames():
    before = signal.getsignal(signal.SIGINT)
    frames = UntilInterrupted(iter(range(10)))
    seen = []
    for frame in frames:
        seen.append(frame)
        if frame == 3:
            signal.raise_signal(signal.SIGINT)
    assert seen == [0, 1, 2, 3] and frames.interrupted
    assert signal.getsignal(signal.SIGINT) is before


def test_second_interrupt_ends_at_once():
    frames = iter(UntilInterrupted(iter(range(10))))
    next(frames)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    frames.close()


def test_interrupted_run_leaves_its_results(capsys, monkeypatch, given, tmp_path):
    write = cv2.imencode

    def interrupt_once(*arguments):
        if not interrupted:
            interrupted.append(True)
            signal.raise_signal(signal.SIGINT)
        return write(*arguments)

    interrupted = []
    monkeypatch.setattr(cv2, "imencode", interrupt_once)
    status, out, err = run(capsys, *given, "--output", tmp_path / "out")
    assert status == 130 and "has the results of 1 frames" in err
    assert len(rows_of(tmp_path / "out")) == 1
    assert "1 of 1 frames forwarded" in out


def labelled(index):
    image = np.random.default_rng(index).integers(0, 255, (48, 64, 3), np.uint8)
    return LabelledFrame(Frame(image, 0, f"frame {index}"), np.zeros((48, 64), np.uint8), None)


SECOND = 1_000_000_000


def test_repeated_stamp_is_told_from_the_frame_that_waits():
    settings = KeyframeSettings(selector=SelectorConfig(min_gap_s=0.0))
    selection = OfflineSelection(settings, CLASSES)
    for index, stamp in enumerate([1 * SECOND, 1 * SECOND, 2 * SECOND]):
        selection.add(labelled(index), stamp)
    reasons = [frame.decision.reason for frame in selection.finish()]
    assert reasons[1] is Reason.REPEATED_STAMP
    assert Reason.REPEATED_STAMP not in (reasons[0], reasons[2])


def test_stamps_that_come_again_in_a_loop():
    settings = KeyframeSettings(selector=SelectorConfig(window_time_s=100.0, window_motion_px=0))
    selection = OfflineSelection(settings, CLASSES)
    stamps = [n * SECOND for n in (10, 11, 12, 10, 11, 12)]
    for index, stamp in enumerate(stamps):
        selection.add(labelled(index), stamp)
    decided = selection.finish()
    assert [frame.stamp_ns for frame in decided] == stamps
    assert [frame.decision.reason for frame in decided[:3]] == [Reason.TIME_JUMPED] * 3
    assert Reason.TIME_JUMPED not in [frame.decision.reason for frame in decided[3:]]
    assert set(selection.team_outcomes().values()) <= {Outcome.SENT}


def test_requests_beyond_the_end_are_unanswered():
    settings = KeyframeSettings(selector=SelectorConfig(mode=Mode.REQUEST, max_gap_s=0.0))
    selection = OfflineSelection(settings, CLASSES, requests=[50 * SECOND])
    selection.add(labelled(0), SECOND)
    assert [frame.decision.forwarded for frame in selection.finish()] == [False]
    assert selection.pipeline.selector.statistics().unanswered == 1

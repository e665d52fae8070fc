"""``mininet_ros select-keyframes``: its files are complete, its words true, its input untouched."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from drive_rig import (
    COUNT,
    forwarded,
    preset,
    rows_of,
    run,
)

from mininet_ros.keyframes import Reason
from mininet_ros.keyframes.selection.reasons import MEANINGS, TITLES
from mininet_ros.results import STATE


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
    status, out, _ = run(capsys, *given, "--output", output, "--json")
    summary, rows = json.loads(out), rows_of(output)
    chosen = forwarded(rows)
    assert status == 0
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
    files -= {path.name for path in (output / STATE).iterdir()}
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
        assert TITLES[Reason(row["reason"])] in words
    for expected in ("Car (weight 0.5)", "This selection", "Every", "Greedy", "quality_floor"):
        assert expected in words


def test_every_reason_has_a_meaning():
    assert set(MEANINGS) == set(TITLES) == set(Reason)


def test_names_with_markup_are_only_text(capsys, drive, tmp_path):
    images = tmp_path / "<b>drive"
    images.mkdir()
    for index in range(3):
        name = f"frame_{index:06d}.jpg"
        shutil.copy(drive / "images" / name, images / f"<i>&'{name}")
    run(capsys, images, "--classes", "--output", tmp_path / "out")
    document = Document((tmp_path / "out" / "report.html").read_text())
    assert "Keyframes of <b>drive" in document.text


def test_earlier_results_are_replaced_and_nothing_else(capsys, drive, given, tmp_path):
    output = tmp_path / "out"
    run(capsys, *given, "--output", output)
    assert len(list((output / "images").iterdir())) > 1
    run(capsys, *given, "--output", output, "--frames", 2)
    assert len(list((output / "images").iterdir())) == 1

    copy = tmp_path / "copy"
    shutil.copytree(drive / "images", copy / "images")
    status, _, err = run(capsys, *given, "--output", copy)
    assert status == 1 and "was not written by an earlier run of select-keyframes" in err
    assert len(list((copy / "images").iterdir())) == COUNT


def test_budget_of_team_mates(capsys, given, tmp_path):
    scarce = preset(
        tmp_path, window_motion=0.01, min_gap_s=0.0, team_bytes_per_s=1000,
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

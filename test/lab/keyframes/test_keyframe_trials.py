"""``select-keyframes --benchmark --trial``: each situation is as named, and figures are true."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np
import pytest

from mininet_ros import cli
from mininet_ros.keyframes.settings import KeyframeSettings, read_preset
from mininet_ros.keyframes.views import ViewMemory, describe_view
from mininet_ros.lab.keyframes.photo_tour import Photo, PhotoTour
from mininet_ros.lab.keyframes.photo_visits import PhotoVisits
from mininet_ros.lab.keyframes.trials import drive as drive_of_trials
from mininet_ros.lab.keyframes.trials import pan, parked, scale
from mininet_ros.lab.keyframes.trials.command import photos
from mininet_ros.lab.keyframes.trials.degraded import CYCLE, degrade
from mininet_ros.lab.keyframes.trials.drive import Drive, numbered, restamped
from mininet_ros.lab.keyframes.trials.pan import pan_trial, shared_by_neighbours
from mininet_ros.lab.keyframes.trials.request import request_trial, view_distance
from mininet_ros.lab.keyframes.trials.revisit import (
    compared,
    revisit_trial,
    revisited_photos_trial,
)
from mininet_ros.lab.keyframes.trials.tours import tours_trial
from mininet_ros.lab.keyframes.true_sequences import TrueFrame, TrueSequence
from mininet_ros.lab.street import GeneratedStreet
from mininet_ros.offline import source
from mininet_ros.offline.baselines import even_choice
from mininet_ros.offline.source import SourceOptions
from mininet_ros.offline.truth import Sighting
from mininet_ros.sequences import Frame, LabelledFrame, SequenceError

WORD = [[260, 200], [380, 200], [380, 260], [260, 260]]
SLAM = KeyframeSettings.from_values(read_preset("slam") | {"classes": ("",)})


def textured(seed, width=640, height=480):
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def drive():
    street = GeneratedStreet(width=320, height=240, duration_s=2.0)
    return Drive("street", numbered((frame.image for frame in street), 15.0), (), 15.0)


def test_neighbours_share_what_the_pan_leaves():
    assert shared_by_neighbours([0, 2, 6], 80) == pytest.approx([0.75, 0.5])
    assert shared_by_neighbours([0, 10], 80) == [0.0]


def test_pan_counts_at_every_speed_and_wants_enough_photos():
    trial = pan_trial((textured(seed) for seed in range(25)), SLAM)
    assert [row["px a frame"] for row in trial.rows] == list(pan.SPEEDS)
    assert all(0 < row["keyframes"] <= pan.FRAMES for row in trial.rows)
    assert trial.rows[0]["every-N, least %"] > trial.rows[-1]["every-N, least %"]
    with pytest.raises(SequenceError, match="give a folder of more photos"):
        pan_trial([textured(0)], SLAM)


def test_pan_hangs_no_photo_twice():
    two = [textured(0), textured(1)]
    with pytest.raises(SequenceError, match="reach 1280 px, without 48 that repeat others"):
        pan_trial(25 * two, SLAM)


def test_pan_over_the_drawn_street_hangs_views_far_apart():
    seen, new = ViewMemory(), 0
    for view in map(describe_view, islice(photos(SourceOptions("generated")), 6)):
        new += not seen.knows(view, 0.0)
        seen.add(view, 0.0)
    assert new >= 3  # of as many successive frames, one


def test_scale_opens_its_input_once(monkeypatch):
    opened = []

    def open_source(options, sequence=None):
        opened.append(options.input)
        return source.open_source(options, sequence)

    monkeypatch.setattr(drive_of_trials, "open_source", open_source)
    monkeypatch.setattr(scale, "WIDTHS", (80, 160))
    scale.scale_trial(SourceOptions("generated"), SLAM, count=2)
    assert opened == ["generated"]


def test_views_of_the_pan_move_by_its_speed():
    wall = np.hstack([textured(1), textured(2)])
    assert view_distance(wall[:, :640], wall[:, 40:680]) == pytest.approx(40, abs=1)
    assert view_distance(textured(1), textured(2)) is None
    assert view_distance(textured(1), np.zeros((480, 640, 3), np.uint8)) is None


def test_degraded_places_are_known(drive):
    frames = restamped([*drive.frames, *drive.frames], 15.0)
    changed, bad = degrade(frames)
    assert sum(bad[:CYCLE]) == 12
    for before, after, is_bad in zip(frames, changed, bad):
        assert np.array_equal(before.frame.image, after.frame.image) != is_bad


def test_revisit_passes_add_up(drive):
    *passes, all_three, alone = revisit_trial(drive, SLAM).rows
    length = len(drive.frames)
    assert [row["of frames"] for row in passes] == [length, length - 1, length - 1]
    assert sum(row["keyframes"] for row in passes) == all_three["keyframes"]
    assert 0 < alone["keyframes"] <= length


def test_revisit_tells_new_things_from_better_and_repeated_ones():
    first = [Sighting(1, 100, False), Sighting(2, 50, True)]
    second = [Sighting(1, 140, False), Sighting(2, 60, False), Sighting(3, 20, True)]
    assert compared([first, second, second]) == [(2, 0, 0), (1, 1, 1), (0, 0, 3)]
    assert compared([[Sighting(1, 100, True)], [Sighting(1, 160, True)]]) == [(1, 0, 0), (0, 1, 0)]


def test_revisit_without_targets_counts_keyframes_alone(drive):
    assert set(revisit_trial(drive, SLAM).rows[0]) == {"pass", "keyframes", "of frames"}


def test_photos_are_visited_three_times_and_each_time_look_different():
    words = [np.array(WORD)]
    photos = [Photo(textured(seed), words, [True]) for seed in range(2)]
    visits = PhotoVisits(photos)
    frames = list(visits)
    assert len(frames) == 3 * visits.length
    seen = [{thing.instance for thing in frame.sightings if thing.whole} for frame in frames]
    for start in range(0, len(frames), visits.length):
        assert set().union(*seen[start : start + visits.length]) == {1, 2}
    last, first = frames[visits.length - 1], frames[visits.length]
    there, back = (
        next(f for f in part if 2 in {s.instance for s in f.sightings}).image
        for part in (frames[visits.length - 1 :: -1], frames[visits.length + 20 :])
    )
    assert float(back.mean()) < 0.9 * float(there.mean())
    assert abs(float(last.image.mean()) - float(first.image.mean())) < 10.0
    with pytest.raises(ValueError, match="at least one photo"):
        PhotoVisits([])


def test_revisited_photos_are_told_for_each_wall_and_visit():
    photos = [Photo(textured(seed), [np.array(WORD)], [True]) for seed in range(2)]
    visits = PhotoVisits(photos)

    def frames():
        for index, frame in enumerate(visits):
            picture = Frame(frame.image, index * 66_666_667, str(index))
            yield TrueFrame(LabelledFrame(picture, frame.mask, None), frame.sightings)

    classes = ("background", "text")
    sequence = TrueSequence("wall", classes, "truth", "truth", 3 * visits.length, frames)
    settings = KeyframeSettings.from_values(read_preset("text") | {"classes": ("text",)})
    trial = revisited_photos_trial([sequence], settings, lambda frames, *_: frames)
    *passes, all_three, alone = trial.rows
    assert [row["photos"] for row in trial.rows] == ["wall"] * 5
    assert sum(row["keyframes"] for row in passes) == all_three["keyframes"]
    assert [row["in view"] for row in passes] == [2, 2, 2]
    assert alone["whole"] == 2 and passes[0]["whole"] == 2
    assert passes[1]["keyframes"] + passes[2]["keyframes"] <= alone["keyframes"]


def test_requests_are_answered_and_timed(drive):
    (row,) = request_trial(drive, SLAM).rows
    assert row["asked"] == 1 and row["answered"] == 1
    assert row["latency, median ms"] >= 0.0


def test_scale_draws_the_street_at_the_largest_width(monkeypatch):
    monkeypatch.setattr(scale, "WIDTHS", (80, 160))
    trial = scale.scale_trial(SourceOptions("generated"), SLAM, count=8)
    assert [row["width px"] for row in trial.rows] == [80, 160]
    assert [row["of frames"] for row in trial.rows] == [8, 8]
    assert trial.rows[-1]["same frames as at 160 px %"] == 100.0
    assert "160 px wide, reduced" in trial.meaning


def test_scale_takes_recordings_as_they_are(tmp_path):
    for index in range(4):
        cv2.imwrite(str(tmp_path / f"{index}.png"), textured(index, 320, 240))
    trial = scale.scale_trial(SourceOptions(str(tmp_path)), SLAM)
    assert [row["width px"] for row in trial.rows] == list(scale.WIDTHS)
    assert trial.rows[-1][f"same frames as at {scale.WIDTHS[-1]} px %"] == 100.0
    assert "320 px wide, enlarged or reduced" in trial.meaning


def test_parked_noise_is_new_in_each_frame(monkeypatch, drive):
    monkeypatch.setattr(parked, "FRAMES", 12)
    still, passed, _ = parked.parked_trial(drive, SLAM).rows
    assert still["of frames"] == 12 and still["keyframes"] >= 1 and passed["keyframes"] >= 1
    first, second = list(parked._noisy(drive.frames[0].frame.image, None))[:2]
    assert 0.0 < np.abs(first.astype(int) - second).mean() < 10.0


def test_heartbeats_of_a_parked_robot(monkeypatch, drive):
    monkeypatch.setattr(parked, "FRAMES", 50)
    monkeypatch.setattr(parked, "HEARTBEAT_S", 1.0)
    still, _, beating = parked.parked_trial(drive, SLAM).rows
    assert (still["heartbeats"], still["expected if nothing moves"]) == (0, 0)
    assert beating["heartbeat s"] == 1.0
    assert beating["heartbeats"] == beating["expected if nothing moves"] == 3
    assert beating["keyframes"] == 4
    often = replace(SLAM, selector=replace(SLAM.selector, heartbeat_s=2.0))
    assert [row["heartbeat s"] for row in parked.parked_trial(drive, often).rows] == [2.0] * 3


def test_command_prints_and_writes_the_same_figures(capsys, tmp_path):
    for index, labelled in enumerate(GeneratedStreet(width=160, height=120, duration_s=1.0)):
        cv2.imwrite(str(tmp_path / f"{index:03d}.png"), labelled.image)
    arguments = ["select-keyframes", str(tmp_path), "--benchmark", "--output", str(tmp_path / "o")]
    trials = ["--trial", "degraded", "revisit"]
    assert cli.main([*arguments, *trials, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [trial["name"] for trial in printed["trials"]] == ["degraded", "revisit"]
    assert json.loads((tmp_path / "o" / "trials.json").read_text()) == printed
    assert cli.main([*arguments, "--trial", "tours", "--classes"]) == 1
    assert "needs targets" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main([*arguments, "--trial", "flight"])


def test_tours_say_what_is_unfit(capsys, drive, tmp_path):
    arguments = ["select-keyframes", "generated", "--benchmark", "--trial", "tours"]
    arguments += ["--classes", "SignSymbol", "--frames", "20", "--output", str(tmp_path)]
    assert cli.main([*arguments, "--json"]) == 0
    (trial,) = json.loads(capsys.readouterr().out)["trials"]
    assert [row["selector"] for row in trial["rows"]] == ["ours", "every-N"]
    ours, even = trial["rows"]
    assert ours["of"] == 20 and ours["frames"] == even["frames"] > 0
    assert ours["unfit frames %"] is None


def test_unfit_frames_of_a_photo_tour_are_counted():
    photos = [Photo(textured(seed), [np.array(WORD)], [True]) for seed in range(4)]
    tour = list(PhotoTour(photos, seed=1))

    def frames():
        for index, frame in enumerate(tour):
            picture = Frame(frame.image, frame.stamp_ns, str(index))
            labelled = LabelledFrame(picture, frame.mask, None)
            yield TrueFrame(labelled, frame.sightings, frame.legible)

    sequence = TrueSequence("tour", ("background", "text"), "truth", "truth", len(tour), frames)
    settings = KeyframeSettings.from_values(read_preset("text") | {"classes": ("text",)})
    ours, even = tours_trial([sequence], settings, lambda frames, *_: frames).rows
    assert 0 < sum(frame.legible for frame in tour) < len(tour)
    unfit = [not tour[index].legible for index in even_choice(len(tour), ours["frames"])]
    assert even["unfit frames %"] == pytest.approx(100 * np.mean(unfit), abs=0.1)

"""``select-keyframes --benchmark``: every selector at the same count, judged by the truth."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest
from drive_rig import COUNT

pytest.importorskip("matplotlib", reason="curves are drawn by matplotlib")

from mininet_ros import cli
from mininet_ros.lab.keyframes import true_sequences
from mininet_ros.lab.keyframes.benchmark import Outcome, ScoringCost, advantage, mean_outcome
from mininet_ros.offline.evaluation import SelectionMetrics

SELECTORS = [
    "ours", "every_n", "every_n_phases", "random", "parallax", "quality", "semantics",
    "sharpest_of_window", "greedy_bound",
]  # fmt: skip
METRICS = {
    "frames", "instance_recall", "pixel_recall", "cut_share", "sharpness", "clipped",
    "largest_gap_s", "bytes",
}  # fmt: skip


def run(capsys, *arguments):
    status = cli.main(["select-keyframes", *map(str, arguments), "--benchmark"])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def given(given):
    return [*given, "--classes", "SignSymbol", "Car"]


def strict_json(text):
    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_all_selectors_at_the_same_count(capsys, given, tmp_path):
    arguments = ["--budget", 0.1, 0.3, "--output", tmp_path / "out"]
    status, out, err = run(capsys, *given, *arguments, "--json")
    assert status == 0, err
    results = strict_json(out)
    assert [outcome["budget"] for outcome in results["outcomes"]] == [0.1, 0.3]
    for outcome in results["outcomes"]:
        assert list(outcome["selectors"]) == SELECTORS
        assert outcome["length"] == COUNT
        assert 0 < outcome["frames"] <= outcome["budget"] * COUNT
        assert list(outcome["cost"]["ms_per_frame"]) == ["quality", "motion", "content", "sent"]
        assert min(outcome["cost"]["ms_per_frame"].values()) > 0.0
        for metrics in outcome["selectors"].values():
            assert set(metrics) == METRICS
            assert metrics["frames"] == outcome["frames"]
            for name in ("instance_recall", "pixel_recall", "cut_share", "sharpness", "clipped"):
                assert 0.0 <= metrics[name] <= 1.0
            assert metrics["bytes"] > 0 and metrics["largest_gap_s"] > 0.0
        recall = {name: m["instance_recall"] for name, m in outcome["selectors"].items()}
        assert recall["greedy_bound"] == max(recall.values()) > 0.0
    assert results["masks"] == "the truth"
    assert strict_json((tmp_path / "out" / "benchmark.json").read_text()) == results
    assert cv2.imread(str(tmp_path / "out" / "benchmark.png")).shape[1] > 1000


def test_table_names_all_selectors(capsys, given, tmp_path):
    _, out, _ = run(capsys, *given, "--budget", 0.2, "--output", tmp_path / "out")
    lines = [line.split() for line in out.splitlines()]
    assert [words[0] for words in lines if words and words[0] in SELECTORS] == SELECTORS
    assert "regions followed by optical flow" in out
    assert "the best single cue's" in out
    assert "scores of a frame of 160x120: quality " in out


def test_masks_of_a_model_and_truth_of_the_labels(capsys, drive, tiny_model, tmp_path):
    arguments = [
        drive / "images", "--rate", 15, "--labels", drive / "labels", "--model", tiny_model,
        "--classes", "Car", "--budget", 0.2, "--output", tmp_path / "out", "--json",
    ]  # fmt: skip
    results = strict_json(run(capsys, *arguments)[1])
    assert results["masks"] == "tiny_mininet_v2_cpu"
    assert results["truth"].startswith("labels in")
    # An untrained network finds nothing, which costs the greedy bound nothing.
    assert results["outcomes"][0]["selectors"]["greedy_bound"]["instance_recall"] > 0.0


def fake_icdar(root, photos):
    for name in ("images", "gt"):
        (root / "train" / name).mkdir(parents=True)
    generator = np.random.default_rng(1)
    for number in range(1, photos + 1):
        noise = generator.integers(60, 200, (45, 60, 3), np.uint8)
        image = cv2.resize(noise, (960, 720), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(root / "train" / "images" / f"img_{number}.jpg"), image)
        word = "300,200,500,200,500,280,300,280,SHOP\n700,500,800,500,800,560,700,560,###\n"
        (root / "train" / "gt" / f"gt_img_{number}.txt").write_text(word)
    return root


def test_tours_over_photos(capsys, monkeypatch, tmp_path):
    root = fake_icdar(tmp_path / "icdar", 4)
    monkeypatch.setattr(true_sequences, "TOUR_SPLIT", "train")
    monkeypatch.setattr(true_sequences, "TOUR_PHOTOS", 2)
    arguments = [
        root, "--dataset", "icdar2015", "--classes", "text", "--tours", 2, "--budget", 0.05, 0.1,
        "--output", tmp_path / "out", "--json",
    ]  # fmt: skip
    status, out, err = run(capsys, *arguments)
    assert status == 0, err
    results = strict_json(out)
    names = [(outcome["sequence"], outcome["budget"]) for outcome in results["outcomes"]]
    tours = [(f"icdar2015 tour {n}", budget) for n in (1, 2) for budget in (0.05, 0.1)]
    mean = "mean of 2 sequences"
    assert names == [*tours, (mean, 0.05), (mean, 0.1)]
    assert "synthetic" in results["truth"]
    first, second, means = (results["outcomes"][i]["selectors"]["ours"] for i in (0, 2, 4))
    assert means["sharpness"] == pytest.approx((first["sharpness"] + second["sharpness"]) / 2)

    status, _, err = run(capsys, *arguments, "--tours", 3)
    assert status == 1 and "4 photos make 2 tours of 2, not 3" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{images}", "--classes", "Car"], "needs the truth: give {images} with --labels"),
        (["{images}", "--classes"], "a benchmark needs targets: name them as --classes"),
        (["generated", "--classes", "Door"], "there is no class Door: choose --classes among Sky"),
        (["nowhere", "--dataset", "icdar2015", "--classes", "text"], "nowhere/train/images"),
    ],
)
def test_errors_are_told(capsys, monkeypatch, drive, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    places = {"images": drive / "images"}
    filled = [argument.format(**places) for argument in arguments]
    status, _, err = run(capsys, *filled, "--output", "out")
    assert status == 1 and message.format(**places) in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("share", ["0", "1.5", "few"])
def test_wrong_budgets_end_with_status_two(share):
    arguments = ["select-keyframes", "generated", "--benchmark", "--output", "x"]
    with pytest.raises(SystemExit) as end:
        cli.main([*arguments, "--budget", share])
    assert end.value.code == 2


def metrics(recall, cut):
    return SelectionMetrics(4, recall, 0.5, cut, 0.3, 0.0, 1.0, 1000)


def test_advantage_and_mean():
    selectors = dict.fromkeys(SELECTORS, metrics(0.4, 0.5))
    selectors |= {
        "ours": metrics(0.9, 0.2), "quality": metrics(0.6, 0.1), "greedy_bound": metrics(1.0, 0.3)
    }  # fmt: skip
    outcome = Outcome("a", 0.05, 80, 4, selectors, ScoringCost(640, 480, {"motion": 1.0}))
    assert advantage(outcome) == {
        "best_single_cue": "quality",
        "recall_over_single_cue": pytest.approx(1.5),
        "recall_over_bound": pytest.approx(0.9),
        "cut_over_every_n": pytest.approx(0.4),
    }
    other_cost = ScoringCost(640, 480, {"motion": 2.0})
    none_cut = Outcome("b", 0.05, 80, 4, selectors | {"every_n": metrics(0.2, 0.0)}, other_cost)
    assert advantage(none_cut)["cut_over_every_n"] is None
    mean = mean_outcome([outcome, none_cut], "both")
    assert (mean.sequence, mean.length, mean.frames) == ("both", 160, 8)
    assert mean.selectors["every_n"].instance_recall == pytest.approx(0.3)
    assert mean.selectors["every_n"].frames == 4
    assert mean.cost == ScoringCost(640, 480, {"motion": 1.5})


def test_labels_of_other_classes_than_the_model(capsys, drive, tiny_model, tmp_path):
    labels = tmp_path / "labels"
    shutil.copytree(drive / "labels", labels)
    status, _, err = run(
        capsys, drive / "images", "--labels", labels, "--model", tiny_model,
        "--dataset", "cityscapes", "--classes", "car", "--output", tmp_path / "out",
    )  # fmt: skip
    assert status == 1 and "have different classes" in err

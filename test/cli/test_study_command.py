"""The command ``study``, on a tiny data set."""

import fcntl
import json
import statistics
from dataclasses import replace

import cv2
import pytest

pytest.importorskip("onnx", reason="needs the extra train")
pytest.importorskip("torch", reason="needs the extra train")

from tiny_camvid import write_camvid

from mininet_ros import cli
from mininet_ros.lab.study import runs
from mininet_ros.lab.study.conclusions import UNKNOWN
from mininet_ros.lab.study.paper import TABLES
from mininet_ros.lab.study.plots import draw_accuracy
from mininet_ros.lab.study.rows import rows_of

OWN_NETWORK = """
from mininet_ros.network.layers import Downsampling, TransposedConvolution
from mininet_ros.network.stages import Stage

def smallest(classes):
    return (
        Stage("Encoder", "d1", Downsampling, 8, "image"),
        Stage("Decoder", "output", TransposedConvolution, classes, "d1"),
    )
"""


def run(capsys, *arguments):
    status = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_command_writes_and_prints_the_tables(capsys, tmp_path):
    output = tmp_path / "out"
    arguments = ["study", "--tables", "V", "II", "VI", "--blocks", 0, "--output", output]
    status, out, _ = run(capsys, *arguments, "--json")
    assert status == 0
    values = json.loads(out)
    assert values == json.loads((output / "study.json").read_text())
    assert list(values["tables"]) == ["II", "V", "VI"]
    row = values["tables"]["II"][0]
    assert row["name"] == "ERFNet-S" and row["network"] == "erfnet_s"
    assert row["parameters"] == 2_064_066 and row["paper"]["parameters"] == 2.06e6
    assert row["paper"]["miou"] == pytest.approx(0.5879)
    assert row["difference"]["gflops"] == pytest.approx(row["gflops"] - 13.42)
    assert (row["cpu_ms"], row["gpu_ms"], row["miou"]) == (None, None, None)
    text = run(capsys, *arguments)[1]
    for word in ("Table II:", "ERFNet-D", "19.68", "Table VI:", "71.4 pretrained"):
        assert word in text
    markdown = (output / "study.md").read_text()
    assert "| ERFNet-S | 512x256 | 2.064 | 2.06 | +0.004 |" in markdown
    for name in ("latency", "parameters"):
        assert cv2.imread(str(output / f"{name}.png")) is not None
        assert f"({name}.png)" in markdown


def test_tables_fit_100_columns_and_an_own_network_has_a_row(capsys, tmp_path):
    (tmp_path / "own.py").write_text(OWN_NETWORK)
    arguments = ["study", "--blocks", 0, "--output", tmp_path / "out"]
    arguments += ["--network", f"{tmp_path / 'own.py'}:smallest"]
    status, out, _ = run(capsys, *arguments)
    assert status == 0
    assert max(map(len, out.splitlines())) <= 100
    values = json.loads((tmp_path / "out" / "study.json").read_text())
    for number, rows in values["tables"].items():
        own = rows[-1]
        assert (own["name"], own["network"]) == ("smallest", "smallest"), number
        assert own["parameters"] > 0 and own["paper"] is None
    status, _, error = run(capsys, *arguments, "--network", "mininet_v2")
    assert status == 1 and "give a table of your own" in error


@pytest.mark.parametrize(("is_trained", "charts"), [(False, 1), (True, 2)])
def test_the_chart_of_parameters_shows_nothing_twice(tmp_path, is_trained, charts):
    tables = {"V": rows_of(TABLES["V"])}
    if is_trained:
        tables["V"] = [replace(row, mious=(0.5,)) for row in tables["V"]]
    draw_accuracy(tables, "parameters", tmp_path / "chart.png")
    _, width, _ = cv2.imread(str(tmp_path / "chart.png")).shape
    assert width == {1: 800, 2: 1300}[charts]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A study of Table V on a tiny CamVid: its arguments and its folder."""
    folder = tmp_path_factory.mktemp("study")
    data = folder / "data"
    data.mkdir()
    write_camvid(data, 48, 32)
    arguments = ["study", "--tables", "V", "--blocks", 0, "--output", folder / "out", "--json"]
    arguments += ["--train", "--data", data, "--dataset", "camvid", "--input-size", "32x32"]
    arguments += ["--epochs", 1, "--batch-size", 3, "--seeds", 1, 2, "--device", "cpu"]
    arguments += ["--threads", 1]
    assert cli.main([str(argument) for argument in arguments]) == 0
    return arguments, folder / "out"


def test_command_trains_every_row_with_every_seed(trained, capsys, monkeypatch):
    arguments, output = trained
    values = json.loads((output / "study.json").read_text())
    folders = sorted(path.name for path in (output / "runs" / "analysis").iterdir())
    assert folders == [
        f"{name}_32x32_seed{seed}" for name in ("mininet_v2", "mininet_v2_m") for seed in (1, 2)
    ]
    for row in values["tables"]["V"]:
        assert len(row["miou_of_seeds"]) == 2
        assert row["miou"] == pytest.approx(statistics.fmean(row["miou_of_seeds"]))
        assert row["miou_spread"] == pytest.approx(statistics.stdev(row["miou_of_seeds"]))
    (conclusion,) = values["conclusions"]
    assert conclusion["claim"].startswith("V:") and conclusion["verdict"] != UNKNOWN
    assert "camvid val after the last of 1 epochs, batch 3, 32x32, seeds 1, 2" in (
        " ".join(values["measured"])
    )

    def refuse(*_):
        raise AssertionError("a finished run is not repeated")

    monkeypatch.setattr(runs, "train", refuse)
    assert json.loads(run(capsys, *arguments)[1])["tables"] == values["tables"]
    text = run(capsys, *(argument for argument in arguments if argument != "--json"))[1]
    assert "The paper's conclusions of Tables II to V here, at 32x32:" in text and " ± " in text


def test_other_settings_in_the_same_folder_are_refused(trained, capsys):
    arguments, _ = trained
    changed = list(arguments)
    changed[changed.index("--batch-size") + 1] = 2
    status, _, err = run(capsys, *changed)
    assert status == 1
    assert "belongs to a run with other settings: choose another output folder" in err


def test_an_interrupted_study_says_how_it_goes_on(capsys, tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    write_camvid(data, 48, 32)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "train", stop)
    arguments = ["--tables", "V", "--blocks", 0, "--output", tmp_path / "out"]
    arguments += ["--train", "--data", data, "--dataset", "camvid", "--input-size", "32x32"]
    status, _, err = run(capsys, "study", *arguments, "--threads", 1)
    assert status == 130
    assert "goes on with analysis/mininet_v2_m_32x32_seed1" in err
    assert (tmp_path / "out" / "study.json").exists()


def test_commands_side_by_side_share_the_runs(trained, capsys, monkeypatch):
    """A run that another process holds is left to it, and its result is not waited for."""
    arguments, output = trained
    held = output / "runs" / "analysis" / "mininet_v2_32x32_seed2"
    (held / runs.RESULT).rename(held / "kept")
    monkeypatch.setattr(runs, "train", None)
    with (held / runs.LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        table = json.loads(run(capsys, *arguments)[1])["tables"]["V"]
    (held / "kept").rename(held / runs.RESULT)
    assert [len(row["miou_of_seeds"]) for row in table] == [2, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--train"], "--train needs --data"),
        (["--tables", "II", "--onnx", "a=setup.py"], "peers have their place in Tables VI"),
        (["--onnx", "a"], "give it as NAME=FILE"),
        (["--onnx", "a=nowhere.onnx"], "there is no file nowhere.onnx"),
        (["--tables", "VI", "--onnx", "a=setup.py"], "setup.py is no ONNX file"),
        (["--onnx", "a=setup.py", "--onnx", "A=setup.py"], "the name A is given twice"),
        (["--train", "--data", "x", "--dataset", "y"], "unknown dataset 'y'"),
    ],
)
def test_wrong_requests(capsys, tmp_path, arguments, message):
    status, _, err = run(capsys, "study", "--output", tmp_path / "out", "--blocks", 0, *arguments)
    assert status == 1
    assert message in err
    assert not (tmp_path / "out").exists()

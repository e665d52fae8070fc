"""Every command line of the documentation is run here, or its arguments are checked.

Commands on pages in ``RUN`` are run on small stand-ins. The arguments of the others are put before
the parsers, launch files and the Makefile. What needs a ROS distribution stands in a block whose
title says so.
"""

from __future__ import annotations

import ast
import re
import runpy
from itertools import dropwhile, pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from documented_commands import PAGES, ROOT, Command, commands, program
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from mininet_ros import cli

if not (ROOT / "docs").is_dir():
    pytest.skip("needs the source checkout", allow_module_level=True)

COMMANDS = [command for page in PAGES for command in commands(page)]
ROS_TITLE = "ROS 2"
ROS_TOOLS = ("ros2", "rosdep", "colcon", "source", "export")
OTHER_TOOLS = ("git", "apt", "sudo", "docker", "pre-commit", "time", "cd", "rviz2", "rerun")
ASSIGNMENT = re.compile(r"[A-Z_]+=")
PLACEHOLDER = re.compile(r"\b[A-Z][A-Z0-9_]+\b")
# Pages whose commands are run, in their order, in a folder with the stand-ins; own-labels.md has a
# test of its own.
RUN = ("docs/quick-start.md", "docs/own-network.md", "docs/models.md")
# Added to a command, to make it short.
SHORT = {"train": ("--epochs", "1", "--batch-size", "2", "--input-size", "64x32", "--threads", "1")}
STAND_INS = {"DIR": "labelled"}


def of(*tools: str) -> list[Command]:
    return [command for command in COMMANDS if command.words[0] in tools]


def mininet_ros_arguments(command: Command) -> list[str] | None:
    """Arguments of ``mininet_ros``, however it is started; None for another program."""
    words = list(dropwhile(ASSIGNMENT.match, command.words))
    if words[:3] == ["ros2", "run", "mininet_ros"] and words[3:4] == ["mininet_ros"]:
        return words[4:]
    if "mininet_ros.cli" in words:
        return words[words.index("mininet_ros.cli") + 1 :]
    if words and words[0].rsplit("/", 1)[-1] == "mininet_ros":
        return words[1:]
    return None


OURS = [
    (command, arguments)
    for command in COMMANDS
    if (arguments := mininet_ros_arguments(command)) is not None
]


def test_there_are_commands_to_look_at():
    assert len(OURS) > 20
    assert {command.page for command, _ in OURS} >= set(RUN)


@pytest.mark.parametrize(("command", "arguments"), OURS, ids=[str(ours[0]) for ours in OURS])
def test_commands_parse(command, arguments, capsys):
    if arguments == ["--help"] or (len(arguments) == 2 and arguments[1] == "--help"):
        return
    known = [word for word in arguments if word != "..."]
    try:
        cli.build_parser(known).parse_args(known)
    except SystemExit:
        error = capsys.readouterr().err
        # An excerpt ends in dots, and may leave out what is required.
        assert "..." in arguments and "the following arguments are required" in error, error


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """A folder with what the pages take for granted."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    pictures = [cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (128, 96)) for _ in range(6)]
    video = cv2.VideoWriter("drive.mp4", cv2.VideoWriter_fourcc(*"mp4v"), 10, (128, 96))
    Path("pictures").mkdir()
    for number, picture in enumerate(pictures):
        video.write(picture)
        cv2.imwrite(f"pictures/{number}.png", picture)
    video.release()
    cv2.imwrite("picture.png", pictures[0])
    write_demo(Path("demo_output"), pictures)
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            (Path("labelled") / split / kind).mkdir(parents=True)
        for number, picture in enumerate(pictures[:4]):
            cv2.imwrite(f"labelled/{split}/images/{number}.png", picture)
            labels = (picture[..., 0] > 128).astype(np.uint8)
            cv2.imwrite(f"labelled/{split}/labels/{number}.png", labels)
    Path("labelled/classes.yaml").write_text(
        "classes: [{name: floor, color: [128, 64, 128]}, {name: yes, color: [0, 0, 0]}]\n"
    )
    Path("my_file.py").write_text(program(ROOT / "docs" / "own-network.md", "my_file.py"))
    return tmp_path


def write_demo(folder: Path, pictures: list[np.ndarray]) -> None:
    """A recording with the camera's images and masks, as the demo leaves it."""
    folder.mkdir()
    types = get_typestore(Stores.ROS2_JAZZY)
    kinds = types.types
    with Writer(folder / "demo", version=9, storage_plugin=StoragePlugin.MCAP) as bag:
        names = {"/image/compressed": "CompressedImage", "/segmentation/mask": "Image"}
        topics = {
            topic: bag.add_connection(topic, f"sensor_msgs/msg/{name}", typestore=types)
            for topic, name in names.items()
        }
        for number, picture in enumerate(pictures, 1):
            stamp = kinds["builtin_interfaces/msg/Time"](number, 0)
            header = kinds["std_msgs/msg/Header"](stamp, "camera")
            jpeg = cv2.imencode(".jpg", picture)[1].ravel()
            mask = np.zeros(picture.shape[:2], np.uint8)
            height, width = mask.shape
            messages = {
                "/image/compressed": kinds["sensor_msgs/msg/CompressedImage"](header, "jpeg", jpeg),
                "/segmentation/mask": kinds["sensor_msgs/msg/Image"](
                    header, height, width, "mono8", 0, width, mask.ravel()
                ),
            }
            for topic, message in messages.items():
                content = types.serialize_cdr(message, topics[topic].msgtype)
                bag.write(topics[topic], number * 10**9, content)
    (folder / "demo" / "demo.mcap").rename(folder / "demo.mcap")


@pytest.mark.parametrize("page", RUN)
def test_commands_of_a_page_run(page, reader, capsys):
    ran = 0
    for command, arguments in OURS:
        substituted = [STAND_INS.get(word, word) for word in arguments]
        if command.page != page or any(map(PLACEHOLDER.fullmatch, substituted)):
            continue
        if command.words[0] == "torchrun" or arguments[0] == "benchmark":
            continue  # Several processes, or a measurement: their arguments are checked above.
        status = cli.main([*substituted, *SHORT.get(arguments[0], ())])
        assert status == 0, f"{command}\n{capsys.readouterr().err}"
        ran += 1
    assert ran


def test_the_program_of_the_quick_start_runs(reader, capsys):
    (reader / "program.py").write_text(program(ROOT / "docs" / "quick-start.md", ""))
    runpy.run_path("program.py")
    assert "(96, 128)" in capsys.readouterr().out


@pytest.mark.parametrize("command", of("make"), ids=str)
def test_make_has_the_target_and_the_variables(command):
    makefile = (ROOT / "Makefile").read_text()
    for word in command.words[1:]:
        name, equals, _ = word.partition("=")
        pattern = rf"^{name} \?=|\$\({name}\)" if equals else rf"^{name}:"
        assert re.search(pattern, makefile, re.MULTILINE), f"no {word} in the Makefile"


@pytest.mark.parametrize("command", of(*ROS_TOOLS), ids=str)
def test_what_needs_a_ros_distribution_says_so(command):
    assert ROS_TITLE in command.title or "ros" not in " ".join(command.words[:3]), (
        f'{command}: put it in a block with title="On a ROS 2 machine"'
    )


LAUNCHES = [command for command in of("ros2") if command.words[1] == "launch"]


@pytest.mark.parametrize("command", LAUNCHES, ids=str)
def test_launch_files_have_the_arguments(command):
    _, _, package, file, *arguments = command.words
    if package != "mininet_ros":
        return
    sources = (ROOT / "launch" / file, ROOT / "mininet_ros/nodes/launch_arguments.py")
    texts = {
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for argument in arguments:
        if argument not in ("-s", "--show-args", "..."):
            assert argument.partition(":=")[0] in texts, f"{file} has no {argument}"


RUNS = [command for command in of("ros2") if command.words[1] == "run"]


@pytest.mark.parametrize("command", RUNS, ids=str)
def test_nodes_exist_and_have_the_parameters(command):
    pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
    from mininet_ros.nodes.reference import NODES
    from mininet_ros.parameters import parameter_specs

    _, _, package, executable, *rest = command.words
    if package != "mininet_ros" or executable == "mininet_ros":
        return
    (node,) = [node for node in NODES if node.executable == executable]
    names = {spec.name for spec in parameter_specs(node.parameters)} | {"use_sim_time"}
    for flag, value in pairwise(rest):
        if flag == "-p":
            assert value.partition(":=")[0] in names, f"{executable} has no parameter {value}"


def test_python_modules_can_be_called():
    for command in COMMANDS:
        words = command.words
        if words[0].rsplit("/", 1)[-1] == "python" and words[1:2] == ("-m",):
            module = ROOT.joinpath(*words[2].split("."))
            is_ours = module.with_suffix(".py").is_file() or (module / "__main__.py").is_file()
            assert is_ours or words[2] in ("pytest", "pip"), command


def test_pip_extras_exist():
    setup = (ROOT / "setup.py").read_text()
    for command in COMMANDS:
        if "install" in command.words and command.words[0] in ("pip", "pip3"):
            for word in command.words:
                for extra in re.findall(r"^(?:\.|mininet_ros)\[([\w,]+)\]", word):
                    for name in extra.split(","):
                        assert f'"{name}": [' in setup, command


def test_every_command_is_of_a_kind_that_is_checked():
    checked = {
        *ROS_TOOLS,
        *OTHER_TOOLS,
        "make",
        "pip",
        "pip3",
        "torchrun",
        "openssl",
        "zenohd",
        "colmap",
    }
    strangers = [
        str(command)
        for command in COMMANDS
        if mininet_ros_arguments(command) is None
        and command.words[0].rsplit("/", 1)[-1] not in {*checked, "python", "python3"}
        and not ASSIGNMENT.match(command.words[0])
    ]
    assert not strangers, "\n".join(strangers)

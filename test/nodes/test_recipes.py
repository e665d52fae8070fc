"""The recipes: what their layouts and parameter files name exists, and their launch files load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from launch_rig import (
    CONFIG,
    launch,  # noqa: F401 - a fixture
    needs_launch,
    probes,  # noqa: F401 - a fixture
)

from mininet_ros.models import load_model
from mininet_ros.nodes.cloud.parameters import SemanticCloudParameters
from mininet_ros.nodes.reference import NODES
from mininet_ros.nodes.segmentation.parameters import SegmentationParameters
from mininet_ros.parameters import from_values, parameter_specs, read_parameter_file

TYPES = {
    (topic.name if topic.name.startswith("/") else f"/{topic.name}"): topic.type_name
    for node in NODES
    for topic in (*node.endpoints.inputs, *node.endpoints.outputs)
}
DISPLAYED = {
    "rviz_default_plugins/Image": "sensor_msgs/msg/Image",
    "rviz_default_plugins/PointCloud2": "sensor_msgs/msg/PointCloud2",
}
# What the layer declares, on its branches for Humble, Jazzy and Rolling.
LAYER = {"plugin", "enabled", "combination_method", "observation_sources", "publish_debug_topics"}
SOURCE = {
    "segmentation_topic": "sensor_msgs/msg/Image",
    "confidence_topic": "sensor_msgs/msg/Image",
    "labels_topic": "vision_msgs/msg/LabelInfo",
    "pointcloud_topic": None,
    "observation_persistence": float,
    "expected_update_rate": float,
    "class_types": list,
    "max_obstacle_distance": float,
    "min_obstacle_distance": float,
    "tile_map_decay_time": float,
    "visualize_tile_map": bool,
    "use_cost_selection": bool,
}
CLASS_TYPE = {
    "classes": list,
    "base_cost": int,
    "max_cost": int,
    "mark_confidence": int,
    "samples_to_max_cost": int,
    "dominant_priority": bool,
}
WANTED = {"/image", "/segmentation/overlay", "/segmentation/mask", "/keyframe/image"}
WANTED |= {"/semantic_cloud"}


def camvid() -> set[str]:
    return set(load_model("camvid").classes)


def test_the_rviz_layout_shows_topics_that_exist_in_displays_of_their_type():
    layout = yaml.safe_load((CONFIG / "mininet_ros.rviz").read_text())
    shown = {}
    for display in layout["Visualization Manager"]["Displays"]:
        if "Topic" in display:
            topic = display["Topic"]["Value"]
            shown[topic] = DISPLAYED[display["Class"]]
            assert TYPES[topic] == shown[topic]
    assert set(shown) == WANTED


def test_the_foxglove_layout_shows_topics_that_exist_in_panels_that_exist():
    layout = json.loads((CONFIG / "foxglove.json").read_text())
    panels = layout["configById"]
    assert set(leaves(layout["layout"])) == set(panels)
    shown = set()
    for name, panel in panels.items():
        kind = name.partition("!")[0]
        if kind == "Image":
            shown.add(panel["imageMode"]["imageTopic"])
            assert TYPES[panel["imageMode"]["imageTopic"]] == "sensor_msgs/msg/Image"
        elif kind == "3D":
            shown |= set(panel["topics"])
            assert {TYPES[topic] for topic in panel["topics"]} == {"sensor_msgs/msg/PointCloud2"}
        elif kind == "RawMessages":
            assert panel["topicPath"].partition(".")[0] in TYPES
        else:
            assert kind == "DiagnosticSummary" and panel["topicToRender"] in TYPES
    assert shown == WANTED


def leaves(layout) -> list[str]:
    if isinstance(layout, str):
        return [layout]
    return leaves(layout["first"]) + leaves(layout["second"])


def test_the_costmap_names_what_the_layer_reads_and_every_class_once():
    content = yaml.safe_load((CONFIG / "nav2_costmap.yaml").read_text())
    costmap = content["costmap"]["costmap"]["ros__parameters"]
    layer = costmap["semantic_segmentation_layer"]
    source = layer[layer["observation_sources"]]
    assert set(layer) - {"camera"} <= LAYER
    assert set(source) == {*SOURCE, *source["class_types"]}
    for name, kind in SOURCE.items():
        if isinstance(kind, str):
            assert TYPES[source[name]] == kind, name
        elif kind is not None:
            assert type(source[name]) is kind, name
    classes = []
    for name in source["class_types"]:
        assert {key: type(value) for key, value in source[name].items()} == CLASS_TYPE
        assert 0 <= source[name]["base_cost"] <= source[name]["max_cost"] <= 254
        classes += source[name]["classes"]
    assert len(classes) == len(set(classes)) and set(classes) == camvid()
    assert set(costmap["plugins"]) <= set(costmap)


@pytest.mark.parametrize(
    ("node", "parameters"),
    [("segmentation", SegmentationParameters), ("semantic_cloud", SemanticCloudParameters)],
)
def test_the_masks_for_slam_name_parameters_and_classes_that_exist(node, parameters):
    values = read_parameter_file(CONFIG / "slam_masks.yaml", node)
    specs = {spec.name: spec for spec in parameter_specs(parameters)}
    assert set(values) <= set(specs)
    for name, value in values.items():
        assert specs[name].problem(value) is None
    assert set(values.get("mask_classes") or values["classes"]) <= camvid()
    from_values(parameters, {name: spec.default for name, spec in specs.items()} | values)


# --- under the real launch system, with programs in the place of all nodes

FOREIGN = """#!/usr/bin/env python3
import json, sys
print("FOREIGN", json.dumps(sys.argv), flush=True)
"""


@pytest.fixture
def started(tmp_path, probes):  # noqa: F811
    """Launch a recipe beside stand-ins for packages; return our nodes, the others, the output."""

    def run(file: str, *arguments: str, packages: dict[str, str]):
        for package, executable in packages.items():
            install(tmp_path / "prefix", package, executable)
        seen, output = probes(file, *arguments, ROS_DISTRO="jazzy")
        lines = (line.partition("FOREIGN ")[2] for line in output.splitlines())
        calls = [json.loads(line) for line in lines if line]
        return seen, {Path(call[0]).name: " ".join(call[1:]) for call in calls}, output

    return run


def install(prefix: Path, package: str, executable: str) -> None:
    index = prefix / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True, exist_ok=True)
    (index / package).touch()
    program = prefix / "lib" / package / executable
    program.parent.mkdir(parents=True)
    program.write_text(FOREIGN)
    program.chmod(0o755)


@needs_launch
def test_both_viewers_show_the_topics_of_the_camera_and_the_namespace(started):
    seen, others, output = started(
        "view.launch.py",
        "namespace:=robot1",
        "image:=/camera/image_raw",
        "depth:=/camera/depth/image_raw",
        "port:=9000",
        packages={"rviz2": "rviz2", "foxglove_bridge": "foxglove_bridge"},
    )
    assert set(seen) == {
        "/robot1/segmentation",
        "/robot1/keyframe_selector",
        "/robot1/semantic_cloud",
    }
    assert f"-d {CONFIG / 'mininet_ros.rviz'} -f camera_optical_frame" in others["rviz2"]
    assert "/image:=/camera/image_raw" in others["rviz2"]
    assert "/semantic_cloud:=/robot1/semantic_cloud" in others["rviz2"]
    assert "ws://localhost:9000" in output
    layout = output.partition("import the layout ")[2].split()[0]
    text = Path(layout).read_text()
    assert '"imageTopic": "/camera/image_raw"' in text and '"/robot1/semantic_cloud": {' in text
    assert "/robot1/keyframe/scores.status[0]" in text
    assert '"/segmentation/mask"' not in text


@needs_launch
def test_the_shipped_layout_is_shown_where_its_names_are_right(started):
    seen, others, output = started(
        "view.launch.py",
        "source:=generated",
        "viewer:=foxglove",
        packages={"foxglove_bridge": "foxglove_bridge"},
    )
    assert "/image_stream" in seen and set(others) == {"foxglove_bridge"}
    assert f"import the layout {CONFIG / 'foxglove.json'}" in output


@needs_launch
def test_a_viewer_that_is_missing_is_named_and_the_other_one_starts(started):
    _, others, output = started("view.launch.py", packages={"rviz2": "rviz2"})
    assert "rviz2" in others
    assert (
        "viewer:=foxglove needs foxglove_bridge, which is not installed: "
        "sudo apt install ros-jazzy-foxglove-bridge" in output
    )


@needs_launch
def test_without_any_viewer_the_launch_ends_by_one_sentence(started):
    seen, _, output = started("view.launch.py", packages={})
    assert not seen  # nothing has started
    assert "sudo apt install ros-jazzy-rviz2" in output
    assert "Traceback" not in output


NAV2 = {
    "depth_image_proc": "point_cloud_xyz_node",
    "nav2_costmap_2d": "nav2_costmap_2d",
    "nav2_lifecycle_manager": "lifecycle_manager",
    "semantic_segmentation_layer": "none",
}


@needs_launch
def test_the_costmap_reads_the_masks_and_points_of_the_namespace(started):
    seen, others, _ = started(
        "nav2.launch.py",
        "namespace:=robot1",
        "image:=/camera/color/image_raw",
        "depth:=/camera/aligned/image_raw",
        packages=NAV2,
    )
    assert set(seen) == {"/robot1/segmentation"}
    assert "image_rect:=/camera/aligned/image_raw" in others["point_cloud_xyz_node"]
    assert "camera_info:=/camera/aligned/camera_info" in others["point_cloud_xyz_node"]
    assert "/points:=/robot1/points" in others["nav2_costmap_2d"]
    assert "/segmentation/mask:=/robot1/segmentation/mask" in others["nav2_costmap_2d"]
    assert "lifecycle_manager" in others


@needs_launch
def test_a_driver_may_make_the_points_and_a_nav2_have_the_costmap(started):
    seen, others, _ = started(
        "nav2.launch.py", "points:=/camera/points", "costmap:=false", packages={}
    )
    assert set(seen) == {"/segmentation"} and not others


@needs_launch
def test_a_missing_layer_is_named(started):
    _, _, output = started("nav2.launch.py", "points:=/camera/points", packages={})
    assert "costmap:=true needs semantic_segmentation_layer" in output


@needs_launch
@pytest.mark.parametrize("package", ["isaac_ros_cuvslam", "isaac_ros_visual_slam"])
def test_cuvslam_gets_the_mask_of_the_left_image(started, package):
    seen, others, _ = started(
        "slam.launch.py",
        "slam:=cuvslam",
        "image:=/camera/infra1/image_rect_raw",
        "right:=/camera/infra2/image_rect_raw",
        packages={package: package},
    )
    assert seen["/segmentation"]["parameters"]["mask_classes"] == ["Car", "Pedestrian", "Bicyclist"]
    call = others[package]
    assert "visual_slam/image_0:=/camera/infra1/image_rect_raw" in call
    assert "visual_slam/camera_info_1:=/camera/infra2/camera_info" in call
    assert "visual_slam/seg_mask_0:=segmentation/class_mask" in call


RTABMAP = """
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo
from launch.substitutions import LaunchConfiguration

NAMES = ("rgb_topic", "camera_info_topic", "depth_topic", "frame_id", "namespace", "depth")

def generate_launch_description():
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value="own") for name in NAMES),
            *(LogInfo(msg=[f"RTABMAP {name}=", LaunchConfiguration(name), ";"]) for name in NAMES),
        ]
    )
"""


@needs_launch
def test_rtabmap_gets_depth_images_without_what_moves(started, tmp_path):
    folder = tmp_path / "prefix" / "share" / "rtabmap_launch" / "launch"
    folder.mkdir(parents=True)
    (folder / "rtabmap.launch.py").write_text(RTABMAP)
    seen, _, output = started(
        "slam.launch.py",
        "slam:=rtabmap",
        "namespace:=robot1",
        "image:=/camera/color/image_raw",
        "depth:=/camera/aligned/image_raw",
        packages={"rtabmap_launch": "none"},
    )
    cloud = seen["/robot1/semantic_cloud"]["parameters"]
    assert cloud["classes"] == ["Car", "Pedestrian", "Bicyclist"] and cloud["classes_inverse"]
    assert cloud["model"] == "camvid"
    for expected in (
        "rgb_topic=/camera/color/image_raw",
        "camera_info_topic=/camera/color/camera_info",
        "depth_topic=/robot1/semantic_depth",
        "frame_id=base_link",
        "namespace=robot1/rtabmap",
        "depth=own",
    ):
        assert f"RTABMAP {expected};" in output


@needs_launch
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["slam:=cuvslam"], "needs right:="),
        (["slam:=cuvslam", "right:=/right/image_raw"], "ros-jazzy-isaac-ros-cuvslam"),
        (["slam:=rtabmap"], "needs depth:="),
        (["slam:=rtabmap", "depth:=/depth/image_raw"], "ros-jazzy-rtabmap-ros"),
    ],
)
def test_what_slam_lacks_is_said(started, arguments, words):
    _, _, output = started("slam.launch.py", *arguments, packages={})
    assert words in output
    assert "Traceback" not in output


@needs_launch
def test_masks_alone_are_made_for_any_other_slam(started):
    seen, others, _ = started("slam.launch.py", "image:=/camera/image_raw", packages={})
    assert set(seen) == {"/segmentation"} and not others

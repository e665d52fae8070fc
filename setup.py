from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "mininet_ros"
SHARE = Path("share") / PACKAGE


def files_below(*folders: str) -> list[tuple[str, list[str]]]:
    """Return the data files of folders, which keep their places below share/mininet_ros."""
    below = {}
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                below.setdefault(str(SHARE / path.parent), []).append(str(path))
    return list(below.items())


setup(
    name=PACKAGE,
    version="0.1.0",
    description="MiniNet-v2 semantic segmentation and keyframe selection of camera streams.",
    author="mininet_ros maintainers",
    author_email="maintainers@mininet-ros.example",
    maintainer="mininet_ros maintainers",
    maintainer_email="maintainers@mininet-ros.example",
    license="Apache-2.0",
    url="https://mininet-ros.example",
    project_urls={
        "Source": "https://mininet-ros.example/mininet_ros.git",
        "Issues": "https://mininet-ros.example/mininet_ros/issues",
    },
    python_requires=">=3.10",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    package_data={
        PACKAGE: ["py.typed"],
        f"{PACKAGE}.lab.training.data.datasets": ["*.txt"],
    },
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (str(SHARE), ["package.xml", "LICENSE", "NOTICE"]),
        *files_below("config", "launch", "models"),
    ],
    install_requires=[
        "numpy>=1.21",
        "onnxruntime>=1.17",
        "opencv-python-headless>=4.5",
        "PyYAML>=5.4",
        "tqdm>=4.57",
    ],
    extras_require={
        # ROS 2 from PyPI, for a machine without a ROS distribution (x86-64 Linux).
        "ros": ["ros-jazzy-rclpy[fastrtps]", "ros-jazzy-common-interfaces"],
        "gpu": ["torch>=2.4", "safetensors>=0.4"],
        "train": [
            "torch>=2.4",
            "safetensors>=0.4",
            "onnx>=1.16",
            "matplotlib>=3.5",
            "pillow>=9.2",
        ],
        # For `mininet_ros benchmark --openvino` alone: ONNX Runtime is as fast or faster.
        "openvino": ["openvino>=2024.4"],
        # For `mininet_ros select-keyframes --benchmark --reconstruct` alone.
        "reconstruct": ["pycolmap>=4"],
        # For `mininet_ros train --tensorboard` alone.
        "tensorboard": ["tensorboard>=2.15"],
        "bags": ["rosbags>=0.10"],
        # For --view and --save-rrd alone.
        "view": ["rerun-sdk>=0.39"],
        # For the demo's recording and film.
        "demo": ["rosbags>=0.10", "av>=12"],
        # For `mininet_ros import-labels coco` and `yolo` alone.
        "labels": ["supervision>=0.27"],
        # For `team_link: zenoh` and team_base_node: the team's radio link.
        "team": ["eclipse-zenoh>=1.10"],
        "docs": ["mkdocs-material>=9.5", "mkdocstrings[python]>=0.26"],
        "test": [
            "pytest>=7",
            "hypothesis>=6",
            "import-linter>=2",
            "pyright[nodejs]>=1.1.400",
            "ruff>=0.6",
            "setuptools>=64",
        ],
    },
    zip_safe=False,
    entry_points={
        "mininet_ros.sequences": ["generated = mininet_ros.lab.street:GeneratedStreet"],
        "console_scripts": [
            "mininet_ros = mininet_ros.cli:main",
            "segmentation_node = mininet_ros.nodes.start:segmentation_node",
            "image_stream_node = mininet_ros.nodes.start:image_stream_node",
            "keyframe_selector_node = mininet_ros.nodes.start:keyframe_selector_node",
            "semantic_cloud_node = mininet_ros.nodes.start:semantic_cloud_node",
            "team_base_node = mininet_ros.nodes.start:team_base_node",
            "stream_recorder_node = mininet_ros.nodes.start:stream_recorder_node",
        ],
    },
)

"""The package finds its own data files however it was installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mininet_ros import share


def install(share_files: Path) -> Path:
    share_files.mkdir(parents=True)
    (share_files / "package.xml").write_text("<package/>")
    return share_files


@pytest.fixture
def import_from(monkeypatch, tmp_path):
    """Pretend that the package was imported from a folder; nothing else on the machine counts."""
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "interpreter"))

    def set_location(folder: Path) -> None:
        monkeypatch.setattr(share, "__file__", str(folder / "share.py"))

    return set_location


def test_the_running_package_finds_its_files():
    folder = share.share_folder()
    assert (folder / "package.xml").is_file()
    assert (folder / "config" / "fastdds_images.xml").is_file()
    assert (folder / "launch" / "segment.launch.py").is_file()


def test_source_checkout(import_from, tmp_path):
    checkout = install(tmp_path / "src" / "mininet_ros")
    import_from(checkout / "mininet_ros")
    assert share.share_folder() == checkout


def test_symbolic_links_lead_to_the_checkout(import_from, tmp_path):
    checkout = install(tmp_path / "src" / "mininet_ros")
    (checkout / "mininet_ros").mkdir()
    (checkout / "mininet_ros" / "share.py").touch()
    build = tmp_path / "build"
    build.mkdir()
    (build / "mininet_ros").symlink_to(checkout / "mininet_ros")
    import_from(build / "mininet_ros")
    assert share.share_folder() == checkout


@pytest.mark.parametrize(
    "packages",
    [
        "lib/python3.12/site-packages",
        "local/lib/python3.10/dist-packages",
        "lib/python3/dist-packages",
        ".",
    ],
)
def test_prefix_of_the_installed_code(import_from, tmp_path, packages):
    prefix = tmp_path / "prefix"
    files = install(prefix / "share" / "mininet_ros")
    import_from(prefix / packages / "mininet_ros")
    assert share.share_folder() == files


def test_imported_code_wins_over_another_workspace(import_from, monkeypatch, tmp_path):
    other = install(tmp_path / "workspace" / "share" / "mininet_ros").parents[1]
    checkout = install(tmp_path / "src" / "mininet_ros")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(other))
    import_from(checkout / "mininet_ros")
    assert share.share_folder() == checkout


def test_first_ament_prefix_that_has_the_package(import_from, monkeypatch, tmp_path):
    first = install(tmp_path / "overlay" / "share" / "mininet_ros")
    install(tmp_path / "underlay" / "share" / "mininet_ros")
    prefixes = ["", tmp_path / "other", tmp_path / "overlay", tmp_path / "underlay"]
    monkeypatch.setenv("AMENT_PREFIX_PATH", ":".join(str(prefix) for prefix in prefixes))
    import_from(tmp_path / "elsewhere" / "mininet_ros")
    assert share.share_folder() == first


def test_prefix_of_the_interpreter(import_from, tmp_path):
    files = install(tmp_path / "interpreter" / "share" / "mininet_ros")
    import_from(tmp_path / "elsewhere" / "mininet_ros")
    assert share.share_folder() == files


def test_missing_files_are_one_clear_sentence(import_from, tmp_path):
    import_from(tmp_path / "elsewhere" / "mininet_ros")
    with pytest.raises(FileNotFoundError, match=r"colcon.*pip") as caught:
        share.share_folder()
    assert "\n" not in str(caught.value)

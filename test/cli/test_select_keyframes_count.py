"""`select-keyframes --count` and `--share`: exactly as many as asked for, from any recording."""

from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest
import yaml
from drive_rig import COUNT, forwarded, rows_of, run

from mininet_ros import cli
from mininet_ros.keyframes import ConfigError
from mininet_ros.offline.exact_selection import Size
from mininet_ros.offline.exif import exif_of


@pytest.mark.parametrize("count", [1, 2, 7, COUNT - 1, COUNT])
def test_exactly_as_many_frames_with_their_files(capsys, drive, given, tmp_path, count):
    output = tmp_path / "out"
    status, out, err = run(capsys, *given, "--count", count, "--output", output, "--json")
    assert status == 0, err
    results, rows = json.loads(out), rows_of(output)
    chosen = forwarded(rows)
    assert len(rows) == COUNT and len(chosen) == results["forwarded"] == count
    assert results["keyframes"] == [row["name"] for row in chosen]
    assert {row["reason"] for row in chosen} == {"in_set"}
    for row in chosen:
        original = (drive / "images" / f"{row['name']}.jpg").read_bytes()
        assert (output / row["image"]).read_bytes() == original
        mask = cv2.imread(str(output / row["mask"]), cv2.IMREAD_UNCHANGED)
        labels = cv2.imread(str(drive / "labels" / f"{row['name']}.png"), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(mask, labels)
    assert len(list((output / "images").iterdir())) == count


def test_the_report_says_what_the_online_rule_takes(capsys, given, tmp_path):
    online = json.loads(run(capsys, *given, "--output", tmp_path / "online", "--json")[1])
    arguments = [*given, "--count", 5, "--output", tmp_path / "exact", "--json"]
    exact = json.loads(run(capsys, *arguments)[1])
    assert exact["exact"]["online"] == online["keyframes"]
    assert exact["comparison"]["online"]["frames"] == len(online["keyframes"])
    assert exact["comparison"]["every_n"]["frames"] == 5
    text = (tmp_path / "exact" / "report.html").read_text()
    assert "Exactly 5 frames" in text
    assert f"would have chosen {len(online['keyframes'])} frames" in text
    assert "The online rule" in text and "team mates" not in text


def test_a_shorter_stream_gives_all_there_are():
    assert Size(count=10).of(4, shortened=True) == 4
    assert Size(count=3).of(4, shortened=True) == 3
    with pytest.raises(ConfigError, match="give at most 4"):
        Size(count=10).of(4)


def test_a_preset_that_answers_requests_needs_none(capsys, given, tmp_path):
    arguments = ["--count", 4, "--set", "mode=request", "max_gap_s=0.0"]
    status, out, err = run(capsys, *given, *arguments, "--output", tmp_path / "out")
    assert status == 0 and "4 of 30 frames chosen" in out, err


@pytest.mark.parametrize(("share", "count"), [("10%", 3), ("0.5", 15), ("1%", 1)])
def test_shares(capsys, given, tmp_path, share, count):
    status, out, err = run(capsys, *given, "--share", share, "--output", tmp_path / "out")
    assert status == 0, err
    assert f"{count} of {COUNT} frames chosen" in out
    assert "the online rule of preset slam takes" in out


def test_more_frames_than_there_are(capsys, given, tmp_path):
    status, _, err = run(capsys, *given, "--count", COUNT + 1, "--output", tmp_path / "out")
    assert status == 1
    assert f"asks for more frames than there are: give at most {COUNT}" in err
    assert not (tmp_path / "out").exists()
    limited = ["--count", 6, "--frames", 5, "--output", tmp_path / "out"]
    assert "give at most 5" in run(capsys, *given, *limited)[2]


@pytest.mark.parametrize(
    "arguments",
    [["--count", "0"], ["--count", "-1"], ["--share", "0%"], ["--share", "110%"],
     ["--count", "5", "--share", "5%"], ["--format", "nerf"]],
)  # fmt: skip
def test_wrong_sizes_end_with_status_two(arguments):
    with pytest.raises(SystemExit) as end:
        cli.main(["select-keyframes", "generated", "--output", "x", *arguments])
    assert end.value.code == 2


def test_pictures_of_two_sizes_have_no_corner_in_common(capsys, drive, tmp_path):
    for number in range(12):
        picture = cv2.imread(str(drive / "images" / f"frame_{number:06d}.jpg"))
        size = (160, 120) if number < 6 else (120, 90)
        cv2.imwrite(str(tmp_path / f"{number:02d}.png"), cv2.resize(picture, size))
    arguments = ["--classes", "--count", 4, "--output", tmp_path / "out"]
    status, out, err = run(capsys, tmp_path, *arguments)
    assert status == 0, err
    assert "1 of 3 pairs of neighbours share less than 40 %" in out


def test_ignored_pixels_do_not_count_in_either_choice(capsys, drive, given, tmp_path):
    body = np.zeros((120, 160), np.uint8)
    body[60:] = 255
    cv2.imwrite(str(tmp_path / "body.png"), body)
    qualities = []
    for extra in ([], ["--count", 5]):
        arguments = [*given, "--set", f"ignore_mask={tmp_path / 'body.png'}", *extra]
        output = tmp_path / f"out{len(extra)}"
        status, _, err = run(capsys, *arguments, "--output", output)
        assert status == 0, err
        qualities.append([row["quality"] for row in rows_of(output) if row["quality"]])
    assert qualities[0] == qualities[1]


def test_folder_for_colmap(capsys, drive, tmp_path):
    images = tmp_path / "my photos"
    images.mkdir()
    for number in (2, 10, 1):
        source = drive / "images" / f"frame_{number:06d}.jpg"
        (images / f"shot {number}.jpg").write_bytes(source.read_bytes())
    output = tmp_path / "out"
    arguments = ["--classes", "--count", 3, "--format", "colmap", "--output", output]
    status, out, err = run(capsys, images, *arguments)
    assert status == 0, err
    names = sorted(path.name for path in (output / "images").iterdir())
    assert names == ["000000_shot_1.jpg", "000001_shot_2.jpg", "000002_shot_10.jpg"]
    assert f"images for COLMAP: {output / 'images'}" in out
    assert not (output / "masks").exists()


def test_names_for_colmap_are_plain_unique_and_not_too_long(capsys, drive, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    names = ["-dash", "100%", "a\nb", "quo\"te's", "日本", "x" * 250 + "1", "x" * 250 + "2"]
    for number, name in enumerate(names):
        source = drive / "images" / f"frame_{number:06d}.jpg"
        (images / f"{name}.jpg").write_bytes(source.read_bytes())
    output = tmp_path / "out"
    arguments = ["--classes", "--share", "100%", "--format", "colmap", "--output", output]
    status, _, err = run(capsys, images, *arguments)
    assert status == 0, err
    written = [path.name for path in (output / "images").iterdir()]
    assert sorted(written) == sorted(row["image"].split("/")[1] for row in rows_of(output))
    assert len(written) == len(names)
    assert all(re.fullmatch(r"\d{6}_[A-Za-z0-9._-]+\.jpg", name) for name in written)


def test_exif_is_kept_in_originals_and_in_new_jpegs(capsys, drive, tmp_path):
    tiff = b"II*\0\x08\0\0\0\x01\0" + b"\x0f\x01\x02\0\x04\0\0\0abc\0" + b"\0\0\0\0"
    body = b"Exif\0\0" + tiff
    segment = b"\xff\xe1" + (2 + len(body)).to_bytes(2, "big") + body
    images = tmp_path / "images"
    images.mkdir()
    for number in range(4):
        data = (drive / "images" / f"frame_{number:06d}.jpg").read_bytes()
        (images / f"{number}.jpg").write_bytes(data[:2] + segment + data[2:])
    for extra in ([], ["--jpeg", 70]):
        output = tmp_path / f"out{len(extra)}"
        arguments = ["--classes", "--count", 2, "--output", output, *extra]
        assert run(capsys, images, *arguments)[0] == 0
        written = sorted((output / "images").iterdir())
        assert len(written) == 2
        assert all(exif_of(path.read_bytes()) == segment for path in written)


def test_class_names_with_markup_are_only_text(capsys, drive, tmp_path):
    names = [f"<b>class {number}" for number in range(11)]
    table = {"classes": [{"name": name, "color": [n, n, n]} for n, name in enumerate(names)]}
    (tmp_path / "classes.yaml").write_text(yaml.safe_dump(table))
    arguments = ["--labels", drive / "labels", "--dataset", tmp_path / "classes.yaml"]
    arguments += ["--classes", names[6], "--count", 3, "--output", tmp_path / "out"]
    status, _, err = run(capsys, drive / "images", *arguments)
    assert status == 0, err
    text = (tmp_path / "out" / "report.html").read_text()
    assert "&lt;b&gt;class 6" in text and "<b>class" not in text


@pytest.mark.parametrize("extra", [[], ["--jpeg", 80]])
def test_colmap_takes_the_focal_length_from_the_written_pictures(capsys, drive, tmp_path, extra):
    pycolmap = pytest.importorskip("pycolmap", reason="needs the extra reconstruct")
    pillow = pytest.importorskip("PIL.Image", reason="writing EXIF data needs pillow")
    images, output = tmp_path / "images", tmp_path / "out"
    images.mkdir()
    for path in sorted((drive / "images").iterdir())[:6]:
        with pillow.open(path) as picture:
            exif = pillow.Exif()
            exif.get_ifd(0x8769)[0xA405] = 35  # FocalLengthIn35mmFilm, mm
            picture.save(images / path.name, exif=exif)
    arguments = ["--count", 2, "--format", "colmap", *extra, "--output", output]
    assert run(capsys, images, *arguments)[0] == 0
    written = sorted((output / "images").iterdir())
    assert len(written) == 2
    for path in written:
        camera = pycolmap.infer_camera_from_image(str(path))
        assert camera.has_prior_focal_length
        # Film of 35 mm is 36 x 24 mm large, 43.27 mm across its diagonal; the picture 160 x 120 px.
        assert camera.params[0] == pytest.approx(35 / 43.27 * 200, rel=0.01)

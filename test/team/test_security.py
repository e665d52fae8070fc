"""TLS and access control, tried with certificates that the test makes: see docs/team.md."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("zenoh", reason="needs eclipse-zenoh (extra team)")

from team_links import (
    deliver,
    free_endpoint,
    links,  # noqa: F401 - a fixture
    wait_until,
    want_all,
)

from mininet_ros.team.flight import Result

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "team.md"

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


def commands(section: str) -> str:
    """The shell commands of a section of the documentation."""
    text = DOCUMENTATION.read_text(encoding="utf-8").partition(f"### {section}\n")[2]
    return text.partition("```bash\n")[2].partition("```")[0]


def config(section: str) -> str:
    """The Zenoh configuration of a section of the documentation."""
    text = DOCUMENTATION.read_text(encoding="utf-8").partition(f"### {section}\n")[2]
    return text.partition("```json5\n")[2].partition("```")[0]


@pytest.fixture
def certificates(tmp_path):
    """The documentation's own commands, for a base station on this machine and two robots."""
    script = commands("Certificates").replace("10.0.0.1", "127.0.0.1")
    subprocess.run(["bash", "-euc", script], cwd=tmp_path, check=True, capture_output=True)
    for section, name in (("Base station", "base.json5"), ("Robot", "robot1.json5")):
        text = config(section).replace("/etc/mininet_ros/team/", f"{tmp_path}/")
        (tmp_path / name).write_text(text)
    robot2 = (tmp_path / "robot1.json5").read_text().replace("robot1", "robot2")
    (tmp_path / "robot2.json5").write_text(robot2)
    return tmp_path


@pytest.fixture
def endpoint(links):  # noqa: F811
    links.endpoint = free_endpoint().replace("tcp/", "tls/")
    return links.endpoint


def test_a_robot_with_a_certificate_is_heard(links, endpoint, certificates):  # noqa: F811
    base = links.base(str(certificates / "base.json5"))
    robot = links.robot("robot1", str(certificates / "robot1.json5"))
    want_all(base, robot)
    messages, outcome = deliver(base, robot, 1)
    assert (len(messages), outcome.result) == (2, Result.ARRIVED)
    base.tell_interest("robot1", b"door")
    wait_until(lambda: links.interests == [b"door"])


def test_a_robot_without_a_certificate_finds_nobody(links, endpoint, certificates):  # noqa: F811
    base = links.base(str(certificates / "base.json5"))
    bare = certificates / "bare.json5"
    authority = str(certificates / "ca.pem")
    bare.write_text(
        json.dumps({"transport": {"link": {"tls": {"root_ca_certificate": authority}}}})
    )
    robot = links.robot("robot1", str(bare))
    honest = links.robot("robot2", str(certificates / "robot2.json5"))
    wait_until(lambda: "robot2" in base.robots)
    assert "robot1" not in base.robots
    assert robot.problem() is not None
    assert honest.problem() is None


def test_a_robot_cannot_speak_for_another(links, endpoint, certificates):  # noqa: F811
    base = links.base(str(certificates / "base.json5"))
    impostor = links.robot("robot1", str(certificates / "robot2.json5"))
    honest = links.robot("robot2", str(certificates / "robot2.json5"))
    want_all(base, honest)
    assert deliver(base, honest, 1)[1].result is Result.ARRIVED
    assert "robot1" not in base.robots
    assert impostor.takes == 0

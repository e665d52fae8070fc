"""The help of every command: complete, true by itself, with defaults."""

from __future__ import annotations

import argparse
import re

import pytest

from mininet_ros import __version__, cli

# Words with which a description continues its argument's name instead of standing alone.
CONTINUES = re.compile(r"(of|for|by|as|such|in place|default)\b|\(")


def actions(name: str) -> list[argparse.Action]:
    parser = argparse.ArgumentParser()
    cli.load_command(name).add_arguments(parser)
    return [action for action in parser._actions if action.dest != "help"]


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_argument_is_described_by_a_phrase_that_stands_alone(name):
    for action in actions(name):
        assert action.help, f"{name} {action.dest} has no help"
        assert not CONTINUES.match(action.help), f"{name} {action.dest}: {action.help}"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_help_shows_every_default(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit) as ended:
        cli.build_parser([name]).parse_args([name, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    given = [
        action
        for action in actions(name)
        if not (action.default is None or action.default is False or action.default in ("", []))
    ]
    assert text.count("default: ") >= len(given)


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"mininet_ros {__version__}\n"

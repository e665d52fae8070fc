"""Folders of results: written beside the previous result, and published when complete.

Every command that writes more than one file writes through :class:`ResultFolder`.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from mininet_ros.result_files import ResultError, WrittenFile, as_written, files_at, unwritable

STATE = ".mininet_ros"
"""Folder inside a result folder: lists of what each command wrote, and results in the making."""

_NEW, _OLD, _JOURNAL = "new", "old", "publish.json"
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ResultFolder:
    """A context in which one command writes one folder of results.

    Files are made below ``staging``. Leaving the context without an error publishes all of them:
    the previous result of the same command is replaced by a few renames. Leaving it with an error
    discards them, and the previous result stays as it was. After a kill the next run discards what
    was left, or completes a publication that had begun.

    Only files that the same command wrote, and that nobody has changed since, are ever replaced.

    Attributes:
        folder: the folder of results.
        staging: where new files are made, on the same file system.

    Args:
        folder: made, with its parents, where it does not exist.
        command: name of the command, which the list of written files goes by.
        names: entries of ``folder``, files or folders, that the command may write.
        inputs: files and folders that the command reads; those that do not exist are passed over.
        owned: files that may be replaced although no list names them, by their paths in
            ``folder``; a model folder's card is such a list.
        wait: wait for another process that writes the folder, instead of an error.
        listed: whether to keep a list of what was written; False where the result itself has one.

    Raises:
        ResultError: on entry: ``folder`` is an input or would replace one, holds files of these
            names that the command did not write, cannot be written, or another process writes it.
            On exit: the disk is full, or files appeared that the command did not write.
    """

    def __init__(
        self,
        folder: Path,
        command: str,
        names: Collection[str],
        inputs: Iterable[Path | str | None] = (),
        owned: Mapping[str, WrittenFile] | None = None,
        wait: bool = False,
        listed: bool = True,
    ) -> None:
        self.folder = folder
        self._command = command
        self._names = tuple(names)
        self._owned = dict(owned or {})
        self._wait, self._listed = wait, listed
        self._state = folder / STATE
        self.staging = self._state / _NEW
        self._lock = -1
        self._was_made = False
        _refuse_inputs(folder, self._names, inputs)

    def check(self) -> None:
        """Say before long work whether the folder can be written; change nothing.

        Raises:
            ResultError: as on entry.
        """
        above = (self.folder, *self.folder.absolute().parents)
        place = next(path for path in above if path.exists())
        if not place.is_dir():
            raise ResultError(f"cannot write results to {self.folder}: {place} is no folder")
        if not os.access(place, os.W_OK | os.X_OK):
            raise ResultError(f"cannot write results to {self.folder}: {place} is write-protected")
        self._refuse_foreign_files()

    def open(self) -> ResultFolder:
        """Take the folder and make an empty ``staging``; see the class for what is raised."""
        try:
            self._was_made = not self.folder.exists()
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.folder, self._wait)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        try:
            self._recover()
            self._refuse_foreign_files()
            self.staging.mkdir(parents=True)
        except OSError as error:
            self._release()
            raise unwritable(self.folder, error) from error
        except BaseException:
            self._release()
            raise
        return self

    def publish(self) -> None:
        """Replace the previous result by what is in ``staging``, and let go of the folder."""
        try:
            self._publish()
        except OSError as error:
            raise unwritable(self.folder, error) from error
        finally:
            self._release()

    def discard(self) -> None:
        """Leave the previous result as it is, and let go of the folder."""
        self._release()

    def __enter__(self) -> ResultFolder:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.publish()
            return
        self.discard()
        if isinstance(error, OSError) and error.errno in _DISK_FULL:
            raise unwritable(self.folder, error) from error

    def _publish(self) -> None:
        written = {
            str(path.relative_to(self.staging)): as_written(path)
            for path in sorted(self.staging.rglob("*"))
            if path.is_file() and STATE not in path.relative_to(self.staging).parts
        }
        # A process that wrote into ``staging`` by a result folder of its own left its list there.
        shutil.rmtree(self.staging / STATE, ignore_errors=True)
        unexpected = {entry.name for entry in self.staging.iterdir()} - set(self._names)
        if unexpected:
            raise ValueError(f"{self._command} did not announce {', '.join(sorted(unexpected))}")
        self._refuse_foreign_files()
        journal = {
            "command": self._command,
            "replaced": sorted({*self._names, *_top_levels(self._previous())}),
            "listed": self._listed,
            "files": {name: asdict(file) for name, file in written.items()},
        }
        beside = self._state / f"{_JOURNAL}.part"
        beside.write_text(json.dumps(journal), encoding="utf-8")
        # From here on the new result counts: a run that finds this file completes the renames.
        beside.replace(self._state / _JOURNAL)
        self._recover()

    def _recover(self) -> None:
        """Complete a publication that has begun, and discard everything else that is left."""
        journal = _read_json(self._state / _JOURNAL)
        if journal is not None:
            old, new = self._state / _OLD, self._state / _NEW
            for name in journal["replaced"]:
                if (new / name).exists():
                    _move_away(self.folder / name, old / name)
                    (new / name).rename(self.folder / name)
                elif name not in _top_levels(journal["files"]):
                    _move_away(self.folder / name, old / name)
            manifest = self._manifest(journal["command"])
            if journal["listed"]:
                (self._state / _JOURNAL).replace(manifest)
            else:
                manifest.unlink(missing_ok=True)
                (self._state / _JOURNAL).unlink()
        for name in (_NEW, _OLD):
            shutil.rmtree(self._state / name, ignore_errors=True)

    def _refuse_foreign_files(self) -> None:
        previous = self._previous() | self._owned
        for name in self._names:
            for path in files_at(self.folder / name):
                known = previous.get(str(path.relative_to(self.folder)))
                if known is None or not known.is_still(path):
                    writer = f"an earlier run of {self._command}" if self._listed else "mininet_ros"
                    raise ResultError(
                        f"{path} was not written by {writer}, or has been changed since: nothing "
                        "is replaced; give a new or empty folder, or move the file"
                    )

    def _previous(self) -> dict[str, WrittenFile]:
        journal = _read_json(self._manifest(self._command)) or {"files": {}}
        return {name: WrittenFile(**file) for name, file in journal["files"].items()}

    def _manifest(self, command: str) -> Path:
        return self._state / f"{command}.json"

    def _release(self) -> None:
        """Remove what is unfinished, and let other processes write the folder."""
        if not (self._state / _JOURNAL).exists():
            shutil.rmtree(self.staging, ignore_errors=True)
        _remove_if_empty(self._state)
        if self._was_made:
            _remove_if_empty(self.folder)
        os.close(self._lock)


def _refuse_inputs(
    folder: Path, names: Collection[str], inputs: Iterable[Path | str | None]
) -> None:
    target = folder.resolve()
    replaced = {(target / name).resolve(): name for name in names}
    for given in inputs:
        path = Path(given).expanduser() if given is not None else None
        if path is None or not path.exists():
            continue
        if path.resolve() == target:
            raise ResultError(
                f"{folder} is both the input and the output: give another output folder"
            )
        for real in _real_paths(path):
            for place in (real, *real.parents):
                if place in replaced:
                    raise ResultError(
                        f"the input {path} lies in {folder / replaced[place]}, which the result "
                        "would replace: give another output folder"
                    )


def _real_paths(path: Path) -> set[Path]:
    """A path with its links followed, and those of the links directly in a folder."""
    links = [entry for entry in path.iterdir() if entry.is_symlink()] if path.is_dir() else []
    return {entry.resolve() for entry in (path, *links)}


def _locked(folder: Path, wait: bool) -> int:
    """A descriptor that holds the folder's lock; the system releases it when the process ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError as error:
        os.close(descriptor)
        raise ResultError(
            f"another process is writing results to {folder}: wait until it ends, or give another "
            "folder"
        ) from error
    return descriptor


def _top_levels(names: Iterable[str]) -> set[str]:
    return {Path(name).parts[0] for name in names}


def _move_away(path: Path, target: Path) -> None:
    if path.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ResultError(
            f"{path} is damaged: remove {path.parent}, or give a new folder"
        ) from error

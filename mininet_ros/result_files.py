"""Single result files, written so that the previous one is never lost."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


class ResultError(ValueError):
    """A result cannot be written. The message names the folder, the reason and the remedy."""


@dataclass(frozen=True)
class WrittenFile:
    """Properties by which a written file is recognised later.

    Attributes:
        sha256: hexadecimal SHA-256 of the content.
        size: size in bytes; -1 if unknown.
        mtime_ns: time of the last change, ns since the epoch; -1 if unknown.
    """

    sha256: str
    size: int = -1
    mtime_ns: int = -1

    def is_still(self, path: Path) -> bool:
        """Return whether the file at ``path`` is the one that was written."""
        if path.is_symlink() or not path.is_file():
            return False
        found = path.stat()
        if (found.st_size, found.st_mtime_ns) == (self.size, self.mtime_ns):
            return True
        return self.size in (-1, found.st_size) and _sha256(path) == self.sha256


def check_result_file(path: Path, mark: bytes) -> None:
    """Check, before long work, whether a result file can be written.

    Args:
        path: path of the file.
        mark: part of the content of every file of this kind, such as a PNG's metadata.

    Raises:
        ResultError: there is another kind of file, or a file where its folder would be.
    """
    if path.exists() and not (path.is_file() and mark in path.read_bytes()):
        raise ResultError(
            f"{path} was not written by {mark.decode()}: it is not replaced; give another name"
        )
    above = path.absolute().parent
    if above.exists() and not above.is_dir():
        raise ResultError(f"{path} cannot be written: {above} is no folder")


def write_result_file(path: Path, content: bytes, mark: bytes) -> None:
    """Write one file of results so that an interrupted write leaves the previous one.

    Args:
        path, mark: as for :func:`check_result_file`.
        content: content of the file, which includes ``mark``.

    Raises:
        ResultError: see :func:`check_result_file`, or the disk is full.
    """
    check_result_file(path, mark)
    beside = path.with_name(f".{path.name}.part")
    try:
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> ResultError:
    """Return the error for a result that the system refuses to write."""
    return ResultError(
        f"cannot write results to {path}: {error.strerror or error}; what was there before is "
        "unchanged"
    )


def files_at(path: Path) -> list[Path]:
    """Return a file or link itself, or all files and links below a folder."""
    if path.is_symlink() or path.is_file():
        return [path]
    if not path.is_dir():
        return []
    return sorted(found for found in path.rglob("*") if found.is_symlink() or found.is_file())


def as_written(path: Path) -> WrittenFile:
    """Return the properties by which the file at ``path`` is recognised later."""
    found = path.stat()
    return WrittenFile(_sha256(path), found.st_size, found.st_mtime_ns)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()

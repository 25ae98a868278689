"""What is replaced is there as a whole, wherever the process that replaces it is stopped."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from movierate import files
from movierate.files import find_directory, replace_directory, replace_file
from tests.support.stopped import WAYS, is_stopped

OLD = {"a.json": b"old", "b.bin": b"old" * 1000, "report/plot.png": b"old"}
NEW = {"a.json": b"new", "c.bin": b"new" * 1000}


def content(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.fixture(params=["in one step", "in two steps"])
def exchange(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """On file systems that can swap two directories in one step, and on others."""
    if request.param == "in two steps":
        monkeypatch.setattr(files, "exchange", lambda one, other: False)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("before", [OLD, None], ids=["replaced", "first"])
@pytest.mark.usefixtures("exchange")
def test_a_directory_is_whole_wherever_its_replacement_stops(
    tmp_path: Path, way: str, before: dict[str, bytes] | None
) -> None:
    for step in itertools.count():
        directory = tmp_path / str(step) / "model"
        if before:
            replace_directory(directory, before)
        stopped = is_stopped(lambda: replace_directory(directory, NEW), step, way)  # noqa: B023
        found = find_directory(directory)
        assert content(found) in (([OLD] if before else [{}]) + [NEW])
        replace_directory(directory, NEW)
        assert find_directory(directory) == directory
        assert content(directory) == NEW
        if not stopped:
            break
    assert step > 8
    assert os.listdir(directory.parent) == ["model"]


@pytest.mark.usefixtures("exchange")
def test_a_directory_that_can_not_be_written_leaves_the_previous_one_alone(tmp_path: Path) -> None:
    replace_directory(tmp_path / "model", OLD)
    with pytest.raises(OSError, match="name too long"):
        replace_directory(tmp_path / "model", {**NEW, "x" * 999: b""})
    assert content(tmp_path / "model") == OLD
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.usefixtures("exchange")
def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    replace_directory(tmp_path / "v1", OLD)
    (tmp_path / "current").symlink_to("v1")
    replace_directory(tmp_path / "current", NEW)
    assert (tmp_path / "current").is_symlink()
    assert content(tmp_path / "v1") == NEW
    assert sorted(os.listdir(tmp_path)) == ["current", "v1"]


def test_here_directories_are_swapped_in_one_step(tmp_path: Path) -> None:
    replace_directory(tmp_path / "one", OLD)
    replace_directory(tmp_path / "other", NEW)
    if not files.exchange(tmp_path / "one", tmp_path / "other"):
        pytest.skip("not on this file system")
    assert content(tmp_path / "one") == NEW
    assert content(tmp_path / "other") == OLD


@pytest.mark.parametrize("way", WAYS)
def test_a_file_is_whole_wherever_its_replacement_stops(tmp_path: Path, way: str) -> None:
    for step in itertools.count():
        path = tmp_path / "file"
        replace_file(path, b"old")
        stopped = is_stopped(lambda: replace_file(tmp_path / "file", b"new"), step, way)
        assert path.read_bytes() in (b"old", b"new")
        if not stopped:
            break
    assert step > 1
    assert path.read_bytes() == b"new"

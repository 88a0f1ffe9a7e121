"""Files and directories appear whole or not at all."""

import os
from pathlib import Path

import pytest

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.output.files import (
    require_directory_can_be_written,
    require_file_can_be_written,
    write_directory,
    write_file,
)


def fail(path):
    path.write_text("half")
    raise OSError(28, "No space left on device")


def test_directory_is_written_and_replaced(tmp_path):
    out = tmp_path / "deep" / "results"
    for text in ("first", "second"):
        write_directory(out, {"model.safetensors": lambda path, text=text: path.write_text(text)})
        assert (out / "model.safetensors").read_text() == text
        assert os.listdir(out.parent) == ["results"]


def test_directory_has_the_usual_permissions(tmp_path):
    write_directory(tmp_path / "results", {})
    (tmp_path / "usual").mkdir()
    assert (tmp_path / "results").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_what_a_link_points_at_is_replaced(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "old.csv").touch()
    for link, to in (("link", "results"), ("link.csv", "old.csv")):
        (tmp_path / link).symlink_to(to)
    write_directory(tmp_path / "link", {"model.safetensors": lambda path: path.write_text("new")})
    write_file(tmp_path / "link.csv", lambda path: path.write_text("new"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "results/model.safetensors").read_text() == (tmp_path / "old.csv").read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["link", "link.csv", "old.csv", "results"]


def test_failure_leaves_no_directories(tmp_path):
    with pytest.raises(BadInput, match="No space left"):
        write_file(tmp_path / "a/b/c.csv", fail)
    assert os.listdir(tmp_path) == []


def test_names_may_be_as_long_as_the_system_has_them(tmp_path):
    write_file(tmp_path / ("x" * 255), lambda path: path.write_text("whole"))
    assert os.listdir(tmp_path) == ["x" * 255]


def test_places_that_take_no_files_are_refused_before_anything_is_trained(tmp_path):
    if not os.path.isdir("/proc/self"):
        pytest.skip("there is no /proc")
    for require, out in (
        (require_directory_can_be_written, "/proc/results"),
        (require_file_can_be_written, "/proc/predictions.csv"),
    ):
        with pytest.raises(BadInput, match=r"can't be created in '/proc'"):
            require(Path(out), False)
    require_directory_can_be_written(tmp_path / "a/b", False)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_pipes_and_devices_stay_what_they_are(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="not an ordinary file: leave --out out"):
        require_file_can_be_written(tmp_path / "pipe", True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
@pytest.mark.parametrize("kind", ["pipe", "link", "directory"])
def test_results_that_are_no_files_are_not_replaced(tmp_path, kind):
    model = tmp_path / "model.safetensors"
    {"pipe": os.mkfifo, "link": lambda path: path.symlink_to("/dev/null"), "directory": os.mkdir}[kind](model)
    with pytest.raises(BadInput, match=r"'model\.safetensors' in it, which is a link or not a file.*remove it"):
        require_directory_can_be_written(tmp_path, True)


def test_links_to_themselves(tmp_path):
    (tmp_path / "out").symlink_to("out")
    for require in (require_directory_can_be_written, require_file_can_be_written):
        with pytest.raises(BadInput, match="leads to itself"):
            require(tmp_path / "out", True)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_failure_leaves_the_earlier_results(tmp_path, error):
    out = tmp_path / "results"
    write_directory(out, {"model.safetensors": lambda path: path.write_text("earlier")})

    def stop(path):
        raise error

    with pytest.raises(error):
        write_directory(out, {"model.safetensors": lambda path: path.write_text("half"), "summary.json": stop})
    with pytest.raises(BadInput, match="No space left"):
        write_directory(out, {"model.safetensors": fail})
    assert (out / "model.safetensors").read_text() == "earlier"
    assert os.listdir(tmp_path) == ["results"]


def test_file_is_written_whole_or_not_at_all(tmp_path):
    out = tmp_path / "predictions.csv"
    with pytest.raises(BadInput, match="No space left"):
        write_file(out, fail)
    assert os.listdir(tmp_path) == []
    write_file(out, lambda path: path.write_text("whole"))
    assert out.read_text() == "whole"
    assert os.listdir(tmp_path) == ["predictions.csv"]

"""Files and directories appear whole or not at all."""

import os

import pytest

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.output import write_directory, write_file


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

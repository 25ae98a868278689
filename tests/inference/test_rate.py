"""`movierate rate`: texts from wherever a shell may take them."""

import pytest

from tests.support.process import run

pytestmark = pytest.mark.slow


def rate(command: str, **options: object) -> tuple[int, str, str]:
    done = run("bash", "-c", command, errors="surrogateescape", **options)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("redirected", ["<&-", "0>/dev/null"])
def test_a_stdin_that_can_not_be_read_is_told_of_in_a_line(redirected):
    code, out, error = rate(f"movierate rate {redirected}")
    assert (code, out) == (2, "")
    assert error.startswith("movierate: error: rate: stdin ")
    assert error.count("\n") == 1


def test_without_stdin_arguments_are_rated():
    code, out, error = rate("movierate rate 'a great film' <&-")
    assert (code, error) == (0, "")
    assert out.endswith("\ta great film\n")


def test_an_empty_stdin_gives_nothing():
    assert rate("movierate rate </dev/null") == (0, "", "")


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize(
    "command", [r"printf 'a caf\xe9 film\n' | movierate rate", r"movierate rate $'a caf\xe9 film'"]
)
def test_bytes_that_are_no_utf_8_come_out_as_they_went_in(command, locale):
    code, out, error = rate(command, env={"LC_ALL": locale})
    assert (code, error) == (0, "")
    stars, *_, text = out.split("\t")
    assert 1 <= float(stars) <= 10
    assert text.encode(errors="surrogateescape") == b"a caf\xe9 film\n"


@pytest.mark.parametrize("model", ["{folder}", "{folder}/notes.txt", "", "..", "{long}"])
def test_a_model_that_is_none_is_refused_in_a_line(model, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    name = model.format(folder=tmp_path, long="x" * 5000)
    done = run("movierate", "rate", "--model", name, "x", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("movierate: error: model: ")
    assert done.stderr.count("\n") == 1

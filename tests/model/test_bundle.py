"""A bundle comes back as it was saved, or is refused in one clear line."""

import dataclasses
import itertools
import json
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from movierate.errors import UserError
from movierate.inference.rater import Rater
from movierate.model import bundle as bundles
from movierate.model.baseline import Baseline, Histogram
from movierate.model.bundle import SHIPPED, load
from movierate.text.tokens import TOKENS_VERSION
from tests.support.stopped import WAYS, is_stopped

TEXTS = ["a good film", "not a good film, awful!", "bad bad plot 8/10"]


@pytest.fixture
def saved(small_bundle, tmp_path: Path) -> Path:
    small_bundle.save(tmp_path / "model")
    return tmp_path / "model"


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as error:
        load(path)
    message = str(error.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def restate(path: Path, **changes: object) -> None:
    """Change the manifest, and its own digest with it: as another version would write it."""
    manifest = json.loads((path / "bundle.json").read_text())
    manifest |= changes
    manifest.pop("sha256")
    manifest["sha256"] = bundles.manifest_digest(manifest)
    (path / "bundle.json").write_text(json.dumps(manifest))


def test_a_saved_bundle_rates_as_before(small_bundle, saved):
    before = Rater(small_bundle).rate(TEXTS).predicted_rating
    after = Rater(load(saved)).rate(TEXTS).predicted_rating
    np.testing.assert_array_equal(before, after)


@pytest.mark.slow
def test_keras_rates_as_the_rater_does_and_stays_on_the_scale(small_bundle):
    texts = [*TEXTS, "great " * 40, "awful " * 40]
    model = small_bundle.to_keras()
    stars = model.predict(small_bundle.encoder().encode(texts).ids, verbose=0)[:, 0]
    np.testing.assert_allclose(stars, Rater(small_bundle).rate(texts).predicted_rating, atol=0.005)
    assert stars.min() >= 1
    assert stars.max() <= 10


def test_the_model_id_tells_models_apart_and_nothing_else(small_bundle, tmp_path: Path):
    again = small_bundle.save(tmp_path / "again").model_id
    renamed = dataclasses.replace(small_bundle, metrics={"mae": 1.0}).save(tmp_path / "b").model_id
    other = dataclasses.replace(small_bundle, token_selection="last").save(tmp_path / "c").model_id
    assert small_bundle.save(tmp_path / "first").model_id == again == renamed
    assert other != again
    assert again.startswith("small-")


@pytest.mark.parametrize("name", ["bundle.json", "vocabulary.txt", "weights.safetensors"])
@pytest.mark.parametrize("where", [0.1, 0.5, 0.99])
def test_one_byte_changed(saved, name, where):
    data = bytearray((saved / name).read_bytes())
    data[int(len(data) * where)] ^= 1
    (saved / name).write_bytes(data)
    assert "copy the bundle again" in refusal(saved) or "use the movierate" in refusal(saved)


@pytest.mark.parametrize("name", ["bundle.json", "vocabulary.txt", "weights.safetensors"])
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    assert name in refusal(saved)


def test_a_newer_format(saved):
    restate(saved, format_version=2)
    assert "version 2 of the format, this movierate reads 1" in refusal(saved)


def test_another_definition_of_tokens(saved):
    restate(saved, text={"tokens_version": 9, "choose": "last"})
    assert "version 9 of the token definition" in refusal(saved)


def test_parts_that_do_not_fit(saved):
    restate(saved, text={"tokens_version": TOKENS_VERSION, "choose": "best"})
    assert "do not fit together" in refusal(saved)


def test_a_pickle_is_not_opened(saved):
    import pickle

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(saved / "trapped"),)

    (saved / "weights.safetensors").write_bytes(pickle.dumps(Trap()))
    refusal(saved)
    assert not (saved / "trapped").exists()


def test_an_unknown_name_lists_the_shipped_models():
    with pytest.raises(UserError, match=r"no bundle imbd.*\(imdb\)"):
        load("imbd")


def test_a_bundle_replaces_a_bundle_and_nothing_else(small_bundle, saved, tmp_path: Path):
    small_bundle.save(saved)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("keep")
    with pytest.raises(UserError, match="is not a model bundle"):
        small_bundle.save(tmp_path / "notes")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["model", "notes"]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_save_that_stops_anywhere_leaves_a_whole_model(small_bundle, tmp_path: Path, way):
    other = dataclasses.replace(small_bundle, token_selection="last")
    report = tmp_path / "report"
    report.mkdir()
    (report / "card.md").write_text("# A card\n")
    first = small_bundle.save(tmp_path / "0" / "model").model_id
    second = other.save(tmp_path / "other").model_id
    for step in itertools.count():
        directory = tmp_path / str(step) / "model"
        small_bundle.save(directory)
        stopped = is_stopped(lambda: other.save(directory, report=report), step, way)  # noqa: B023
        assert load(directory).model_id in (first, second)
        assert other.save(directory).model_id == second
        if not stopped:
            break
    assert step > 20


def test_whoever_reads_while_a_model_is_replaced_gets_a_whole_one(small_bundle, saved):
    def save() -> None:
        for token_selection in ("last", "ends", "salient") * 10:
            dataclasses.replace(small_bundle, token_selection=token_selection).save(saved)

    writer = multiprocessing.get_context("fork").Process(target=save)
    writer.start()
    found = set()
    while writer.is_alive():
        found.add(load(saved).token_selection)
    writer.join()
    assert writer.exitcode == 0
    assert len(found) > 1


def test_a_model_that_is_replaced_between_two_of_its_files_is_read_again(
    small_bundle, saved, monkeypatch
):
    read_file, others = (
        bundles.read_part,
        [dataclasses.replace(small_bundle, token_selection="last")],
    )

    def read_and_replace(*arguments):
        data = read_file(*arguments)
        if others:
            others.pop().save(saved)
        return data

    monkeypatch.setattr(bundles, "read_part", read_and_replace)
    assert load(saved).token_selection == "last"


def test_a_directory_that_is_no_bundle_is_not_read(tmp_path: Path):
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(1 << 40)
    os.mkfifo(tmp_path / "pipe")
    assert "has no bundle.json" in refusal(tmp_path)
    os.mkfifo(tmp_path / "bundle.json")
    assert "has no bundle.json" in refusal(tmp_path)


@pytest.mark.parametrize(
    "manifest", ["{}", "[]", "", "7", "\udc80", "[" * 99_999, '{"files": {"huge.bin": ""}}']
)
def test_a_bundle_json_of_something_else_is_refused_and_nothing_else_read(tmp_path, manifest):
    os.mkfifo(tmp_path / "huge.bin")  # whoever opens it waits for ever
    (tmp_path / "bundle.json").write_text(manifest, errors="surrogateescape")
    assert "was not written by movierate" in refusal(tmp_path)


@pytest.mark.parametrize("files", [["a"], 7, None, {"vocabulary.txt": None}])
def test_a_list_of_files_that_is_none(saved, files):
    restate(saved, files=files)
    assert "copy the bundle again" in refusal(saved)


@pytest.mark.parametrize("name", ["../secret.txt", "report/../../secret.txt", "{outside}"])
def test_files_outside_the_bundle_are_not_read(saved, name):
    outside = saved.parent / "secret.txt"
    outside.write_text("secret")
    restate(saved, files={name.format(outside=outside): "0" * 64})
    assert "is outside the bundle" in refusal(saved)


def test_links_may_lead_to_the_bundle_and_within_it_but_not_out_of_it(saved):
    (saved / "data").mkdir()
    (saved / "vocabulary.txt").rename(saved / "data" / "v")
    (saved / "vocabulary.txt").symlink_to("data/v")
    (saved.parent / "current").symlink_to("model")
    assert load(saved.parent / "current").name == "small"
    (saved / "data" / "v").rename(saved.parent / "v")
    (saved / "vocabulary.txt").unlink()
    (saved / "vocabulary.txt").symlink_to("../v")
    assert "vocabulary.txt is outside the bundle" in refusal(saved)


@pytest.mark.parametrize("name", ["bundle.json", "vocabulary.txt", "weights.safetensors"])
def test_a_file_that_is_too_large_is_not_read(saved, name):
    os.truncate(saved / name, 1 << 40)
    assert f"{name} is too large" in refusal(saved)


def test_a_file_given_as_a_model(saved):
    assert "is not a directory" in refusal(saved / "bundle.json")
    assert "is not a directory" in refusal(saved / "vocabulary.txt")


def test_a_directory_of_the_name_of_a_shipped_model_does_not_hide_it(tmp_path, monkeypatch):
    (tmp_path / "imdb").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load("imdb").name == "imdb"


def test_the_shipped_model_is_small_enough_for_git():
    size = sum(path.stat().st_size for path in (SHIPPED / "imdb").rglob("*") if path.is_file())
    assert size <= 12e6


BASELINE = Baseline(
    predicted_rating=Histogram((4.0, 7.0), (30, 40, 30)),
    words_read=Histogram((18.0, 36.0), (10, 30, 60)),
    known_words=Histogram((0.5, 1.0), (0, 20, 80)),
)


def test_the_baseline_of_drift_goes_along_and_does_not_change_the_model_id(small_bundle, saved):
    before = load(saved)
    assert before.baseline is None
    with_it = dataclasses.replace(small_bundle, baseline=BASELINE).save(saved)
    assert with_it.baseline == BASELINE
    assert with_it.model_id == before.model_id


def test_a_bundle_made_before_there_were_baselines_opens(saved):
    manifest = json.loads((saved / "bundle.json").read_text())
    del manifest["baseline"], manifest["sha256"]
    manifest["sha256"] = bundles.manifest_digest(manifest)
    (saved / "bundle.json").write_text(json.dumps(manifest))
    assert load(saved).baseline is None


def test_a_baseline_that_makes_no_sense_is_refused(saved):
    restate(saved, baseline={**BASELINE.to_json(), "words_read": {"edges": [3, 2], "rows": [1]}})
    assert "the edges do not rise" in refusal(saved)

"""A bundle comes back as it was saved, or is refused in one clear line."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest

from movierate.errors import UserError
from movierate.model import bundle as bundles
from movierate.model.baseline import Baseline, Histogram
from movierate.model.bundle import SHIPPED, load
from movierate.model.rater import Rater

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
    manifest["sha256"] = bundles._digest(manifest)
    (path / "bundle.json").write_text(json.dumps(manifest))


def test_a_saved_bundle_rates_as_before(small_bundle, saved):
    before = Rater(small_bundle).rate(TEXTS).predicted_rating
    after = Rater(load(saved)).rate(TEXTS).predicted_rating
    np.testing.assert_array_equal(before, after)


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
    other = dataclasses.replace(small_bundle, choose="last").save(tmp_path / "c").model_id
    assert small_bundle.save(tmp_path / "first").model_id == again == renamed
    assert other != again
    assert again.startswith("small-")


@pytest.mark.parametrize("name", ["bundle.json", "vocabulary.txt", "weights.safetensors"])
@pytest.mark.parametrize("where", [0.1, 0.5, 0.99])
def test_one_byte_changed(saved, name, where):
    data = bytearray((saved / name).read_bytes())
    data[int(len(data) * where)] ^= 1
    (saved / name).write_bytes(data)
    assert "copy the bundle anew" in refusal(saved) or "use the movierate" in refusal(saved)


@pytest.mark.parametrize("name", ["bundle.json", "vocabulary.txt", "weights.safetensors"])
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    assert name in refusal(saved)


def test_a_newer_format(saved):
    restate(saved, format_version=2)
    assert "version 2 of the format, this movierate knows 1" in refusal(saved)


def test_another_definition_of_tokens(saved):
    restate(saved, text={"tokens_version": 9, "choose": "last"})
    assert "version 9 of the token definition" in refusal(saved)


def test_parts_that_do_not_fit(saved):
    restate(saved, text={"tokens_version": 1, "choose": "best"})
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
    with pytest.raises(UserError, match="is no model bundle"):
        small_bundle.save(tmp_path / "notes")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["model", "notes"]


def test_a_save_that_breaks_leaves_the_previous_bundle(small_bundle, saved, monkeypatch):
    def break_off(*_args):
        raise KeyboardInterrupt

    before = load(saved).model_id
    monkeypatch.setattr(Path, "write_bytes", break_off)
    with pytest.raises(KeyboardInterrupt):
        small_bundle.save(saved)
    monkeypatch.undo()
    assert load(saved).model_id == before
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


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
    manifest["sha256"] = bundles._digest(manifest)
    (saved / "bundle.json").write_text(json.dumps(manifest))
    assert load(saved).baseline is None


def test_a_baseline_that_makes_no_sense_is_refused(saved):
    restate(saved, baseline={**BASELINE.to_json(), "words_read": {"edges": [3, 2], "rows": [1]}})
    assert "the edges do not rise" in refusal(saved)

"""A model on disk: a directory of three files and a report, verified when it is opened.

====================  ==============================================================================
bundle.json           format version, name, architecture, rating scale, text settings, metrics,
                      intervals, what it was trained on, the baseline of drift, the SHA-256 of
                      each other file and of itself
vocabulary.txt        one token a line, in id order
weights.safetensors   the layers' weights as `movierate.model.architecture.get_weights` names
                      them, and ``salience`` (ids,)
report/               the model card, plots and tables, for people
====================  ==============================================================================

Nothing in it is ever unpickled or executed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from movierate.errors import UserError
from movierate.model import geometry
from movierate.model.baseline import Baseline
from movierate.model.intervals import Intervals
from movierate.text.encoder import Encoder
from movierate.text.tokens import TOKENS_VERSION
from movierate.text.vocabulary import Vocabulary
from movierate.text.window import CHOICES

FORMAT_VERSION = 1
MANIFEST = "bundle.json"
VOCABULARY = "vocabulary.txt"
WEIGHTS = "weights.safetensors"
REPORT = "report"
CARD = "report/card.md"

SHIPPED = Path(__file__).parent.parent / "models"
"""Where the models that come with movierate lie, a directory each."""

DEFAULT_MODEL = "imdb"


@dataclass(frozen=True)
class Bundle:
    """A trained model and all that decides what it reads."""

    name: str
    window: int
    choose: str
    vocabulary: Vocabulary
    salience: NDArray[np.float32]
    """(ids,) float32."""
    weights: Mapping[str, NDArray[np.float32]]
    """float32, by the names of `movierate.model.architecture.get_weights`."""
    rating_scale: tuple[float, float] = (1.0, 10.0)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    intervals: Intervals | None = None
    training_data: Mapping[str, Any] = field(default_factory=dict)
    baseline: Baseline | None = None
    """Of reviews held out; None in a bundle of an earlier movierate."""
    model_id: str = ""
    """The name and the digest of what decides a rating; empty until saved."""

    def encoder(self) -> Encoder:
        """What turns texts into this model's input."""
        live = geometry.live_positions(self.window)
        return Encoder(self.vocabulary, self.salience, self.window, live, self.choose)

    def to_keras(self) -> Any:
        """This model in Keras: ids (n, window) int32 to stars (n, 1), equal to the rater's.

        Raises:
            UserError: TensorFlow is not installed.
        """
        try:
            from movierate.model import architecture
        except ImportError:
            raise UserError(
                "to_keras needs TensorFlow, which is not installed: pip install 'movierate[train]'"
            ) from None
        scale = architecture.Stars(*self.rating_scale)
        model = architecture.build(self.window, len(self.vocabulary), activation=scale)
        architecture.set_weights(model, dict(self.weights))
        return model

    def save(self, directory: Path, dtype: str = "float16", report: Path | None = None) -> Bundle:
        """Write the bundle; whole or not at all under the name given.

        Args:
            directory: replaced if it is a bundle already.
            dtype: of the weights on disk. They are rounded to it, so use what this returns.
            report: a directory of plots and tables to go with it.

        Returns:
            The bundle as a later `load` gives it.

        Raises:
            UserError: there is something else under that name.
        """
        check_replaceable(directory)
        rounded = {name: array.astype(dtype) for name, array in self.weights.items()}
        files = {
            VOCABULARY: ("\n".join(self.vocabulary.tokens) + "\n").encode(),
            WEIGHTS: safetensors.numpy.save({**rounded, "salience": self.salience}),
        }
        for path in sorted(report.rglob("*")) if report else ():
            if path.is_file() and report:
                files[f"{REPORT}/{path.relative_to(report).as_posix()}"] = path.read_bytes()
        manifest = {
            "format_version": FORMAT_VERSION,
            "name": self.name,
            "architecture": {"window": self.window, "vocabulary_size": len(self.vocabulary)},
            "rating_scale": list(self.rating_scale),
            "text": {"tokens_version": TOKENS_VERSION, "choose": self.choose},
            "metrics": dict(self.metrics),
            "intervals": self.intervals and self.intervals.to_json(),
            "training_data": dict(self.training_data),
            "baseline": self.baseline and self.baseline.to_json(),
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        }
        manifest["sha256"] = _digest(manifest)
        files[MANIFEST] = (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
        _write_whole(directory, files)
        return load(directory)


class BundleFiles:
    """The bytes of the three files that a rater needs: what travels to executors."""

    def __init__(self, files: Mapping[str, bytes], where: str) -> None:
        """Take the bytes of each file by name.

        Args:
            files: `MANIFEST`, `VOCABULARY` and `WEIGHTS`, and any of the report.
            where: names the bundle in errors.
        """
        self.files = files
        self._where = where

    @cached_property
    def bundle(self) -> Bundle:
        """The bundle, its digests verified.

        Raises:
            UserError: a file is missing or altered, or another version of movierate made it.
        """
        manifest = self._manifest()
        tokens = self._verified(manifest, VOCABULARY).decode().splitlines()
        try:
            arrays = safetensors.numpy.load(self._verified(manifest, WEIGHTS))
            weights = {name: array.astype(np.float32) for name, array in arrays.items()}
            salience = weights.pop("salience")
            decisive = {key: manifest[key] for key in _DECISIVE}
            decisive["files"] = {name: manifest["files"][name] for name in (VOCABULARY, WEIGHTS)}
            low, high = manifest["rating_scale"]
            intervals, baseline = manifest["intervals"], manifest.get("baseline")
            bundle = Bundle(
                name=manifest["name"],
                window=manifest["architecture"]["window"],
                choose=manifest["text"]["choose"],
                vocabulary=Vocabulary(tokens),
                salience=salience,
                weights=weights,
                rating_scale=(low, high),
                metrics=manifest["metrics"],
                intervals=None
                if intervals is None
                else Intervals.from_json(intervals, (low, high)),
                training_data=manifest["training_data"],
                baseline=None if baseline is None else Baseline.from_json(baseline),
                model_id=f"{manifest['name']}-{_digest(decisive)[:12]}",
            )
            _check_shapes(bundle)
        except (KeyError, TypeError, ValueError, safetensors.SafetensorError) as error:
            raise self._broken(f"its parts do not fit together ({error})") from None
        return bundle

    def to_rate(self) -> BundleFiles:
        """Without the report."""
        files = {name: self.files[name] for name in (MANIFEST, VOCABULARY, WEIGHTS)}
        return BundleFiles(files, self._where)

    def _manifest(self) -> dict[str, Any]:
        if MANIFEST not in self.files:
            raise self._broken(f"it has no {MANIFEST}")
        try:
            manifest: dict[str, Any] = json.loads(self.files[MANIFEST])
            version = manifest["format_version"]
        except (ValueError, KeyError, TypeError):
            raise self._broken(f"{MANIFEST} is not what movierate writes") from None
        if version != FORMAT_VERSION:
            raise self._other_version("format", version, FORMAT_VERSION)
        stated = manifest.pop("sha256", None)
        if stated != _digest(manifest):
            raise self._broken(f"{MANIFEST} was altered: its SHA-256 is not the one stated")
        tokens_version = manifest["text"]["tokens_version"]
        if tokens_version != TOKENS_VERSION:
            raise self._other_version("token definition", tokens_version, TOKENS_VERSION)
        for name in manifest["files"]:
            if name in self.files or not name.startswith(REPORT + "/"):
                self._verified(manifest, name)
        return manifest

    def _verified(self, manifest: Mapping[str, Any], name: str) -> bytes:
        if name not in self.files:
            raise self._broken(f"{name} is missing")
        data = self.files[name]
        if hashlib.sha256(data).hexdigest() != manifest["files"][name]:
            raise self._broken(f"{name} was altered: its SHA-256 is not the one in {MANIFEST}")
        return data

    def _broken(self, why: str) -> UserError:
        return UserError(f"model: {self._where}: {why}: copy the bundle anew or train it again")

    def _other_version(self, what: str, found: object, known: int) -> UserError:
        return UserError(
            f"model: {self._where}: it has version {found} of the {what}, this movierate knows "
            f"{known}: use the movierate that made it, or train it again"
        )


_DECISIVE = ("format_version", "architecture", "rating_scale", "text", "intervals")


def load(name_or_dir: str | Path) -> Bundle:
    """The bundle of that name among the shipped ones, or in that directory.

    Raises:
        UserError: there is none, or it is broken, altered, or of another version.
    """
    return read(name_or_dir).bundle


def read(name_or_dir: str | Path) -> BundleFiles:
    """The bytes of a bundle's files, not yet verified.

    Raises:
        UserError: there is no such bundle.
    """
    directory = find(name_or_dir)
    files = {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }
    return BundleFiles(files, where=str(name_or_dir))


def find(name_or_dir: str | Path) -> Path:
    """The directory of a bundle that is named as a shipped model or by its directory.

    Raises:
        UserError: there is none.
    """
    directory = Path(name_or_dir)
    if not directory.is_dir() and len(directory.parts) == 1:
        directory = SHIPPED / name_or_dir
    if not directory.is_dir():
        raise UserError(
            f"model: there is no bundle {name_or_dir}: give the directory that train.py wrote, "
            f"or a shipped model ({', '.join(shipped())})"
        )
    return directory


def shipped() -> list[str]:
    """The names of the models that come with movierate."""
    return sorted(path.name for path in SHIPPED.iterdir() if path.is_dir())


def is_bundle(directory: Path) -> bool:
    """Whether a model lies there, whole or not."""
    return (directory / MANIFEST).is_file()


def check_replaceable(directory: Path) -> None:
    """Make sure that a bundle may be written there.

    Raises:
        UserError: there is a file of that name, or a directory that is no bundle.
    """
    is_empty = directory.is_dir() and not any(directory.iterdir())
    if directory.exists() and not is_bundle(directory) and not is_empty:
        raise UserError(
            f"output: {directory} is there already and is no model bundle: name another"
        )


def _check_shapes(bundle: Bundle) -> None:
    """Raises ValueError if the weights are not those of the stack."""
    ids = len(bundle.vocabulary)
    shapes = {name: array.shape for name, array in bundle.weights.items()}
    if shapes != geometry.weight_shapes(ids) or bundle.salience.shape != (ids,):
        raise ValueError("the shapes of the weights are not the stack's")
    if bundle.choose not in CHOICES:
        raise ValueError(f"choose: {bundle.choose}")
    geometry.lengths(bundle.window)


def _digest(value: Mapping[str, Any]) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _write_whole(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write a directory beside its place, then move it there."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    partial = directory.with_name(f".{directory.name}.{os.getpid()}.partial")
    previous = directory.with_name(f".{directory.name}.{os.getpid()}.previous")
    try:
        for name, data in files.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if directory.exists():
            directory.rename(previous)
        partial.rename(directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(previous, ignore_errors=True)

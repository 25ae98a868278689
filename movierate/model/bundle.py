"""A model on disk: three files and a report, verified when opened.

====================  ==============================================================================
bundle.json           format version, name, architecture, rating scale, text settings, metrics,
                      intervals, what it was trained on, the baseline of drift, the SHA-256 of
                      each other file and of itself
vocabulary.txt        one token a line, in id order
weights.safetensors   the layers' weights as `movierate.model.network.get_weights` names
                      them, and ``salience`` (ids,)
report/               the model card, plots and tables, for people
====================  ==============================================================================

Nothing in it is ever unpickled or executed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from movierate.errors import UserError
from movierate.files import find_directory, replace_directory
from movierate.model import shapes
from movierate.model.baseline import Baseline
from movierate.model.intervals import Intervals
from movierate.text.encoder import Encoder
from movierate.text.tokens import TOKENS_VERSION
from movierate.text.vocabulary import Vocabulary
from movierate.text.window import TOKEN_SELECTIONS

FORMAT_VERSION = 1
MANIFEST = "bundle.json"
VOCABULARY = "vocabulary.txt"
WEIGHTS = "weights.safetensors"
REPORT = "report"
CARD = "report/card.md"

SHIPPED = Path(__file__).parent.parent / "models"
"""Where the models that come with movierate lie, a directory each."""

DEFAULT_MODEL = "imdb"

LARGEST, LARGEST_MANIFEST = 4 << 30, 16 << 20
"""Bytes of a bundle's files, and of its manifest, at most; the shipped one has ten million."""


@dataclass(frozen=True)
class Bundle:
    """A trained model, with its vocabulary and text settings."""

    name: str
    window: int
    token_selection: str
    vocabulary: Vocabulary
    salience: NDArray[np.float32]
    """(ids,) float32."""
    weights: Mapping[str, NDArray[np.float32]]
    """float32, by the names of `movierate.model.network.get_weights`."""
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
        live = shapes.receptive_length(self.window)
        return Encoder(self.vocabulary, self.salience, self.window, live, self.token_selection)

    def to_keras(self) -> Any:
        """This model in Keras: ids (n, window) int32 to stars (n, 1), equal to the rater's.

        Raises:
            UserError: TensorFlow is not installed.
        """
        try:
            from movierate.model import network
        except ImportError:
            raise UserError(
                "to_keras needs TensorFlow, which is not installed: pip install 'movierate[train]'"
            ) from None
        scale = network.Stars(*self.rating_scale)
        model = network.build(self.window, len(self.vocabulary), activation=scale)
        network.set_weights(model, dict(self.weights))
        return model

    def save(self, directory: Path, dtype: str = "float16", report: Path | None = None) -> Bundle:
        """Write the bundle; at every moment the new one or the one before it is there, whole.

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
            "text": {"tokens_version": TOKENS_VERSION, "choose": self.token_selection},
            "metrics": dict(self.metrics),
            "intervals": self.intervals and self.intervals.to_json(),
            "training_data": dict(self.training_data),
            "baseline": self.baseline and self.baseline.to_json(),
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        }
        manifest["sha256"] = manifest_digest(manifest)
        files[MANIFEST] = (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
        replace_directory(directory, files)
        return load(directory)


class BundleFiles:
    """The bytes of the three files that a rater needs. Spark broadcasts them."""

    def __init__(self, files: Mapping[str, bytes], where: str) -> None:
        """Take the bytes of each file by name.

        Args:
            files: `MANIFEST`, `VOCABULARY` and `WEIGHTS`, and any of the report.
            where: names the bundle in errors.
        """
        self.files = files
        self._where = where

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """What `MANIFEST` says, verified.

        Raises:
            UserError: it is altered, or another version of movierate made it.
        """
        try:
            manifest: dict[str, Any] = json.loads(self.files[MANIFEST])
            version = manifest["format_version"]
            if version != FORMAT_VERSION:
                raise self._other_version("format", version, FORMAT_VERSION)
            if manifest.pop("sha256", None) != manifest_digest(manifest):
                raise self._broken(f"{MANIFEST} was altered: its SHA-256 is not the one stated")
            version, files = manifest["text"]["tokens_version"], dict(manifest["files"])
        except (LookupError, TypeError, ValueError, RecursionError):
            raise self._broken(f"{MANIFEST} was not written by movierate") from None
        if version != TOKENS_VERSION:
            raise self._other_version("token definition", version, TOKENS_VERSION)
        return manifest | {"files": files}

    @cached_property
    def bundle(self) -> Bundle:
        """The bundle, its digests verified.

        Raises:
            UserError: a file is missing or altered, or another version of movierate made it.
        """
        manifest = self.manifest
        self._verify_files()
        try:
            tokens = self.files[VOCABULARY].decode().splitlines()
            arrays = safetensors.numpy.load(self.files[WEIGHTS])
            weights = {name: array.astype(np.float32) for name, array in arrays.items()}
            salience = weights.pop("salience")
            decisive = {key: manifest[key] for key in _DECISIVE}
            decisive["files"] = {name: manifest["files"][name] for name in (VOCABULARY, WEIGHTS)}
            low, high = manifest["rating_scale"]
            intervals, baseline = manifest["intervals"], manifest.get("baseline")
            bundle = Bundle(
                name=manifest["name"],
                window=manifest["architecture"]["window"],
                token_selection=manifest["text"]["choose"],
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
                model_id=f"{manifest['name']}-{manifest_digest(decisive)[:12]}",
            )
            _check_shapes(bundle)
        except (LookupError, TypeError, ValueError, safetensors.SafetensorError) as error:
            raise self._broken(f"its parts do not fit together ({error})") from None
        return bundle

    def to_rate(self) -> BundleFiles:
        """Without the report."""
        files = {name: self.files[name] for name in (MANIFEST, VOCABULARY, WEIGHTS)}
        return BundleFiles(files, self._where)

    def _verify_files(self) -> None:
        stated = self.manifest["files"]
        for name in {VOCABULARY: "", WEIGHTS: "", **stated}:
            if name in self.files:
                if hashlib.sha256(self.files[name]).hexdigest() != stated.get(name):
                    why = f"{name} was altered: its SHA-256 is not the one in {MANIFEST}"
                    raise self._broken(why)
            elif not name.startswith(REPORT + "/"):
                raise self._broken(f"{name} is missing")

    def _broken(self, why: str) -> UserError:
        return UserError(f"model: {self._where}: {why}: copy the bundle again or train it again")

    def _other_version(self, what: str, found: object, known: int) -> UserError:
        return UserError(
            f"model: {self._where}: it has version {found} of the {what}, this movierate reads "
            f"{known}: use the movierate that made it, or train it again"
        )


_DECISIVE = ("format_version", "architecture", "rating_scale", "text", "intervals")


def load(name_or_dir: str | Path) -> Bundle:
    """The bundle of that name among the shipped ones, or in that directory.

    Raises:
        UserError: there is none, or it is broken, altered, or of another version.
    """
    return read(name_or_dir).bundle


def read(name_or_dir: str | Path, named: str | None = None) -> BundleFiles:
    """The bytes of the files that a bundle's manifest names, not yet verified.

    Args:
        name_or_dir: a shipped bundle or a directory.
        named: what messages call it, if the user named another place.

    Raises:
        UserError: there is no such bundle, it can't be read or is too large.
    """
    where = named or str(name_or_dir)
    with _explain_errors(where):
        before = None
        while before != (state := _state(find(name_or_dir))):  # replaced while it was read
            before = state
            files = dict(_read_files(find(name_or_dir), where))
    return BundleFiles(files, where)


def _state(directory: Path) -> tuple[int, ...]:
    """Identifies a directory, to notice that it was replaced."""
    found = directory.stat()
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _read_files(directory: Path, where: str) -> Iterator[tuple[str, bytes]]:
    """The manifest, and of the files that it names those that are there."""
    room = LARGEST
    manifest = read_part(_inside(directory, MANIFEST, where), LARGEST_MANIFEST, where)
    for name in BundleFiles({MANIFEST: manifest}, where).manifest["files"]:
        path = _inside(directory, name, where)
        if path.is_file():
            data = read_part(path, room, where)
            room -= len(data)
            yield name, data
    yield MANIFEST, manifest


def _inside(directory: Path, name: str, where: str) -> Path:
    """Where a file of a bundle lies; the name comes from the manifest, and may be anything."""
    path = (directory / name).resolve()
    if not path.is_relative_to(directory.resolve()):
        raise UserError(
            f"model: {where}: {name} is outside the bundle: copy the bundle with cp -rL"
        )
    return path


def read_part(path: Path, most: int, where: str) -> bytes:
    """One file of a bundle, of at most so many bytes.

    Raises:
        UserError: it is larger.
    """
    if path.stat().st_size > most:
        raise UserError(f"model: {where}: {path.name} is too large for a model")
    return path.read_bytes()


@contextmanager
def _explain_errors(where: str) -> Iterator[None]:
    """Turn errors of the operating system into one line for the user."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:  # also a loop of links, a null byte
        why = getattr(error, "strerror", None) or error
        raise UserError(f"model: {where}: it can't be read: {why}") from None


def find(name_or_dir: str | Path) -> Path:
    """The directory of a bundle that is named as a shipped model or by its directory.

    Raises:
        UserError: there is none.
    """
    given = Path(name_or_dir)
    places = [given, SHIPPED / given] if len(given.parts) == 1 else [given]
    hint = f"give the directory that train.py wrote, or a shipped model ({', '.join(shipped())})"
    with _explain_errors(str(name_or_dir)):
        for directory in map(find_directory, places):
            if is_bundle(directory):
                return directory
        if given.is_dir():
            raise UserError(f"model: {given} is not a bundle, it has no {MANIFEST}: {hint}")
        if given.exists():
            raise UserError(f"model: {given} is not a directory: {hint}")
    raise UserError(f"model: found no bundle {name_or_dir}: {hint}")


def shipped() -> list[str]:
    """The names of the models that come with movierate."""
    return sorted(path.name for path in SHIPPED.iterdir() if path.is_dir())


def is_bundle(directory: Path) -> bool:
    """Whether the directory has a model, complete or not."""
    return (find_directory(directory) / MANIFEST).is_file()


def check_replaceable(directory: Path) -> None:
    """Make sure that a bundle may be written there.

    Raises:
        UserError: there is a file of that name, or a directory that is no bundle.
    """
    is_empty = directory.is_dir() and not any(directory.iterdir())
    if directory.exists() and not is_bundle(directory) and not is_empty:
        raise UserError(
            f"output: {directory} exists and is not a model bundle: choose another directory"
        )


def _check_shapes(bundle: Bundle) -> None:
    """Raises ValueError if the weights are not those of the stack."""
    ids = len(bundle.vocabulary)
    found = {name: array.shape for name, array in bundle.weights.items()}
    if found != shapes.weight_shapes(ids) or bundle.salience.shape != (ids,):
        raise ValueError("the shapes of the weights are not those of the network")
    if bundle.token_selection not in TOKEN_SELECTIONS:
        raise ValueError(f"choose: {bundle.token_selection}")
    shapes.lengths(bundle.window)


def manifest_digest(value: Mapping[str, Any]) -> str:
    """The SHA-256 of a manifest, which has no key sha256 yet."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()

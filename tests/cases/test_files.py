"""Which files of an input are read: all of them, each once, or the run is refused."""

from __future__ import annotations

import pytest

from tests.support.inputs import BAD, GOOD, review, write, write_lines, write_parquet, write_rows
from tests.support.outcome import all_rated, process_refused, refused
from tests.support.process import ROOT, run

SUFFIXES = (".jsonl", ".csv", ".parquet")
FRENCH_AND_CHINESE = "Amélie 電影.jsonl"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nested_directories(score, dump, suffix):
    write_rows(dump / "2024" / "01" / f"a{suffix}", review("1"))
    write_rows(dump / "2024" / "02" / f"b{suffix}", review("2"))
    outcome = score()
    all_rated(outcome, 2)
    assert outcome.column("review_id") == ["1", "2"]
    assert outcome.record["input_files"] == 2


def test_nested_directories_in_incremental_runs(score, dump):
    write_lines(dump / "2024" / "01" / "a.jsonl", review("1"))
    all_rated(score("--incremental"), 1)
    write_lines(dump / "2024" / "02" / "b.jsonl", review("2"))
    all_rated(score("--incremental"), 2)


def test_a_readme_in_a_directory_is_no_dump(score, dump):
    write(dump / "README.md", "---\nlicense: other\n---\n# Reviews\n")
    path = dump / "plain_text" / "train-00000-of-00001.parquet"
    write_parquet(path, text=[GOOD], label=[1])
    all_rated(score(), 1)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_beside_partitions(score, dump, suffix):
    write_rows(dump / f"top{suffix}", review("at-top"))
    write_rows(dump / "year=2020" / f"p{suffix}", review("in-partition"))
    outcome = score("--keep", "year")
    all_rated(outcome, 2)
    assert outcome.column("review_id") == ["at-top", "in-partition"]
    assert [year and str(int(year)) for year in outcome.column("year")] == [None, "2020"]


@pytest.mark.parametrize("name", ["_reviews.jsonl", ".reviews.jsonl"])
def test_a_hidden_file_that_is_named(score, dump, name):
    path = write_lines(dump / name, review("1"))
    refused(score(input=path), name, "Spark", "rename")


def test_a_hidden_file_among_others_that_are_named(score, dump):
    paths = [write_lines(dump / name, review(name)) for name in ("a.jsonl", "_b.jsonl")]
    refused(score(input=paths), "_b.jsonl", "rename")


def test_two_stars_in_a_pattern(score, dump):
    for folder in (dump, dump / "a", dump / "a" / "b"):
        write_lines(folder / "r.jsonl", review(folder.name))
    refused(score(input=f"{dump}/**/*.jsonl"), "**", "name the directory")
    refused(score("--incremental", input=f"{dump}/**/*.jsonl"), "**", "name the directory")


def test_a_pattern_does_not_match_hidden_directories(score, dump):
    write_lines(dump / "a" / "r.jsonl", review("1"))
    for folder in (".ipynb_checkpoints", "_private"):
        write_lines(dump / folder / "r.jsonl", review(folder))
    pattern = f"{dump}/*/*.jsonl"
    all_rated(score(input=pattern), 1)
    all_rated(score(input=[pattern, f"{dump}/_private/*.jsonl"]), 2)


def test_a_pattern_does_not_match_hidden_directories_in_incremental_runs(score, dump):
    write_lines(dump / "a" / "r.jsonl", review("1"))
    write_lines(dump / "_private" / "r.jsonl", review("2"))
    all_rated(score("--incremental", input=f"{dump}/*/*.jsonl"), 1)


def test_a_document_that_is_named_is_read(score, dump):
    path = write_lines(dump / "reviews.md", review("1"))
    all_rated(score("--format", "jsonl", input=path), 1)


def test_a_document_that_is_named_is_read_in_incremental_runs(score, dump):
    path = write_lines(dump / "reviews.md", review("1"))
    all_rated(score("--incremental", "--format", "jsonl", input=path), 1)


@pytest.mark.parametrize("name", ["more.jsonl", "pos/drama/0.txt", "c.csv.gz"])
def test_other_reviews_in_a_tree_of_good_and_bad_reviews(score, dump, name):
    for number in range(3):
        write(dump / "pos" / f"{number}.txt", GOOD)
        write(dump / "neg" / f"{number}.txt", BAD)
    for other in ("README", "poldata.README.2.0", "imdb.vocab", "labeledBow.feat", "urls_pos.txt"):
        write(dump / other, "about the reviews")
    all_rated(score(), 6)
    write(dump / name, GOOD)
    refused(score(), name, "tree", "move it away")


def test_trees_of_two_datasets(score, dump):
    for part in ("books", "dvd"):
        write(dump / part / "train" / "pos" / "0.txt", GOOD)
        write(dump / part / "train" / "neg" / "0.txt", BAD)
    outcome = score()
    all_rated(outcome, 4)
    assert outcome.column("review_id")[0] == "books/train/neg/0"
    one = score(input=dump / "dvd")
    all_rated(one, 2)
    assert one.column("review_id") == ["train/neg/0", "train/pos/0"]


def test_a_pattern_of_hidden_files(score, dump):
    write_lines(dump / "_a.jsonl", review("1"))
    refused(score(input=dump / "_*.jsonl"), "rename")


def test_what_spark_leaves_beside_its_files_is_passed_over(score, dump):
    write_lines(dump / "part-0.jsonl", review("1"))
    write(dump / "_SUCCESS", "")
    write(dump / "_temporary" / "0" / "part-1.jsonl", "half a li")
    all_rated(score(), 1)
    all_rated(score(input=f"{dump}/*"), 1)


def test_nothing_but_hidden_files_leaves_the_day_as_it_is(score, dump):
    path = write_lines(dump / "a.jsonl", review("1"))
    all_rated(score(), 1)
    path.rename(dump / "_a.jsonl")
    outcome = score()
    refused(outcome, "no files")
    assert len(outcome.ratings) == 1


def test_a_tree_of_good_and_bad_reviews(score, dump):
    for name in ("cv000_29590.txt", "cv001_18431.txt"):
        write(dump / "pos" / name, GOOD)
        write(dump / "neg" / name, BAD)
    outcome = score()
    all_rated(outcome, 4)
    assert sorted(outcome.column("rating")) == [3.25, 3.25, 7.75, 7.75]


@pytest.mark.spark
def test_no_locale_and_names_beyond_ascii(dump, tmp_path):
    """As cron and containers call it."""
    path = write_lines(dump / FRENCH_AND_CHINESE, review("1"), review("2"))
    out = tmp_path / "outputs" / "ausgabe ü"
    clear = f'env -i PATH="$PATH" HOME="$HOME" PYTHONPATH="{ROOT}"'
    command = f'{clear} spark-submit jobs/score.py --input "{path}" --output "{out}" 2>&1'
    result = run("bash", "-c", command)
    rated_or_refused_for_the_locale(result, 2)
    assert {path.name for path in (tmp_path / "outputs").glob("*")} <= {"ausgabe ü"}
    assert (result.returncode == 0) == any(out.glob("ratings/*/*.parquet"))


def rated_or_refused_for_the_locale(result, count: int) -> None:
    said = result.stdout + result.stderr
    if result.returncode == 0:
        assert f"rated     {count:>14,}" in said
    else:
        assert result.returncode == 2, said
        assert "LC_ALL" in said
        assert len(said.splitlines()) == 1


def test_the_same_file_twice_is_read_once(score, dump):
    path = write_lines(dump / "a.jsonl", review("1"), review("2"))
    all_rated(score(input=[path, path]), 2)
    all_rated(score(input=[dump, path]), 2)
    all_rated(score(input=[dump, f"{dump}/*.jsonl", f"file://{path}"]), 2)


def test_a_file_beside_its_packed_copy(score, dump):
    for name in ("a.csv", "a.csv.gz"):
        write(dump / name, f"id,movie,review\n1,m,{GOOD}\n")
    refused(score(), "a.csv", "a.csv.gz")


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_a_directory_gives_the_movie(score, dump, suffix):
    movies = {
        "x": "x",
        "0005019281": "0005019281",
        "A%20B": "A B",
        "__HIVE_DEFAULT_PARTITION__": None,
    }
    for number, directory in enumerate(movies):
        row = {"id": str(number), "text": GOOD}
        write_rows(dump / f"movie={directory}" / f"part{suffix}", row)
    outcome = score()
    all_rated(outcome, 4)
    assert outcome.column("movie_id") == list(movies.values())


def test_movies_in_directories_keep_their_leading_zeros(score, dump):
    for movie in ("0005019281", "0307141985"):
        write_parquet(dump / f"asin={movie}" / "p.parquet", review_id=[movie], text=[GOOD])
    outcome = score()
    all_rated(outcome, 2)
    assert outcome.column("movie_id") == ["0005019281", "0307141985"]


@pytest.mark.spark
def test_no_permission(dump, tmp_path):
    path = write_lines(dump / "r.jsonl", review("1"))
    path.chmod(0)
    capabilities = "-dac_override,-dac_read_search"  # without them root is as all others are
    plain_user = ("setpriv", f"--bounding-set={capabilities}", f"--inh-caps={capabilities}")
    command = ("movierate", "score", "--input", dump, "--output", tmp_path / "out")
    result = run(*plain_user, *command)
    process_refused(result, "r.jsonl", "permission denied")
    assert not (tmp_path / "out").exists()

"""Random directories: each review of each file is read once, or all is refused for a name."""

from __future__ import annotations

import sys

import pytest

from tests.support.layouts import FORMATS, check_layout, make_layout
from tests.support.process import run


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("format", FORMATS)
def test_no_review_is_lost(spark, tmp_path, format, seed):
    layout = make_layout(format, tmp_path, seed)
    result = check_layout(spark, layout)
    assert not result.faults
    if result.refused:
        assert layout.may_be_refused(in_locale_c=False), result.refused


@pytest.mark.spark
def test_no_review_is_lost_in_the_locale_c():
    command = (sys.executable, "-m", "benchmarks.layouts", "--layouts", "3")
    result = run(*command, env={"LC_ALL": "C"})
    assert result.returncode == 0, result.stderr
    assert "Locale: C\n" in result.stdout

"""The blocks of code in the README and the guides."""

import re

from tests.support.process import ROOT

BLOCK = re.compile(r"(<!-- not run here: [^\n]+-->\n)?```(\w+)\n(.*?)```", re.DOTALL)
PAGES = ("README.md", "docs/training.md", "docs/cluster.md", "docs/nightly.md")
BLOCKS = [
    match.groups()
    for page in PAGES
    for match in BLOCK.finditer((ROOT / page).read_text())
    if match[2] not in ("text", "yaml")
]

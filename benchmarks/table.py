"""Tables in Markdown, printed a row at a time."""


def print_row(*cells: str) -> None:
    """A row; it is seen at once, however long the next one takes."""
    print("| " + " | ".join(cells) + " |", flush=True)


def print_head(*cells: str) -> None:
    """The first row, and the line below it."""
    print_row(*cells)
    print_row(*["---"] * len(cells))

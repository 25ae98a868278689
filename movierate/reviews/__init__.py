"""What a review is: the columns, the files of a dump, and how each row of them is read."""

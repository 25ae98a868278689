"""Spark as the jobs use it: the session, Hadoop's file systems, and paths as users give them."""

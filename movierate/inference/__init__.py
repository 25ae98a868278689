"""Text to rating with compiled code, and the UDF that does so in Spark."""

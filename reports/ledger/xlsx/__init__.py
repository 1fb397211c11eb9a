"""Reads .xlsx workbooks of strangers: safely, as a stream, and exactly as the file keeps its cells."""

"""The sheet that came back (回执): read, and matched line by line with the one that was issued."""

"""What experts are asked for, and their opinions."""

"""What finance looks at: the plan of a year, what moved, and both added up; every sum leads to its lines."""

"""Workbooks, sheets and papers that go out of the house and come back into it."""

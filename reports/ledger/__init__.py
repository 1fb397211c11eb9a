"""The ledger workbook (台账): read, refused with every wrong cell, checked against the rules, written."""

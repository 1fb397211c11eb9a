"""对账: proves that every fen is accounted for, from evidence that does not rest on each other."""

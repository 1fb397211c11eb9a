"""The ledger page: upload, check, take in, findings, export."""

"""One verb, one file, one transaction with its audit row. Each takes the acting user and asks `access` first."""

"""One verb, one file, one transaction with its audit row. Each takes the acting person and the instant."""

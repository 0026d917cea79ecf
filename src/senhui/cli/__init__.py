"""The same actions from a terminal: `senhui …`. No arithmetic and no rules live here."""

"""A contact centre's own desk: what it is told, how it is signed, and what it may do."""

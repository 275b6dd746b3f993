"""The catalogue of cards: schema, checks, build to one read-only SQLite file, search, places. Imports only bot.core."""

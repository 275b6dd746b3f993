"""The engine: the only importer of rasa. ``python -m bot.engine`` trains it, serves it and runs Rasa's own commands."""

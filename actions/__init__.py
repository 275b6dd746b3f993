"""The action server: what the assistant does with what was understood. The only importer of ``rasa_sdk``.

One module per capability; what they share and what needs no Rasa is in :mod:`actions.dialogue`.
Nothing is read at import (rasa_sdk imports every module here and makes every action).
"""

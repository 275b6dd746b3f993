"""The twin: a faithful local stand-in for Twilio's SMS, and the phones behind it. For tests, trials and the terminal.

``rest.py`` answers as Twilio's API does, ``webhooks.py`` calls as Twilio calls, ``control.py`` lets a phone send and
read, and makes the carrier fail on purpose; ``state.py`` holds what they share. ``client.py`` and ``chat.py`` are for
whoever holds the phone.
"""

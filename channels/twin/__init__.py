"""The twin: a faithful local stand-in for Twilio, and the phones behind it. For tests, trials and the terminal.

``rest.py`` answers as Twilio's API does, ``webhooks.py`` calls as Twilio calls, ``control.py`` lets a phone send and
read, and makes the carrier fail on purpose; ``state.py`` holds what they share. ``client.py`` and ``chat.py`` are for
whoever holds the phone. Calls: ``line.py`` does what TwiML says (``twiml.py``) with the caller (``caller.py``) at the
other end, ``calls.py`` keeps them, ``call_rest.py`` and ``call_control.py`` are their APIs, ``telephone.py`` the phone.
"""

"""``/phones``: phones to try the assistant with, in a browser. Only where the twin is the carrier.

The browser talks to the gateway; the gateway passes on to the twin's control API on this machine; from there a message
comes back over the real, signed webhook, as from a carrier.
"""

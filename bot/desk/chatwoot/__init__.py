"""Chatwoot as a desk: handoffs are conversations of its inbox (channel API), its agents answer there.

Its Application API is used, not the Client API: internal notes, states and the status of messages are only there.
"""

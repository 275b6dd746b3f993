"""The API of a contact centre's own desk: REST under ``/api/v1``, its OpenAPI document, and the page that shows it."""

from bot.gateway.desk.wiring import add_desk

__all__ = ["add_desk"]

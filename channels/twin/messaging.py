"""Twilio's Messaging API as far as it is used: typing indicators, and the Messaging Service's own resource."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from flask import Blueprint, Response, jsonify, request

from channels.twin.refusal import Refusal
from channels.twin.state import Twin

_STARTED = datetime.now(timezone.utc)


def blueprint(twin: Twin) -> Blueprint:
    """Return the API of ``messaging.twilio.com``."""
    api = Blueprint("messaging", __name__)

    @api.post("/v3/Indicators/Typing.json")
    def typing() -> Response:
        given = request.get_json(silent=True)
        return _type(given if isinstance(given, dict) else request.form)

    @api.post("/v2/Indicators/Typing.json")
    def typing_in_the_old_way() -> Response:
        return _type(request.form)

    def _type(given: Any) -> Response:
        """Mark the message as read, which is what the phone shows, until the answer comes."""
        if str(given.get("channel", "")).upper() != "WHATSAPP":
            raise Refusal(20001, "channel")
        sid = str(given.get("messageId", ""))
        if not re.fullmatch(r"(SM|MM)[0-9a-fA-F]{32}", sid):
            raise Refusal(20001, "messageId")
        message = twin.message(sid)
        if message is None or message.channel != "whatsapp" or message.direction != "inbound":
            raise Refusal(20404, "messageId")
        twin.mark(sid, "read")
        return jsonify(success=True)

    @api.get("/v1/Services")
    def services() -> Response:
        sid = twin.config.messaging_service_sid
        url = "https://messaging.twilio.com/v1/Services?PageSize=50&Page=0"
        meta = {
            "page": 0,
            "page_size": 50,
            "first_page_url": url,
            "previous_page_url": None,
            "url": url,
            "next_page_url": None,
            "key": "services",
        }
        return jsonify(services=[_service(twin)] if sid else [], meta=meta)

    @api.get("/v1/Services/<sid>")
    def service(sid: str) -> Response:
        if not sid or sid != twin.config.messaging_service_sid:
            raise Refusal(20404, request.path)
        return jsonify(_service(twin))

    return api


def _service(twin: Twin) -> dict[str, Any]:
    """Return the Messaging Service as Twilio shows it (schema ``messaging.v1.service``)."""
    url = f"https://messaging.twilio.com/v1/Services/{twin.config.messaging_service_sid}"
    return {
        "sid": twin.config.messaging_service_sid,
        "account_sid": twin.config.account_sid,
        "friendly_name": "twin",
        "date_created": f"{_STARTED:%Y-%m-%dT%H:%M:%SZ}",
        "date_updated": f"{_STARTED:%Y-%m-%dT%H:%M:%SZ}",
        "inbound_request_url": None,
        "inbound_method": "POST",
        "fallback_url": None,
        "fallback_method": "POST",
        "status_callback": None,
        "sticky_sender": True,
        "mms_converter": True,
        "smart_encoding": False,
        "scan_message_content": "inherit",
        "fallback_to_long_code": False,
        "area_code_geomatch": False,
        "synchronous_validation": False,
        "validity_period": 36000,
        "url": url,
        "links": {"phone_numbers": f"{url}/PhoneNumbers"},
        "usecase": "undeclared",
        "us_app_to_person_registered": False,
        "use_inbound_webhook_on_number": False,
    }

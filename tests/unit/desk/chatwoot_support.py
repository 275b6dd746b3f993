"""A small server that behaves as Chatwoot's Application API is documented, with faults to order."""

from __future__ import annotations

import itertools
import json
import re
import time
from urllib.parse import parse_qs, urlsplit

TOKEN = "agent-token"
ACCOUNT, INBOX = 7, 3
_BASE = f"/api/v1/accounts/{ACCOUNT}"


class ChatwootServer:
    """``behave`` of tests.servers.FaultyServer. ``faults``: one for each request to come: a status, "hang", "lose"

    ("lose": the request is carried out and its answer never comes), or None.
    """

    def __init__(self):
        self.contacts, self.conversations = {}, {}
        self.faults = []
        self._ids = itertools.count(101)

    def __call__(self, handler):
        split = urlsplit(handler.path)
        fault = self.faults.pop(0) if self.faults else None
        if fault == "hang":
            handler.server.hang()
            return
        if isinstance(fault, int):
            handler.json({"error": "ordered"}, fault)
            return
        if handler.headers.get("api_access_token") != TOKEN or not split.path.startswith(_BASE):
            handler.json({"error": "You need to sign in"}, 401)
            return
        body = json.loads(handler.body) if handler.body else {}
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        status, answer = self._answer(handler.command, split.path.removeprefix(_BASE), body, query)
        if fault == "lose":
            handler.close_connection = True
            handler.connection.close()
            return
        handler.json(answer, status)

    def _answer(self, method, path, body, query):
        routes = (
            ("GET", r"/inboxes/(\d+)", self._inbox),
            ("GET", r"/contacts/search", self._search),
            ("POST", r"/contacts", self._contact),
            ("GET", r"/contacts/(\d+)/conversations", self._of_contact),
            ("POST", r"/conversations", self._conversation),
            ("GET", r"/conversations/(\d+)/messages", self._messages),
            ("POST", r"/conversations/(\d+)/messages", self._message),
            ("POST", r"/conversations/(\d+)/toggle_status", self._toggle),
            ("PATCH", r"/conversations/(\d+)/messages/(\d+)", self._update),
        )
        for verb, pattern, answer in routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return answer(body, query, *map(int, found.groups()))
        return 404, {"error": "Resource could not be found"}

    def _inbox(self, _body, _query, id_):
        return (200, {"id": id_, "channel_type": "Channel::Api"}) if id_ == INBOX else (404, {})

    def _search(self, _body, query):
        found = [each for each in self.contacts.values() if query["q"] in each["identifier"]]
        return 200, {"meta": {}, "payload": found}

    def _contact(self, body, _query):
        if any(each["identifier"] == body["identifier"] for each in self.contacts.values()):
            return 422, {"message": "Identifier has already been taken"}
        made = {"id": next(self._ids), "name": body["name"], "identifier": body["identifier"]}
        self.contacts[made["id"]] = made
        return 200, {"payload": {"contact": made, "contact_inbox": {"inbox": None, "source_id": None}}}

    def _of_contact(self, _body, _query, contact):
        found = [each for each in self.conversations.values() if each["contact_id"] == contact]
        return 200, {"payload": [{k: v for k, v in each.items() if k != "messages"} for each in found]}

    def _conversation(self, body, _query):
        if body["contact_id"] not in self.contacts or body["inbox_id"] != INBOX:
            return 404, {}
        made = {
            "id": next(self._ids),
            "inbox_id": body["inbox_id"],
            "contact_id": body["contact_id"],
            "status": body.get("status", "open"),
            "custom_attributes": body.get("custom_attributes", {}),
            "messages": [],
        }
        self.conversations[made["id"]] = made
        return 200, {k: v for k, v in made.items() if k != "messages"}

    def _messages(self, _body, _query, conversation):
        return 200, {"meta": {}, "payload": self.conversations[conversation]["messages"][-20:]}

    def _message(self, body, _query, conversation):
        kind = {"incoming": 0, "outgoing": 1}[body.get("message_type", "outgoing")]
        made = self.write(conversation, body["content"], kind, bool(body.get("private")), body.get("source_id"))
        return 200, made

    def _toggle(self, body, _query, conversation):
        self.conversations[conversation]["status"] = body["status"]
        return 200, {"meta": {}, "payload": {"success": True, "current_status": body["status"]}}

    def _update(self, body, _query, conversation, message):
        found = next(each for each in self.conversations[conversation]["messages"] if each["id"] == message)
        found |= {"status": body["status"], "external_error": body.get("external_error")}
        return 200, found

    # ---- what people see and do there

    def write(self, conversation, content, kind=1, private=False, source=None, name="Laura"):
        """Add a message: an agent's, unless said otherwise."""
        made = {
            "id": next(self._ids),
            "content": content,
            "message_type": kind,
            "private": private,
            "source_id": source,
            "conversation_id": conversation,
            "created_at": int(time.time()),
            "status": "sent",
            "sender": {"id": 1, "name": name, "type": "user"} if kind == 1 else None,
        }
        self.conversations[conversation]["messages"].append(made)
        return made

    def shown(self, conversation, private=False):
        """Return the messages as an agent reads them: (who, text)."""
        return [
            ("person" if each["message_type"] == 0 else "agent", each["content"])
            for each in self.conversations[conversation]["messages"]
            if each["private"] is private
        ]

    def created(self, message, **more):
        """Return the webhook that tells of a message."""
        conversation = self.conversations[message["conversation_id"]]
        return {
            "event": "message_created",
            "id": message["id"],
            "content": message["content"],
            "created_at": "2026-11-22T15:43:04.000Z",
            "message_type": {0: "incoming", 1: "outgoing"}[message["message_type"]],
            "content_type": "text",
            "private": message["private"],
            "source_id": message["source_id"],
            "sender": message["sender"],
            "inbox": {"id": INBOX, "name": "Ventanilla"},
            "conversation": {"id": conversation["id"], "inbox_id": INBOX, "status": conversation["status"]},
            "account": {"id": ACCOUNT, "name": "Mesa"},
            **more,
        }

    def resolved(self, conversation):
        """Resolve a conversation as an agent does, and return the webhook that tells of it."""
        self.conversations[conversation]["status"] = "resolved"
        return {
            "event": "conversation_status_changed",
            "id": conversation,
            "inbox_id": INBOX,
            "status": "resolved",
            "changed_attributes": [{"status": {"previous_value": "open", "current_value": "resolved"}}],
            "meta": {"assignee": {"id": 1, "name": "Laura"}},
            "account": {"id": ACCOUNT},
        }

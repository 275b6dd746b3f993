"""What every resource of Twilio's API shares: credentials, records, faults, errors, the check by its description."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING

from flask import Blueprint, Response, g, request

from channels.twin.refusal import NoAnswer, Refusal, shown
from channels.twin.state import Fault, FaultPlace, Twin

if TYPE_CHECKING:
    from channels.twin.contracts import Contracts

log = logging.getLogger(__name__)


def guard(api: Blueprint, twin: Twin, contracts: Contracts | None, place: FaultPlace | None = None) -> None:
    """Let a blueprint's requests be recorded, checked against Twilio's description, and refused without credentials.

    ``place``: where faults meant for all of them are played.
    """

    @api.before_request
    def note_arrival() -> None:
        request.get_data()  # kept before the form is read, which would use it up
        params = request.form if request.method == "POST" else request.args
        given = request.get_json(silent=True) if request.is_json else params.to_dict()
        g.record = twin.record(
            "request", method=request.method, path=request.path, params=given, status=None, fault=None
        )
        if contracts is not None:
            _check(twin, contracts)

    @api.before_request
    def authenticate() -> None:
        given = request.authorization
        user, password = (given.username or "", given.password or "") if given else ("", "")
        right = _same(user, twin.config.account_sid) & _same(password, twin.config.auth_token)
        if not right:
            raise Refusal(20003)
        if (request.view_args or {}).get("account_sid", twin.config.account_sid) != twin.config.account_sid:
            raise Refusal(20404, request.path)
        if place is not None:
            play(twin, place)

    @api.after_request
    def note_answer(response: Response) -> Response:
        if not g.get("cut"):
            twin.amend(g.record, status=response.status_code)
        return response

    @api.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        log.info("request refused", extra={"code": error.code, "status": error.status})
        return shown(error)


def play(twin: Twin, on: FaultPlace, to: str | None = None) -> Fault | None:
    """Play a fault that comes before a request is taken; return one that comes after.

    Raises:
        Refusal: the fault is an error of Twilio's.
        NoAnswer: the fault is a connection that is cut.
    """
    fault = twin.take_fault(on, to)
    if fault is None:
        return None
    twin.amend(g.record, fault=fault.name)
    if fault.after_accept and (on == "send" or (on == "call" and fault.undelivered is None)):
        return fault
    if fault.name == "timeout" or fault.after_accept:
        twin.hang(fault)
        raise NoAnswer
    if fault.name == "drop":
        raise NoAnswer
    code = {"429": 20429, "500": 20500, "502": 20503, "503": 20503, "504": 20503}.get(fault.name)
    if code is not None:
        raise Refusal(code, status=int(fault.name), retry_after=fault.retry_after)
    raise Refusal(int(fault.name), retry_after=fault.retry_after)


def _check(twin: Twin, contracts: Contracts) -> None:
    problem = contracts.problem(request)
    if problem:
        twin.violate({"method": request.method, "path": request.path, "problem": problem})
        log.error("the request breaks Twilio's description", extra={"method": request.method, "problem": problem})


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())

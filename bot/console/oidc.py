"""Signing in by the institution's own identity provider: OpenID Connect, authorization code with PKCE."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

_SECONDS = 5.0
# Signatures only by keys that the provider publishes: never "none", never a shared secret.
_ALGORITHMS = ["RS256", "PS256", "ES256"]
_LEEWAY_SECONDS = 30


class OidcError(RuntimeError):
    """The provider did not answer, or its answer does not hold; never the token or the person in it."""


@dataclass(frozen=True)
class Start:
    """Where to send the browser, and what to keep until it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


class OidcProvider:
    """One provider, found by its issuer's ``/.well-known/openid-configuration`` (OpenID Connect Discovery 1.0)."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, claim: str = "preferred_username") -> None:
        """``claim`` of the ID token holds the agent's username."""
        self._issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._claim = claim

    def start(self, callback: str) -> Start:
        """Begin a sign-in; ``callback`` is our own address.

        Raises:
            OidcError: the provider does not answer.
        """
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": callback,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = self._metadata()["authorization_endpoint"]
        joint = "&" if urlsplit(endpoint).query else "?"
        return Start(f"{endpoint}{joint}{urlencode(query)}", state, nonce, verifier)

    def finish(self, callback: str, answer: str, kept: Start) -> str:
        """Return the username that the provider vouches for. ``answer`` is the address the browser came back to.

        Raises:
            OidcError: anything does not hold: state, code, signature, issuer, audience, nonce, time.
        """
        given = {name: values[0] for name, values in parse_qs(urlsplit(answer).query).items()}
        if not hmac.compare_digest(given.get("state", "").encode(), kept.state.encode()):
            raise OidcError("state")
        if "code" not in given:
            raise OidcError("no code")
        metadata = self._metadata()
        try:
            claims = self._claims(metadata, self._id_token(metadata, callback, given["code"], kept.verifier))
        except (JoseError, httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise OidcError(type(error).__name__) from None
        if claims.get("nonce") != kept.nonce:
            raise OidcError("nonce")
        username = claims.get(self._claim)
        if not isinstance(username, str) or not username:
            raise OidcError(f"the token has no {self._claim}")
        return username

    def _id_token(self, metadata: dict[str, Any], callback: str, code: str, verifier: str) -> str:
        answer = httpx.post(
            metadata["token_endpoint"],
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": callback,
                "code_verifier": verifier,
            },
            auth=(self._client_id, self._client_secret),
            timeout=_SECONDS,
        )
        answer.raise_for_status()
        token: str = answer.json()["id_token"]
        return token

    def _claims(self, metadata: dict[str, Any], token: str) -> dict[str, Any]:
        keys = KeySet.import_key_set(_json(metadata["jwks_uri"]))  # type: ignore[arg-type]
        claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
        ).validate(claims)
        return claims

    def _metadata(self) -> dict[str, Any]:
        found = _json(f"{self._issuer}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != self._issuer:
            raise OidcError("issuer")
        return found


def _json(url: str) -> dict[str, Any]:
    try:
        answer = httpx.get(url, timeout=_SECONDS)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise OidcError(type(error).__name__) from None
    return found

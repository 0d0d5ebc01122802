"""Roster from discovery alone, by Authlib and PyJWT."""

import json
import sys
import time

import jwt
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey, RSAKey

with open(sys.argv[1], encoding="utf-8") as file:
    known = json.load(file)
base = known["base_url"]
metadata = requests.get(f"{base}/.well-known/oauth-authorization-server", timeout=10).json()
endpoint = metadata["token_endpoint"]
assert metadata["issuer"] == base


def ok(what):
    print("ok", what)


def session(client_id, secret, method):
    # Authlib would take HTTP Basic for revocation, whatever the client is registered for.
    return OAuth2Session(
        client_id, secret, token_endpoint_auth_method=method, revocation_endpoint_auth_method=method
    )


def create(path, body):
    headers = {"Authorization": f"Bearer {admin['access_token']}"}
    answer = requests.post(base + path, json=body, headers=headers, timeout=10)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


admin = session(known["client_id"], known["client_secret"], "client_secret_basic").fetch_token(
    endpoint, grant_type="client_credentials"
)
ok("client_secret_basic")

app = create(
    "/v1/applications",
    {
        "app_name": "Python post",
        "client_display_name": "Python post",
        "redirect_uris": ["https://app.example.com/cb"],
        "client_auth_method": "client_secret_post",
    },
)
post = session(app["client_id"], app["client_secret"], "client_secret_post")
token = post.fetch_token(endpoint, grant_type="client_credentials", scope="apps:read")["access_token"]
ok("client_secret_post")

key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
claims = jwt.decode(token, key, algorithms=["ES256"], audience=base, issuer=base)
assert claims["client_id"] == app["client_id"]
ok("verified with the published keys")

assert post.introspect_token(metadata["introspection_endpoint"], token=token).json()["active"] is True
post.revoke_token(metadata["revocation_endpoint"], token=token).raise_for_status()
assert post.introspect_token(metadata["introspection_endpoint"], token=token).json() == {"active": False}
ok("introspected and revoked")

answer = requests.post(
    base + "/platform/v1/apps",
    json={"name": "Opaque", "redirect_uri": "https://app.example.com/cb", "access_token_format": "opaque"},
    headers={"Authorization": f"Bearer {admin['access_token']}"},
    timeout=10,
)
sealed = answer.json()["data"]
opaque = session(sealed["client_id"], sealed["client_secret"], "client_secret_basic")
token = opaque.fetch_token(endpoint, grant_type="client_credentials")["access_token"]
# There is nothing in it to read.
assert token.count(".") == 0 and sealed["client_id"] not in token
told = opaque.introspect_token(metadata["introspection_endpoint"], token=token).json()
assert told["active"] is True and told["client_id"] == sealed["client_id"], told
cut = opaque.introspect_token(metadata["introspection_endpoint"], token=token[:-1]).json()
assert cut == {"active": False}
ok("opaque token introspected")

for alg, pair in {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
    "PS256": rsa.generate_private_key(65537, 2048),
}.items():
    public = json.loads(jwt.get_algorithm_by_name(alg).to_jwk(pair.public_key()))
    pem = pair.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # What PyJWT writes beside the numbers must be for verifying. A key is registered for one algorithm;
    # an RSA key that names none is for RS256.
    public = {name: value for name, value in public.items() if name != "key_ops"}
    public |= {"kid": alg, "alg": alg}
    made = create(
        f"/v1/applications/{app['app_id']}/clients",
        {
            "name": "Signer",
            "redirect_uris": [],
            "grant_types": ["client_credentials"],
            "scopes": ["apps:read"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [public]},
        },
    )
    # Authlib's assertions live an hour by themselves; Roster takes five minutes at most.
    method = PrivateKeyJWT(endpoint, alg=alg, claims={"exp": int(time.time()) + 120})
    signer = OAuth2Session(made["client_id"], (ECKey if alg == "ES256" else RSAKey).import_key(pem), token_endpoint_auth_method=method)
    assert signer.fetch_token(endpoint, grant_type="client_credentials")["access_token"]
    ok(f"private_key_jwt {alg}")

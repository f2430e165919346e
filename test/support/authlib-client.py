"""Gets tokens from the metadata alone, by secret and by key, uses them and revokes them; says what came of it as JSON."""
import json
import sys

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

issuer, guarded, secret, key = sys.argv[1:]
metadata = requests.get(issuer + "/.well-known/oauth-authorization-server").json()
endpoint = metadata["token_endpoint"]
by_key = OAuth2Session("signer", key, token_endpoint_auth_method="private_key_jwt")
by_key.register_client_auth_method(PrivateKeyJWT(issuer, alg="ES256"))
said = []
for session in [
    OAuth2Session("billing", secret, token_endpoint_auth_method="client_secret_basic", scope="devices:read"),
    OAuth2Session("poster", secret, token_endpoint_auth_method="client_secret_post", scope="devices:read"),
    by_key,
]:
    token = session.fetch_token(endpoint, grant_type="client_credentials")
    used = session.get(guarded).status_code
    access = token["access_token"]
    revoked = requests.post(metadata["revocation_endpoint"], data={"token": access}).status_code
    bearer = {"Authorization": "Bearer " + access}
    left = requests.get(guarded, headers=bearer).status_code
    said.append({"scope": token.get("scope"), "used": used, "revoked": revoked, "left": left})
print(json.dumps(said))

// Roster from discovery alone, by openid-client and jose.
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';

const { base_url, client_id, client_secret } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const issuer = new URL(base_url);
// The local server has no TLS.
const discover = (id, authentication, algorithm = 'oauth2') =>
  client.discovery(issuer, id, {}, authentication, { algorithm, execute: [client.allowInsecureRequests] });
const ok = (what) => console.log(`ok ${what}`);

const admin = await discover(client_id, client.ClientSecretBasic(client_secret));
const adminToken = await client.clientCredentialsGrant(admin);
ok('client_secret_basic');

async function register(name, members) {
  const response = await fetch(`${base_url}/v1/applications`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken.access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ app_name: name, client_display_name: name, redirect_uris: ['https://app.example.com/cb'], ...members }),
  });
  const body = await response.json();
  assert.equal(response.status, 201, JSON.stringify(body));
  return body.result;
}

async function furtherClient(app, members) {
  const response = await fetch(`${base_url}/v1/applications/${app}/clients`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken.access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Signer', redirect_uris: [], grant_types: ['client_credentials'], scopes: ['apps:read'], ...members }),
  });
  const body = await response.json();
  assert.equal(response.status, 201, JSON.stringify(body));
  return body.result;
}

const poster = await register('Node post', { client_auth_method: 'client_secret_post' });
const post = await discover(poster.client_id, client.ClientSecretPost(poster.client_secret), 'oidc');
const token = await client.clientCredentialsGrant(post, { scope: 'apps:read' });
ok('client_secret_post, OpenID discovery');

const keys = createRemoteJWKSet(new URL(post.serverMetadata().jwks_uri));
const { payload } = await jwtVerify(token.access_token, keys, { issuer: base_url, audience: base_url, typ: 'at+jwt' });
assert.equal(payload.client_id, poster.client_id);
ok('verified with the published keys');

assert.equal((await client.tokenIntrospection(post, token.access_token)).active, true);
await client.tokenRevocation(post, token.access_token);
assert.deepEqual(await client.tokenIntrospection(post, token.access_token), { active: false });
ok('introspected and revoked');

for (const alg of ['ES256', 'RS256', 'PS256']) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: alg, alg, use: 'sig' };
  const made = await furtherClient(poster.app_id, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } });
  const signer = await discover(made.client_id, client.PrivateKeyJwt({ key: privateKey, kid: alg }));
  assert.ok((await client.clientCredentialsGrant(signer)).access_token);
  ok(`private_key_jwt ${alg}`);
}

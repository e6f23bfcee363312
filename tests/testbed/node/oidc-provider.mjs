// Runs the certified npm oidc-provider for one test run: node oidc-provider.mjs CONFIGURATION.json
//
// Client credentials only. With a `resource` a token is a signed JWT for it, without one it is opaque.
// GET /ledger answers with the token requests so far.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { port, lifetimeSeconds, clients, introspector } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const provider = new Provider(issuer, {
  clients: clients.map(({ id, secret, method }) => ({
    client_id: id,
    client_secret: secret,
    token_endpoint_auth_method: method,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
  })),
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'test', alg: 'RS256', use: 'sig' }] },
  scopes: ['read', 'write'],
  ttl: { ClientCredentials: lifetimeSeconds },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (_context, client) => client.clientId === introspector },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (_context, resource) => ({
        scope: 'read write',
        audience: resource,
        accessTokenTTL: lifetimeSeconds,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
});

const ledger = [];
const callback = provider.callback();
createServer((request, response) => {
  if (request.url === '/ledger') {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(ledger));
    return;
  }
  if (request.url === '/token') {
    const entry = { at: new Date().toISOString(), status: 0 };
    ledger.push(entry);
    response.on('finish', () => { entry.status = response.statusCode; });
  }
  callback(request, response);
}).listen(port, '127.0.0.1', () => console.log(`listening on ${port}`));

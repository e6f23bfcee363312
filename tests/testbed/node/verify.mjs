// Verifies JWTs with jose, a library the operator does not use: node verify.mjs
//
// POST {token, jwksUrl, issuer, audience} answers 200 {header, payload} or 422 {code, message}.
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const keySets = new Map();

function keySet(url) {
  if (!keySets.has(url)) keySets.set(url, createRemoteJWKSet(new URL(url)));
  return keySets.get(url);
}

async function verify(body) {
  const { token, jwksUrl, issuer, audience } = JSON.parse(body);
  const { protectedHeader, payload } = await jwtVerify(token, keySet(jwksUrl), { issuer, audience });
  return { header: protectedHeader, payload };
}

const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  response.setHeader('content-type', 'application/json');
  try {
    response.end(JSON.stringify(await verify(body)));
  } catch ({ code, message }) {
    response.statusCode = 422;
    response.end(JSON.stringify({ code, message }));
  }
});
server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`));

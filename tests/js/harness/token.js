// JSON Web Tokens, signed with HS256 (RFC 7515, RFC 7519).

import { createHmac } from 'node:crypto';

/** A token of the given claims. It is valid for an hour unless the claims say otherwise. */
export function sign(claims, secret) {
  const issued = Math.floor(Date.now() / 1000);
  const body = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ iat: issued, exp: issued + 3600, ...claims })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

/** The `exp` claim for a moment `seconds` from now. */
export function expiresIn(seconds) {
  return Math.floor(Date.now() / 1000) + seconds;
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

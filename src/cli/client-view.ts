import type { ClientView } from '../clients/client-view.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { countOf } from './command-output.js';

export function linesOfClient(view: ClientView, config: FastauthConfig): readonly string[] {
  const listed = (values: readonly string[]): string => (values.length === 0 ? 'none' : values.join(' '));
  const lifetime = view.access_token_expires_in ?? config.clientCredentialsExpiresIn;
  const keys = view.public_keys.map(({ kid, alg, kty }) => [kid, alg ?? kty].filter(Boolean).join(' '));
  return [
    `client_id:   ${view.client_id}`,
    ...(view.name === undefined ? [] : [`name:        ${view.name}`]),
    `method:      ${view.method}`,
    view.method === 'private_key_jwt'
      ? `public keys: ${listed(keys)}`
      : `secrets:     ${countOf(view.secrets, 'secret')}`,
    `grants:      ${listed(view.grants)}`,
    `scopes:      ${listed(view.scopes)}`,
    `audiences:   ${listed(view.audiences)}`,
    `introspect:  ${view.introspect ? 'yes' : 'no'}`,
    `tokens:      ${lifetime} seconds`,
    `enabled:     ${view.enabled ? 'yes' : 'no'}`,
    `kept in:     ${view.source}`,
  ];
}

import { readFileSync } from 'node:fs';
import type { TlsOptions } from '../transport/tls-options.js';
import type { OptionTable, Values } from './options.js';
import { UsageError } from './usage-error.js';

const certificate = {
  tls: { type: 'boolean', help: 'speaks TLS; the options below imply it' },
  'tls-cert': { type: 'string', value: 'FILE', help: 'our certificate, as PEM' },
  'tls-key': { type: 'string', value: 'FILE', help: 'its private key, as PEM' },
} as const satisfies OptionTable;

/** TLS for those who listen. */
export const tlsServerOptions = {
  ...certificate,
  'tls-ca': {
    type: 'string',
    value: 'FILE',
    help: 'demands certificates of clients, from these authorities',
  },
} as const satisfies OptionTable;

/** TLS for those who dial. */
export const tlsClientOptions = {
  ...certificate,
  'tls-ca': { type: 'string', value: 'FILE', help: 'the authorities to trust, instead of those of Node' },
  'tls-name': {
    type: 'string',
    value: 'NAME',
    help: 'the name that the server has to have, if not its host',
  },
  'tls-insecure': {
    type: 'boolean',
    help: 'trusts any server: anybody on the road can read and change what passes',
  },
} as const satisfies OptionTable;

/** What `listen` is to be told of TLS. */
export function serverTls(values: Values<typeof tlsServerOptions>): { readonly tls?: TlsOptions } {
  if (!isAsked(values)) return {};
  if (!values['tls-cert'] || !values['tls-key'])
    throw new UsageError('to listen with TLS takes --tls-cert and --tls-key');
  const ca = pem(values['tls-ca']);
  return { tls: { ...ours(values), ...(ca && { ca, clientCertificates: 'demand' }) } };
}

/** What `connect` is to be told of TLS. */
export function clientTls(values: Values<typeof tlsClientOptions>): { readonly tls?: TlsOptions } {
  if (!isAsked(values)) return {};
  const { 'tls-name': serverName, 'tls-insecure': insecure } = values;
  const ca = pem(values['tls-ca']);
  return {
    tls: {
      ...ours(values),
      ...(ca && { ca }),
      ...(serverName && { serverName }),
      ...(insecure && { verify: false }),
    },
  };
}

const isAsked = (values: object): boolean => Object.keys(values).some((name) => /^tls(-|$)/.test(name));

function ours(values: Values<typeof certificate>): Pick<TlsOptions, 'cert' | 'key'> {
  const [cert, key] = [pem(values['tls-cert']), pem(values['tls-key'])];
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError('--tls-cert and --tls-key belong together');
  return cert && key ? { cert, key } : {};
}

function pem(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

import type { OptionTable } from './options.js';

/** What every command that speaks of messages understands. */
export const formatOptions = {
  text: { type: 'boolean', help: 'messages are texts, a line each (default)' },
  json: { type: 'boolean', help: 'messages are JSON, a value a line' },
  hex: { type: 'boolean', help: 'messages are bytes, in hexadecimal' },
} as const satisfies OptionTable;

/** What `listen` and `connect` have in common. */
export const talkOptions = {
  framing: {
    type: 'string',
    short: 'f',
    value: 'NAME',
    help: 'how bytes become messages: tinyproto, lines, length:4, varint, delimited:…, see below',
  },
  'max-message': { type: 'string', value: 'BYTES', help: 'the largest message; each framing has a default' },
  ...formatOptions,
  unix: {
    type: 'boolean',
    short: 'U',
    help: 'addresses are paths of Unix sockets, as are those with a slash',
  },
  record: {
    type: 'string',
    value: 'FILE',
    help: 'keeps the conversation as a marble diagram: a picture in a file.svg, else text',
  },
  wiretap: { type: 'boolean', help: 'shows on standard error what passes on the wire, byte by byte' },
  quiet: { type: 'boolean', short: 'q', help: 'says nothing of who comes and goes' },
} as const satisfies OptionTable;

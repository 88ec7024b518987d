import type { ProtocolErrorCode, SendErrorCode, WireErrorCode } from '../src/errors.js';
import { classesOf, sourceOf, tableOf, unionOf } from './docs-source.js';

// Where each error shows. What it means stands in src/errors.ts; a code that is missing here does not compile.

const send = '`send`, `sendAll`';
const fate = (of: string) => `${send}; fate ${of}`;
const opening = '`connect`';
const messages = '`messages$`';

const sends: Record<SendErrorCode, string> = {
  'queue-full': fate('`not-sent`'),
  'message-too-large': fate('`not-sent`'),
  'not-encodable': fate('`not-sent`'),
  'body-failed': `${fate('`not-sent` or `unknown`')}; then also \`messages$\`, as the cause of \`reset\``,
  'bus-away': '`send` of a room that spans processes; fate `not-sent` or `unknown`',
  refused: fate('`refused`'),
  'connection-closed': fate('`not-sent` or `unknown`'),
};

const protocol: Record<ProtocolErrorCode, string> = {
  'bad-opening': opening,
  'opening-refused': opening,
  'connection-limit': opening,
  conflict: opening,
  'opening-timeout': opening,
  'message-too-large': messages,
  'cut-short': `${opening}; ${messages}`,
  'unexpected-signal': messages,
  'unexpected-answer': messages,
  'too-many-unanswered': messages,
  collision: messages,
  'header-timeout': messages,
  'payload-timeout': messages,
  'ok-timeout': messages,
  'mutual-hold': messages,
  'inbox-overflow': messages,
  'not-decodable': messages,
  malformed: messages,
};

const wire: Record<WireErrorCode, string> = {
  'address-in-use': '`listen`',
  'address-not-available': '`listen`, `connect`',
  'access-denied': '`listen`, `connect`; events of a server',
  'connection-refused': opening,
  'host-unreachable': `${opening}; ${messages}`,
  'name-not-found': '`listen`, `connect`',
  'connect-timeout': opening,
  reset: `${opening}; ${messages}`,
  'timed-out': `${opening}; ${messages}`,
  'handshake-timeout': '`connect`; events of a server',
  'tls-failed': '`connect`; events of a server',
  'not-trusted': `\`connect\`; events of a server; ${messages}`,
  'bad-proxy-header': 'events of a server',
  'write-timeout': messages,
  'close-timeout': '`closed$`, `connect`',
  unclaimed: '`closed$`',
  'too-slow': '`closed$`, `messages$`',
  idle: 'where `idleTimeout` stands',
  'out-of-resources': '`listen`, `connect`',
  'handshake-failed': '`connect`',
  'bad-frame': messages,
  'closed-with-code': `${opening}; ${messages}`,
  overrun: messages,
  'wire-failed': 'all of these',
};

export function errorBlocks(): Record<string, string> {
  const source = sourceOf('src/errors.ts');
  const codes = (type: string, where: Record<string, string>) =>
    tableOf(
      ['code', 'what happened', 'shows on'],
      unionOf(source, type).flatMap(({ names, says }) =>
        names.map((code) => {
          if (says === '') throw new Error(`${type} does not say what '${code}' means`);
          return [`\`${code}\``, says, where[code] ?? ''];
        }),
      ),
    );
  return {
    'send-errors': codes('SendErrorCode', sends),
    'protocol-errors': codes('ProtocolErrorCode', protocol),
    'wire-errors': codes('WireErrorCode', wire),
    'programmer-errors': tableOf(
      ['class', 'code', 'what happened'],
      classesOf(source, /^(Type|Range)Error$/).flatMap(({ name, base, code, says }) =>
        code ? [[`\`${name}\`, a \`${base}\``, `\`${code}\``, says]] : [],
      ),
    ),
  };
}

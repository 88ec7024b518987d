import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ProxyHeader, proxyHeader } from '../../src/transport/proxy-header.js';
import { addressesOf, type Client, version1, version2 } from '../helpers/proxy-headers.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const signature = '0d0a0d0a000d0a515549540a';
const hex = (digits: string) => new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'));
const wrong = { wrong: expect.any(String) };

const port = fc.integer({ min: 0, max: 65_535 });
const client: fc.Arbitrary<Client> = fc.oneof(
  fc.record({ host: fc.ipV4(), port }),
  fc.record({
    host: fc
      .array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
      .map((groups) => groups.map((group) => group.toString(16)).join(':')),
    port,
  }),
);
const header = fc.oneof(
  client.map((from) => ({ from, bytes: version1(from) })),
  fc
    .tuple(client, fc.uint8Array({ maxLength: 40 }))
    .map(([from, extensions]) => ({ from, bytes: version2(from, extensions) })),
);

describe('proxyHeader', () => {
  it.each([
    ['PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n', { host: '192.0.2.7', port: 56_324 }],
    ['PROXY TCP6 2001:db8::7 2001:DB8::1 4124 443\r\n', { host: '2001:db8::7', port: 4_124 }],
    ['PROXY TCP6 2001:0db8:0:0:0:0:0:7 ::1 4124 443\r\n', { host: '2001:db8::7', port: 4_124 }],
    [
      `PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`,
      { host: `${'ffff:'.repeat(7)}ffff`, port: 65_535 },
    ],
  ])('reads version 1: %j', (line, remote) => {
    expect(proxyHeader(bytes(line))).toEqual({ length: line.length, remote });
  });

  it.each([
    [`${signature} 21 11 000c c0000207 c6336401 dc04 01bb`, { host: '192.0.2.7', port: 56_324 }],
    [`${signature} 21 12 000c c0000207 c6336401 dc04 01bb`, { host: '192.0.2.7', port: 56_324 }],
    [
      `${signature} 21 21 0024 20010db8000000000000000000000007 ${'00'.repeat(16)} dc04 01bb`,
      { host: '2001:db8::7', port: 56_324 },
    ],
    [
      `${signature} 21 31 00d8 ${Buffer.from('/run/a').toString('hex').padEnd(216, '0')}${'00'.repeat(108)}`,
      { path: '/run/a' },
    ],
    [
      `${signature} 21 11 0013 c0000207 c6336401 dc04 01bb 03 0004 00112233`,
      { host: '192.0.2.7', port: 56_324 },
    ],
  ])('reads version 2: %s', (digits, remote) => {
    const all = hex(digits);
    expect(proxyHeader(all)).toEqual({ length: all.length, remote });
  });

  it.each([
    ['version 1, of unknown family', bytes('PROXY UNKNOWN\r\n'), 15],
    ['version 1, of unknown family, whatever follows', bytes('PROXY UNKNOWN 1 2 3 4\r\n'), 23],
    ['version 2, for the proxy itself', hex(`${signature} 20 00 0000`), 16],
    [
      'version 2, for the proxy itself, whatever follows',
      hex(`${signature} 20 11 000c c0000207 c6336401 dc04 01bb`),
      28,
    ],
    ['version 2, of unknown family', hex(`${signature} 21 00 0003 aabbcc`), 19],
  ])('knows that a proxy calls for itself: %s', (_, all, length) => {
    expect(proxyHeader(all)).toEqual({ length });
  });

  it.each([
    ['GET / HTTP/1.1\r\n'],
    ['PROXZ'],
    ['PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n'],
    ['PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 7\r\n'],
    ['PROXY TCP4 192.0.2.7 198.51.100.1 056324 443\r\n'],
    ['PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n'],
    ['PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n'],
    ['PROXY TCP4 192.0.2.256 198.51.100.1 1 443\r\n'],
    ['PROXY TCP4 ::1 ::1 1 443\r\n'],
    ['PROXY TCP6 192.0.2.7 198.51.100.1 1 443\r\n'],
    ['PROXY TCP4  192.0.2.7 198.51.100.1 1 443\r\n'],
    ['PROXY UDP4 192.0.2.7 198.51.100.1 1 443\r\n'],
    ['PROXY \r\n'],
    [`PROXY UNKNOWN ${'x'.repeat(93)}`],
    [`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`],
  ])('refuses version 1: %j', (line) => {
    expect(proxyHeader(bytes(line))).toEqual(wrong);
  });

  it.each([
    ['of another version', `${signature} 31`],
    ['with another command', `${signature} 22 11 000c`],
    ['of another family', `${signature} 21 41 000c`],
    ['too short for IPv4', `${signature} 21 11 000b`],
    ['too short for IPv6', `${signature} 21 21 0023`],
    ['too short for a path', `${signature} 21 31 00d7`],
    ['with another signature', '0d0a0d0a000d0a515549540b'],
  ])('refuses version 2 %s, before more of it comes', (_, digits) => {
    expect(proxyHeader(hex(digits))).toEqual(wrong);
  });

  it('waits at every cut, and then takes no byte of what follows', () => {
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 20 }), ({ from, bytes: all }, rest) => {
        for (let cut = 0; cut < all.length; cut++)
          expect(proxyHeader(all.subarray(0, cut))).toBe('incomplete');
        const whole = new Uint8Array([...all, ...rest]);
        expect(proxyHeader(whole)).toEqual({ length: all.length, remote: addressesOf(from) });
      }),
      { numRuns: 50 },
    );
  });

  it('takes whatever comes, without a throw, and never changes its mind', () => {
    const start = fc.constantFrom(
      bytes('PROXY TCP4 '),
      bytes('PROXY '),
      hex(signature),
      hex(`${signature} 21`),
      new Uint8Array(0),
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 130 }), (begun, random) => {
        const all = new Uint8Array([...begun, ...random]);
        let settled: ProxyHeader = 'incomplete';
        for (let cut = 0; cut <= all.length; cut++) {
          const now = proxyHeader(all.subarray(0, cut));
          if (settled !== 'incomplete') expect(now).toEqual(settled);
          settled = now;
        }
      }),
      { numRuns: 200 },
    );
  });
});

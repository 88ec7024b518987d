import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../src/transport/address.js';
import type { Address } from '../../src/transport/transport.js';

const parse = (address: unknown) => parseAddress(address as Address, 'listen');

describe('parseAddress', () => {
  it.each<[address: Address, host: string, port: number]>([
    [9123, '127.0.0.1', 9123],
    [0, '127.0.0.1', 0],
    ['9123', '127.0.0.1', 9123],
    [':9123', '127.0.0.1', 9123],
    ['*:9123', '*', 9123],
    ['localhost:1', 'localhost', 1],
    ['example.org:65535', 'example.org', 65_535],
    ['10.0.0.5:80', '10.0.0.5', 80],
    ['[::1]:80', '::1', 80],
    ['[fe80::1%eth0]:80', 'fe80::1%eth0', 80],
    ['[::]:0', '::', 0],
    [{ port: 5 }, '127.0.0.1', 5],
    [{ host: '::1', port: 5 }, '::1', 5],
    [{ host: '*', port: 5 }, '*', 5],
  ])('reads %j', (address, host, port) => {
    expect(parse(address)).toEqual({ host, port });
  });

  it('reads a path', () => {
    expect(parse({ path: '/run/echo.sock' })).toEqual({ path: '/run/echo.sock' });
  });

  it.each([
    [''],
    [':'],
    ['localhost'],
    ['localhost:'],
    ['localhost:http'],
    ['localhost:-1'],
    ['localhost:1.5'],
    [' localhost:1'],
    ['local host:1'],
    ['/run/echo.sock'],
    ['http://localhost:1'],
    ['::1:80'],
    ['[::1]'],
    ['[::1]80'],
    ['[localhost]:80'],
    ['[]:80'],
    [null],
    [undefined],
    [true],
    [{}],
    [{ port: '80' }],
    [{ host: '', port: 80 }],
    [{ host: 'a b', port: 80 }],
    [{ host: '[::1]', port: 80 }],
    [{ host: 5, port: 80 }],
    [{ host: 'here' }],
    [{ path: '' }],
    [{ path: 'a\0b' }],
    [{ path: 5 }],
    [{ path: '/run/x', port: 5 }],
    [{ path: '/run/x', host: 'x' }],
  ])('throws a TypeError for %j', (address) => {
    expect(() => parse(address)).toThrow(TypeError);
  });

  it.each([
    [-1],
    [65_536],
    [1.5],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    ['localhost:65536'],
    ['localhost:99999999999999999999'],
    [{ port: 1e9 }],
  ])('throws a RangeError for %j', (address) => {
    expect(() => parse(address)).toThrow(RangeError);
  });

  it('throws a RangeError for a path that the system would cut off: 108 bytes with its NUL', () => {
    expect(parse({ path: 'x'.repeat(107) })).toEqual({ path: 'x'.repeat(107) });
    expect(() => parse({ path: 'x'.repeat(108) })).toThrow(RangeError);
    expect(() => parse({ path: 'é'.repeat(54) })).toThrow(/at most 107 bytes, not 108/);
  });

  it('takes every interface and port 0 for listening only', () => {
    expect(() => parseAddress('*:80', 'dial')).toThrow(TypeError);
    expect(() => parseAddress(0, 'dial')).toThrow(RangeError);
    expect(parseAddress({ path: 'x' }, 'dial')).toEqual({ path: 'x' });
  });
});

describe('formatAddress', () => {
  it.each(['127.0.0.1:80', '[::1]:80', 'example.org:1', '*:0'])('writes %s as it is read', (address) => {
    expect(formatAddress(parse(address))).toBe(address);
  });

  it('writes a path as it is, and has a word for the end that has none', () => {
    expect(formatAddress({ path: '/run/x' })).toBe('/run/x');
    expect(formatAddress({ path: '' })).toBe('(unnamed socket)');
  });
});

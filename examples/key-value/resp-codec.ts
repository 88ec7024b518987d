import type { Codec } from 'rx-tinyproto';

/** A value of RESP. A text is what Redis calls a bulk string. */
export type Resp = string | number | null | Status | Failure | readonly Resp[];

/** `+OK` */
export interface Status {
  readonly status: string;
}

/** `-ERR what is wrong` */
export interface Failure {
  readonly failure: string;
}

export const ok: Status = { status: 'OK' };
export const failure = (what: string): Failure => ({ failure: `ERR ${what}` });

/** Arrays in arrays: more than anybody needs. */
const maxDepth = 8;

/** Values in the bytes of RESP, texts in UTF-8. What is not UTF-8, and arrays nested too deeply, are not decodable. */
export function respCodec(): Codec<Resp> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  return {
    encode: (value) => new TextEncoder().encode(written(value)),
    decode: (bytes) => {
      let at = 0;
      const line = () => {
        const end = bytes.indexOf(13, at);
        const text = utf8.decode(bytes.subarray(at, end));
        at = end + 2;
        return text;
      };
      const body = (size: number) => {
        const text = utf8.decode(bytes.subarray(at, at + size));
        at += size + 2;
        return text;
      };
      const value = (depth: number): Resp => {
        if (depth > maxDepth) throw new RangeError(`Arrays are nested more than ${maxDepth} deep`);
        const head = line();
        const [kind, rest] = [head[0], head.slice(1)];
        if (kind === '+') return { status: rest };
        if (kind === '-') return { failure: rest };
        if (kind === ':') return integer(rest);
        const count = Number(rest);
        if (count < 0) return null;
        return kind === '$' ? body(count) : Array.from({ length: count }, () => value(depth + 1));
      };
      return value(0);
    },
  };
}

function written(value: Resp): string {
  if (value === null) return '$-1\r\n';
  if (typeof value === 'number') return `:${value}\r\n`;
  if (typeof value === 'string') return `$${new TextEncoder().encode(value).length}\r\n${value}\r\n`;
  if ('status' in value) return `+${oneLine(value.status)}\r\n`;
  if ('failure' in value) return `-${oneLine(value.failure)}\r\n`;
  return `*${value.length}\r\n${value.map(written).join('')}`;
}

/** What others said may stand in a failure, and must not end its line. */
const oneLine = (text: string) => text.replace(/[\r\n]/g, ' ');

function integer(digits: string): number {
  if (!/^-?\d{1,15}$/.test(digits)) throw new RangeError(`${digits} is no integer`);
  return Number(digits);
}

import { firstValueFrom, from, ignoreElements, lastValueFrom, reduce, throwError, timeout } from 'rxjs';
import { joined } from '../bytes/joined.js';
import type { Body } from '../connection/body.js';
import type { BodyConnection } from '../connection/connection.js';
import { consume } from '../flow/consume.js';
import { timerMs } from '../time.js';
import { FileError } from './file-error.js';
import type { Landing } from './landing.js';
import { type Letter, maxLetterBytes, readLetter, writeLetter } from './letters.js';
import type { Source } from './source.js';

const empty: Uint8Array = new Uint8Array(0);

/** As fast, at least, a side reads what it has, to find where to go on. */
const readBytesPerMs = 16 * 1_024;

type Type = Letter['type'];
type OfType<T extends Type> = Extract<Letter, { readonly type: T }>;

/** One side of a conversation of letters and chunks. */
export class Dialogue {
  readonly #bodies: AsyncIterator<Body>;

  constructor(
    private readonly conn: BodyConnection,
    private readonly idleTimeoutMs: number,
  ) {
    this.#bodies = conn[Symbol.asyncIterator]();
  }

  async say(letter: Letter): Promise<void> {
    await firstValueFrom(this.conn.send(writeLetter(letter)));
  }

  /** What is said when something is over, well or not: nothing that happens now changes that. */
  async farewell(...letters: readonly Letter[]): Promise<void> {
    for (const letter of letters) await this.say(letter).catch(() => {});
  }

  /** The next letter, which must be one of these. A rejection is an error wherever it stands. */
  async hear<T extends Type>(...types: readonly T[]): Promise<OfType<T>> {
    return this.hearAfter(0, ...types);
  }

  /** The same of a side that may have to read so many bytes of a file before it answers. */
  async hearAfter<T extends Type>(bytes: number, ...types: readonly T[]): Promise<OfType<T>> {
    const letter = await this.hearOrEnd(bytes);
    if (letter === undefined) throw new FileError('cut-off', 'The other side has ended the conversation');
    if (types.some((type) => type === letter.type)) return letter as OfType<T>;
    if (letter.type === 'rejected') throw new FileError('rejected', letter.reason);
    throw new FileError(
      'unexpected-letter',
      `The other side said '${letter.type}' where ${types.join(' or ')} is due`,
    );
  }

  /** The next letter, or undefined when the other side has ended the conversation. */
  async hearOrEnd(bytesToRead = 0): Promise<Letter | undefined> {
    const body = await this.#next(this.idleTimeoutMs + bytesToRead / readBytesPerMs);
    if (body === undefined) return undefined;
    if (body.size > maxLetterBytes)
      throw new FileError('unexpected-letter', 'The other side sent a chunk where a letter is due');
    return readLetter(
      await firstValueFrom(body.body$.pipe(reduce((all, part) => joined([all, part]), empty))),
    );
  }

  /** Sends the rest of a file, in chunks. */
  async send(source: Source, sent: (bytes: number) => void): Promise<void> {
    for (let chunk = source.chunk(sent); chunk; chunk = source.chunk(sent))
      await firstValueFrom(this.conn.send(chunk));
  }

  /** Takes so many bytes in chunks, and not one more. */
  async receive(bytes: number, landing: Landing, came: (bytes: number) => void): Promise<void> {
    for (let left = bytes; left > 0; ) {
      const body = await this.#next(this.idleTimeoutMs);
      if (body === undefined) throw new FileError('cut-off', `The other side ended ${left} bytes too early`);
      if (body.size === 0 || body.size > left)
        throw new FileError('wrong-size', `A chunk of ${body.size} bytes came where ${left} are missing`);
      left -= body.size;
      const written$ = body.body$.pipe(
        consume(async (part) => {
          await landing.write(part);
          came(part.length);
        }),
        ignoreElements(),
      );
      await lastValueFrom(written$, { defaultValue: undefined });
    }
  }

  async #next(ms: number): Promise<Body | undefined> {
    const stalled = () => throwError(() => new FileError('stalled', `Nothing came for ${ms} ms`));
    const next$ = from(this.#bodies.next()).pipe(timeout({ first: timerMs(ms), with: stalled }));
    const { done, value } = await firstValueFrom(next$);
    return done ? undefined : value;
  }
}

import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { chunkBytes } from '../../src/files/source.js';
import { desk } from '../helpers/files.js';

// Up and down over a network in memory, to and from real folders.

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const bytesAt = (...names: string[]) => readFileSync(join(...names));
const partial = expect.stringMatching(/^\.rx-tinyproto-[0-9a-f]{16}\.part$/);

const confirmed = '{"type":"confirmed","letter":{}}';
const close = '{"type":"close","letter":{}}';
const uploadOf = (size: number, path = 'a') =>
  `{"type":"upload-request","letter":{"file_size":${size},"destination_path":"${path}"}}`;
const downloadOf = (path: string) => `{"type":"download-request","letter":{"download_path":"${path}"}}`;
const resumeFrom = (offset: number) => `{"type":"resume-from","letter":{"offset":${offset}}}`;
const checksum = (hash: string) => `{"type":"checksum","letter":{"sha256":"${hash}"}}`;
const held = (bytes: string) =>
  `{"type":"confirmed","letter":{"held_bytes":${bytes.length},"held_sha256":"${sha256(bytes)}"}}`;
const rejected = (reason: string) => `{"type":"rejected","letter":{"reason":"${reason}"}}`;

describe('a file', () => {
  it.for([0, 1, 65_537, chunkBytes, 2 * chunkBytes + 1])(
    'of %i bytes goes up, comes down again, and is compared by its hash',
    async (size, test) => {
      const at = await desk(test);
      const bytes = randomBytes(size);
      writeFileSync(join(at.here, 'a'), bytes);
      const whole = { bytes: size, size, resumedFrom: 0, sha256: sha256(bytes) };
      expect((await at.upload('a', 'sent')).at(-1)).toEqual(whole);
      expect((await at.download('sent', 'back')).at(-1)).toEqual(whole);
      expect(bytesAt(at.here, 'back').equals(bytes)).toBe(true);
      expect(at.listing()).toEqual(['sent']);
      await at.stop();
      expect(at.events.map(({ what, path }) => `${what} ${path}`)).toEqual([
        'uploaded sent',
        'downloaded sent',
      ]);
    },
  );

  it('tells how far it has come, never backwards', async (test) => {
    const at = await desk(test);
    writeFileSync(join(at.here, 'a'), randomBytes(3_000_000));
    const counts = (await at.upload('a', 'b')).map(({ bytes }) => bytes);
    expect(counts[0]).toBe(0);
    expect(counts.length).toBeGreaterThan(10);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
  });
});

describe('a client', () => {
  it('may take for ever, where it is told so', async (test) => {
    const at = await desk(test, { allowUpload: true, idleTimeoutMs: Number.POSITIVE_INFINITY });
    writeFileSync(join(at.here, 'a'), 'hello');
    expect((await at.upload('a', 'a')).at(-1)?.sha256).toBe(sha256('hello'));
  });
});

describe('tpft', () => {
  it('uploads to us with its own letters, and hears no field of ours', async (test) => {
    const at = await desk(test);
    const heard = await at.client(async ({ say, hear }) => {
      await say(uploadOf(5));
      const first = await hear();
      await say('he', 'llo');
      const second = await hear();
      await say(close);
      return [first, second, await hear()];
    });
    expect(heard).toEqual([confirmed, confirmed, undefined]);
    expect(bytesAt(at.root, 'a').toString()).toBe('hello');
  });

  it('downloads from us with its own letters, and hears no field of ours', async (test) => {
    const at = await desk(test);
    writeFileSync(join(at.root, 'a'), 'hello');
    const heard = await at.client(async ({ say, hear }) => {
      await say(downloadOf('a'));
      const first = await hear();
      await say(confirmed);
      const second = await hear();
      await say(confirmed, close);
      return [first, second, await hear()];
    });
    expect(heard).toEqual(['{"type":"download-confirmation","letter":{"file_size":5}}', 'hello', undefined]);
  });

  it('is uploaded to with its own letters, but for a line break that JSON skips', async (test) => {
    const at = await desk(test);
    writeFileSync(join(at.here, 'a'), 'hello');
    const serving = at.server(async ({ say, hear }) => {
      const first = await hear();
      await say(confirmed);
      const second = await hear();
      await say(confirmed);
      return [first, second, await hear(), await hear()];
    });
    const [uploaded, heard] = await Promise.all([at.upload('a', 'there/b', 'server:2'), serving]);
    expect(heard).toEqual([`${uploadOf(5, 'there/b')}\n`, 'hello', close, undefined]);
    expect(uploaded.at(-1)).toEqual({ bytes: 5, size: 5, resumedFrom: 0 });
  });

  it('is downloaded from with its own letters, but for a line break that JSON skips', async (test) => {
    const at = await desk(test);
    const serving = at.server(async ({ say, hear }) => {
      const first = await hear();
      await say('{"type": "download-confirmation", "letter": {"file_size": 5}}');
      const second = await hear();
      await say('he', 'llo');
      return [first, second, await hear(), await hear(), await hear()];
    });
    const [, heard] = await Promise.all([at.download('there/b', 'a', { address: 'server:2' }), serving]);
    expect(heard).toEqual([`${downloadOf('there/b')}\n`, confirmed, confirmed, close, undefined]);
    expect(bytesAt(at.here, 'a').toString()).toBe('hello');
  });

  it('is asked for the next file on the same connection, if it likes', async (test) => {
    const at = await desk(test);
    await at.client(async ({ say, hear }) => {
      for (const name of ['a', 'b']) {
        await say(uploadOf(2, name));
        await hear();
        await say('hi');
        await hear();
      }
      await say(close);
    });
    expect(at.listing()).toEqual(['a', 'b']);
  });
});

describe('an upload that breaks off', () => {
  const bytes = randomBytes(chunkBytes + 100_000);

  it('leaves nothing under its name, and is gone on with', async (test) => {
    const at = await desk(test);
    writeFileSync(join(at.here, 'a'), bytes);
    await breakOff(at, bytes.subarray(0, 70_000));
    expect(at.listing()).toEqual([partial]);

    const uploaded = await at.upload('a', 'a');
    expect(uploaded[0]).toEqual({ bytes: 70_000, size: bytes.length, resumedFrom: 70_000 });
    expect(uploaded.at(-1)?.sha256).toBe(sha256(bytes));
    expect(at.listing()).toEqual(['a']);
    expect(bytesAt(at.root, 'a').equals(bytes)).toBe(true);
  });

  it('is gone on with after further attempts that break off before they go on', async (test) => {
    const at = await desk(test);
    writeFileSync(join(at.here, 'a'), bytes);
    await breakOff(at, bytes.subarray(0, 70_000));
    await at.client(async ({ say, hear, leave }) => {
      await say(`${uploadOf(bytes.length)}\n`);
      expect(await hear()).toContain('"held_bytes":70000');
      await leave();
    });
    await vi.waitFor(() => expect(at.events).toHaveLength(2));
    expect((await at.upload('a', 'a'))[0]?.resumedFrom).toBe(70_000);
  });

  it('begins anew when somebody has removed what was here, also in its midst', async (test) => {
    const at = await desk(test);
    for (const [index, removes] of [true, false].entries()) {
      await at.client(async ({ say, hear, leave }) => {
        await say(`${uploadOf(10)}\n`);
        expect(await hear()).toBe(held(''));
        if (removes) rmSync(join(at.root, ...at.listing()));
        await leave();
      });
      await vi.waitFor(() =>
        expect(at.events[index]).toMatchObject({ what: 'failed', error: { code: 'cut-off' } }),
      );
    }
  });

  it('begins anew when the file is another now', async (test) => {
    const at = await desk(test);
    writeFileSync(join(at.here, 'a'), bytes);
    await breakOff(at, randomBytes(70_000));
    expect((await at.upload('a', 'a'))[0]?.resumedFrom).toBe(0);
    expect(bytesAt(at.root, 'a').equals(bytes)).toBe(true);
  });

  it('of tpft leaves nothing at all', async (test) => {
    const at = await desk(test);
    await at
      .client(async ({ say, hear, vanish }) => {
        await say(uploadOf(10));
        await hear();
        await say('half');
        vanish();
      })
      .catch(() => {});
    await vi.waitFor(() => expect(at.events).toMatchObject([{ what: 'failed', path: 'a' }]));
    expect(at.listing()).toEqual([]);
  });

  /** Sends the beginning of something as large, and vanishes. */
  async function breakOff(at: Awaited<ReturnType<typeof desk>>, beginning: Uint8Array): Promise<void> {
    await at.client(async ({ say, hear, leave }) => {
      await say(`${uploadOf(bytes.length)}\n`);
      expect(await hear()).toBe(held(''));
      await say(resumeFrom(0), beginning);
      await leave();
    });
    await vi.waitFor(() => expect(at.events).toMatchObject([{ what: 'failed', path: 'a' }]));
  }
});

describe('a download that breaks off', () => {
  it('leaves nothing under its name, and is gone on with', async (test) => {
    const at = await desk(test);
    const bytes = 'abcdefghij';
    writeFileSync(join(at.root, 'a'), bytes);
    const breaking = at.server(async ({ say, hear, leave }) => {
      await hear();
      await say('{"type":"download-confirmation","letter":{"file_size":10,"resumable":true}}');
      expect(await hear()).toBe(held(''));
      await say(resumeFrom(0), 'abcd');
      await leave();
    });
    const broken = await Promise.allSettled([at.download('a', 'a', { address: 'server:2' }), breaking]);
    expect(broken[0].status).toBe('rejected');
    expect(readdirSync(at.here)).toEqual([partial]);

    const down = await at.download('a', 'a');
    expect(down[0]?.resumedFrom).toBe(4);
    expect(bytesAt(at.here, 'a').toString()).toBe(bytes);
    expect(readdirSync(at.here)).toEqual(['a']);
  });
});

describe('what is not as it was announced', () => {
  it.for([
    ['a chunk of more bytes than are missing', ['hello!']],
    ['more bytes than announced, in several chunks', ['hel', 'lo!']],
    ['an empty chunk', ['']],
  ] as const)('%s ends the conversation, and leaves nothing', async ([, chunks], test) => {
    const at = await desk(test);
    const talk = at.client(async ({ say, hear }) => {
      await say(uploadOf(5));
      await hear();
      await say(...chunks);
      return hear();
    });
    await expect(talk).rejects.toMatchObject({ code: 'reset' });
    await vi.waitFor(() =>
      expect(at.events).toMatchObject([{ what: 'failed', error: { code: 'wrong-size' } }]),
    );
    expect(at.listing()).toEqual([]);
  });

  it('another hash is rejected, and what came is thrown away', async (test) => {
    const at = await desk(test);
    const answer = await at.client(async ({ say, hear }) => {
      await say(`${uploadOf(5)}\n`);
      await hear();
      await say(resumeFrom(0), 'hello', checksum(sha256('hullo')));
      return hear();
    });
    expect(answer).toMatch(/"rejected".*\(wrong-hash\)/);
    expect(at.listing()).toEqual([]);
  });

  it('a server that gives another file than its hash says is not believed', async (test) => {
    const at = await desk(test);
    const serving = at.server(async ({ say, hear }) => {
      await hear();
      await say('{"type":"download-confirmation","letter":{"file_size":5,"resumable":true}}');
      await hear();
      await say(resumeFrom(0), 'hello', checksum(sha256('hullo')));
      return hear();
    });
    const download = at.download('a', 'a', { address: 'server:2' });
    await expect(download).rejects.toMatchObject({ code: 'wrong-hash' });
    expect(await serving).toMatch(/"rejected"/);
    expect(readdirSync(at.here)).toEqual([]);
  });

  it('a request that is no letter ends the conversation', async (test) => {
    const at = await desk(test);
    const talk = at.client(async ({ say, hear }) => {
      await say('GET / HTTP/1.1');
      return hear();
    });
    expect(await talk).toBeUndefined();
    expect(at.events).toMatchObject([{ what: 'failed', path: '', error: { code: 'unexpected-letter' } }]);
  });

  it('a letter that is too long ends the conversation, unread', async (test) => {
    const at = await desk(test);
    const talk = at.client(async ({ say, hear }) => {
      await say(downloadOf('x'.repeat(70_000)));
      return hear();
    });
    expect(await talk).toBeUndefined();
    expect(at.events).toMatchObject([{ what: 'failed', path: '', error: { code: 'unexpected-letter' } }]);
  });

  it('a reason is passed on as an error', async (test) => {
    const at = await desk(test);
    writeFileSync(join(at.here, 'a'), 'hello');
    const serving = at.server(async ({ say, hear }) => {
      await hear();
      await say(rejected('not today'));
      return hear();
    });
    await expect(at.upload('a', 'a', 'server:2')).rejects.toMatchObject({
      code: 'rejected',
      message: 'not today (rejected)',
    });
    await serving;
  });
});

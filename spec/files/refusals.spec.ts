import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { serve } from 'rx-tinyproto';
import { filesOptions } from 'rx-tinyproto/files';
import { marbles } from 'rx-tinyproto/testing';
import { interval } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { desk } from '../helpers/files.js';

// What a server of files must not do, whatever it is asked.

const request = (type: 'upload' | 'download', path: string, size = 3) =>
  JSON.stringify({
    type: `${type}-request`,
    letter: type === 'upload' ? { file_size: size, destination_path: path } : { download_path: path },
  });

/** A root with something in it, and something beside it that nobody may see. */
async function furnished(test: Parameters<typeof desk>[0], options?: Parameters<typeof desk>[1]) {
  const at = await desk(test, options);
  writeFileSync(join(at.here, 'secret'), 'secret');
  writeFileSync(join(at.root, 'file'), 'old');
  mkdirSync(join(at.root, 'folder'));
  symlinkSync(join(at.here, 'secret'), join(at.root, 'link'));
  symlinkSync(at.here, join(at.root, 'way-out'));
  symlinkSync('nowhere', join(at.root, 'dangling'));
  execFileSync('mkfifo', [join(at.root, 'pipe')]);
  const ask = (type: 'upload' | 'download', path: string, size?: number) =>
    at.client(async ({ say, hear }) => {
      await say(request(type, path, size));
      return JSON.parse((await hear()) ?? '{}');
    });
  const everything = () =>
    [at.root, at.here].map((folder) => readdirSync(folder, { recursive: true }).sort());
  return { ...at, ask, everything };
}

const outside = [
  '../here/secret',
  'folder/../../here/secret',
  '/etc/passwd',
  'C:\\Windows\\win.ini',
  'link',
  'way-out/secret',
  'way-out/new',
  'dangling',
  'pipe',
  'folder',
  'file/x',
  'none/x',
  'folder\\x',
  'a\u0000b',
  '.',
  '',
];

describe('a server of files', () => {
  it.for(['download', 'upload'] as const)(
    'refuses every %s that leads elsewhere, and changes nothing',
    async (type, test) => {
      const { ask, everything, here } = await furnished(test, { allowUpload: true, overwrite: true });
      const before = everything();
      for (const path of outside) {
        // To be replaced, a file need not be read: a link there is refused as well.
        expect(await ask(type, path), path).toMatchObject({
          type: 'rejected',
          letter: { reason: expect.any(String) },
        });
      }
      expect(everything()).toEqual(before);
      expect(readFileSync(join(here, 'secret'), 'utf8')).toBe('secret');
    },
  );

  it('takes nothing unless it is told to', async (test) => {
    const { ask, everything } = await furnished(test, {});
    const before = everything();
    const reason = 'this server takes no files';
    expect(await ask('upload', 'new')).toEqual({ type: 'rejected', letter: { reason } });
    expect(everything()).toEqual(before);
  });

  it('tells of what it refused, also where nobody hears the answer any more', async (test) => {
    const { client, events } = await furnished(test, {});
    const gone = client(async ({ say, vanish }) => {
      await say(request('upload', 'new'));
      vanish();
    });
    await expect(gone).rejects.toThrow('vanished');
    await vi.waitFor(() => expect(events).toMatchObject([{ what: 'refused', path: 'new' }]));
  });

  it('hangs up on those who take nothing for five minutes', () =>
    marbles(({ listen, run, peer, expectBytes }) => {
      run(listen('server:1', filesOptions).pipe(serve((conn) => conn.send(new Uint8Array([7])))));
      const silent = peer('server:1').sends('<ff>');
      expectBytes(silent).toBe('             <ff 00 00 00 01> 299999ms #');
    })());

  it('replaces nothing unless it is told to', async (test) => {
    const { ask, root } = await furnished(test);
    expect(await ask('upload', 'file')).toEqual({
      type: 'rejected',
      letter: { reason: 'it exists already' },
    });
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('old');
  });

  it('replaces nothing that has come meanwhile', async (test) => {
    const { client, root } = await furnished(test);
    const answer = await client(async ({ say, hear }) => {
      await say(request('upload', 'new'));
      await hear();
      writeFileSync(join(root, 'new'), 'first');
      await say('new');
      return hear();
    });
    expect(answer).toBe('{"type":"rejected","letter":{"reason":"it exists already"}}');
    expect(readFileSync(join(root, 'new'), 'utf8')).toBe('first');
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('replaces a file when it is told to, and no other that is linked to it', async (test) => {
    const { client, root, here } = await furnished(test, { allowUpload: true, overwrite: true });
    linkSync(join(root, 'file'), join(here, 'other-name'));
    await client(async ({ say, hear }) => {
      await say(request('upload', 'file'));
      await hear();
      await say('new');
      return hear();
    });
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('new');
    expect(readFileSync(join(here, 'other-name'), 'utf8')).toBe('old');
  });

  it.for([
    ['larger than it takes', 11],
    ['larger than the disk', Number.MAX_SAFE_INTEGER],
  ] as const)('refuses a file that is %s', async ([, size], test) => {
    const { ask, root } = await furnished(test, {
      allowUpload: true,
      maxFileBytes: size === 11 ? 10 : 2 ** 53,
    });
    expect(await ask('upload', 'new', size)).toMatchObject({ type: 'rejected' });
    expect(readdirSync(root)).not.toContain('new');
  });

  it('goes on with no unfinished file that is a link, or has another name', async (test) => {
    const { client, root, here, events } = await furnished(test);
    const upload = async () => {
      const count = events.length + 1;
      const answer = await client(async ({ say, hear, leave }) => {
        await say(`${request('upload', 'new')}\n`);
        const answer = await hear();
        if (answer?.includes('confirmed')) await say('{"type":"resume-from","letter":{"offset":0}}', 'ne');
        await leave();
        return answer;
      });
      await vi.waitFor(() => expect(events).toHaveLength(count)); // it has left the file
      return answer;
    };
    await upload();
    const [name = ''] = readdirSync(root).filter((each) => each.endsWith('.part'));
    rmSync(join(root, name));
    symlinkSync(join(here, 'secret'), join(root, name));
    expect(await upload()).toContain('symbolic links are not followed');
    rmSync(join(root, name));
    linkSync(join(here, 'secret'), join(root, name));
    expect(await upload()).toContain('what is in the way has another name, too');
    expect(readFileSync(join(here, 'secret'), 'utf8')).toBe('secret');
  });

  it('stays inside while somebody swaps a folder for a link', async (test) => {
    const { ask, root, here } = await furnished(test, { allowUpload: true, overwrite: true });
    writeFileSync(join(root, 'folder', 'secret'), 'ours');
    symlinkSync(here, join(root, 'swap'));
    let swaps = 0;
    const swap = () => {
      // folder ⇄ swap, by way of a third name
      renameSync(join(root, 'folder'), join(root, 'third'));
      renameSync(join(root, 'swap'), join(root, 'folder'));
      renameSync(join(root, 'third'), join(root, 'swap'));
      swaps++;
    };
    const swapping = interval(0).subscribe(swap);
    for (let round = 0; round < 150; round++) {
      const { type, letter } = await ask('download', 'folder/secret');
      // Ours has 4 bytes, the secret 6.
      expect(type === 'rejected' || letter.file_size === 4).toBe(true);
    }
    swapping.unsubscribe();
    expect(swaps).toBeGreaterThan(20);
    expect(readlinkSync(join(root, swaps % 2 ? 'folder' : 'swap'))).toBe(here);
  });

  it('lets two clients send the same file, one after the other', async (test) => {
    const { client, root } = await furnished(test);
    const first = client(async ({ say, hear }) => {
      await say(`${request('upload', 'new')}\n`);
      await hear();
      const other = await client(async (second) => {
        await second.say(`${request('upload', 'new')}\n`);
        return second.hear();
      });
      await say('{"type":"close","letter":{}}');
      return other;
    });
    expect(await first).toContain('somebody else is sending the same file');
    expect(readdirSync(root)).not.toContain('new');
  });
});

describe('a client', () => {
  it('sends no pipe, and does not wait for somebody to write to it', async (test) => {
    const at = await desk(test);
    execFileSync('mkfifo', [join(at.here, 'pipe')]);
    await expect(at.upload('pipe', 'a')).rejects.toMatchObject({ code: 'refused' });
  });
});

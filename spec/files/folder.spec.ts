import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { serveFiles } from 'rx-tinyproto/files';
import { firstValueFrom, NEVER, Subject } from 'rxjs';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { Folder } from '../../src/files/folder.js';
import { landing } from '../../src/files/landing.js';
import { folders } from '../helpers/files.js';

/**
 * Room for so many bytes more on every disk, while a test lasts: in Node's own module, since specs share those of ours, and what another has loaded stays as it is.
 */
function diskWithRoom(test: TestContext): (bytes: number) => void {
  const statfs = vi.spyOn(fs, 'statfs');
  test.onTestFinished(() => {
    statfs.mockRestore();
    syncBuiltinESMExports();
  });
  return (bytes) => {
    statfs.mockResolvedValue({ bavail: bytes, bsize: 1 } as never);
    syncBuiltinESMExports();
  };
}

describe('a folder', () => {
  it('is closed when all that is done in it has ended', async (test) => {
    const { root } = folders(test);
    const folder = await Folder.open(root);
    const going = new Subject<string>();
    const working = folder.during(async () => writeFileSync(folder.at(await firstValueFrom(going)), ''));
    const closing = folder.close();
    going.next('a');
    await working;
    await closing;
    expect(readdirSync(root)).toEqual(['a']);
  });

  it.runIf(existsSync('/proc/self/fd'))('has no path once it is closed', async (test) => {
    const { root } = folders(test);
    const folder = await Folder.open(root);
    await folder.close();
    const other = await Folder.open(root); // by the same number
    expect(existsSync(folder.at('.'))).toBe(false);
    await other.close();
  });

  it.runIf(existsSync('/proc/self/fd'))(
    'is not left open by a server that was left at once',
    async (test) => {
      const { root } = folders(test);
      serveFiles(root)(NEVER).subscribe().unsubscribe();
      const opened = await Folder.open(root); // behind it
      await opened.close();
      await vi.waitFor(() => expect(openFiles()).not.toContain(root), 5_000);
    },
  );
});

describe('a disk', () => {
  const settings = { overwrite: false, resumable: true };

  it('needs room for what is missing, not for what is here from an earlier attempt', async (test) => {
    const { root } = folders(test);
    const folder = await Folder.open(root);
    const first = await landing(folder, 'a', 10, settings);
    await first.write(new Uint8Array(6));
    await first.leave();

    const leaveRoom = diskWithRoom(test);
    leaveRoom(3);
    await expect(landing(folder, 'a', 10, settings)).rejects.toThrow('there is no room for it');
    leaveRoom(4);
    const second = await landing(folder, 'a', 10, settings);
    expect(second.held.bytes).toBe(6);
    await second.leave();
    await folder.close();
    expect(readdirSync(root)).toHaveLength(1); // it is kept for a third
  });
});

/** What this process has open. */
const openFiles = () =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the one that lists them
    }
  });

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, type Subscription } from 'rxjs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { tcp } from '../../src/transport/tcp.js';
import { removeStaleFile } from '../../src/transport/unix-socket-file.js';
import { type End, pass, text, until, utf8, watch } from '../contracts/wires.js';

describe('A Unix socket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rx-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let count = 0;
  const newPath = () => join(folder, `${count++}.sock`);

  const listenings: Subscription[] = [];
  afterEach(() => {
    for (const each of listenings.splice(0)) each.unsubscribe();
  });

  async function listen(path: string): Promise<Subscription> {
    let up = false;
    let failure: unknown;
    const listening = tcp()
      .listen({ path }, { openObserver: { next: () => (up = true) } })
      .subscribe({
        next: (wire) =>
          wire.bytes$.subscribe({
            next: (chunk) => wire.write(chunk, () => {}),
            complete: () => wire.destroy(),
          }),
        error: (error) => {
          failure = error;
        },
      });
    listenings.push(listening);
    await until(() => up || failure !== undefined, 'up');
    if (failure) throw failure;
    return listening;
  }

  async function echo(path: string): Promise<string> {
    const end = watch(await firstValueFrom(tcp().dial({ path })));
    end.write(utf8('hello'));
    end.end();
    await until(() => end.closings.length === 1, 'answered');
    return text(end);
  }

  /** What a server leaves that was killed. */
  function leaveStale(path: string): void {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(existsSync(path)).toBe(true);
  }

  it('has a file while somebody listens, and none after', async () => {
    const path = newPath();
    const listening = await listen(path);
    expect(existsSync(path)).toBe(true);
    expect(await echo(path)).toBe('hello');
    listening.unsubscribe();
    expect(existsSync(path)).toBe(false);
  });

  it.each([0o600, 0o660, 0o777])('has a file with the permissions that are asked for: %o', async (mode) => {
    const path = newPath();
    const before = process.umask();
    let bound = 0;
    const listening = tcp()
      .listen({ path, mode }, { openObserver: { next: () => bound++ } })
      .subscribe();
    // From the first moment, not only once somebody may call.
    expect(statSync(path).mode & 0o777).toBe(mode);
    expect(process.umask()).toBe(before);
    await until(() => bound === 1, 'bound');
    expect(
      await firstValueFrom(tcp().dial({ path })).then((wire) => wire.destroy({ reset: true })),
    ).toBeUndefined();
    listening.unsubscribe();
  });

  it('takes permissions for what they are', () => {
    const { listen, dial } = tcp();
    expect(() => listen({ path: '/tmp/x', mode: 0o1000 })).toThrow(RangeError);
    expect(() => listen({ path: '/tmp/x', mode: '660' as never })).toThrow(TypeError);
    expect(() => listen({ port: 1, mode: 0o600 } as never)).toThrow(TypeError);
    expect(() => dial({ path: '/tmp/x', mode: 0o600 })).toThrow(TypeError);
  });

  it('has a path of at most 107 bytes', () => {
    const longest = `/${'x'.repeat(106)}`;
    for (const use of [tcp().listen, tcp().dial]) {
      expect(() => use({ path: longest })).not.toThrow();
      expect(() => use({ path: `${longest}x` })).toThrow(RangeError);
      expect(() => use({ path: `/${'ü'.repeat(54)}` })).toThrow(RangeError);
    }
  });

  it('replaces the file of a server that died', async () => {
    const path = newPath();
    leaveStale(path);
    await listen(path);
    expect(await echo(path)).toBe('hello');
  });

  it('leaves the file of a server that lives, also of another program', async () => {
    const path = newPath();
    const server = createServer((socket) => socket.resume());
    await new Promise<void>((ready) => server.listen(path, ready));
    await expect(listen(path)).rejects.toMatchObject({
      code: 'address-in-use',
      cause: { code: 'EADDRINUSE' },
    });
    expect(existsSync(path)).toBe(true);
    await new Promise((done) => server.close(done));
  });

  it('leaves the file of another server that has taken its path, when it ends', async () => {
    const path = newPath();
    const first = await listen(path);
    unlinkSync(path);
    const second = await listen(path);
    first.unsubscribe();
    expect(existsSync(path)).toBe(true);
    expect(await echo(path)).toBe('hello');
    second.unsubscribe();
    expect(readdirSync(folder).filter((name) => join(folder, name).startsWith(path))).toEqual([]);
  });

  it('ends where its file is gone', async () => {
    const path = newPath();
    const listening = await listen(path);
    unlinkSync(path);
    listening.unsubscribe();
    await listen(path);
    expect(await echo(path)).toBe('hello');
  });

  it('leaves a file that is no socket', async () => {
    const path = newPath();
    writeFileSync(path, 'precious');
    await expect(listen(path)).rejects.toMatchObject({ code: 'address-in-use' });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('leaves the file of another server that is quicker to replace a stale one', async (test) => {
    const path = newPath();
    leaveStale(path);
    await pass(50); // file systems count time in steps of up to 10 ms
    const removing = firstValueFrom(removeStaleFile(path));
    unlinkSync(path);
    const quicker = createServer((socket) => socket.end()).listen(path); // its file may well have the number of the other
    test.onTestFinished(() => void quicker.close());
    await removing.catch(() => {});
    expect(existsSync(path)).toBe(true);
  });

  it('leaves the stale file alone when listening is given up before it is replaced', async () => {
    const path = newPath();
    leaveStale(path);
    for (const turns of [0, 1, 2, 3]) {
      const listening = tcp().listen({ path }).subscribe();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      listening.unsubscribe();
    }
    expect(existsSync(path)).toBe(true);
    await listen(path);
  });

  it('tells a peer that hung up on unread bytes from one that ended', async () => {
    const path = newPath();
    let far: End | undefined;
    listenings.push(
      tcp()
        .listen({ path })
        .subscribe((wire) => (far = watch(wire))),
    );
    await pass(5);
    const peer = connect(path).pause();
    await until(() => far !== undefined, 'accepted');
    far?.write(utf8('unread'));
    await until(() => far?.settled.length === 1, 'written');
    peer.write('half a mess', () => peer.destroy());
    await until(() => far?.closings.length === 1, 'closed');
    expect(far?.endings).toEqual([expect.objectContaining({ code: 'reset' })]);
  });

  it('says what is wrong', async () => {
    await expect(listen(join(folder, 'nowhere', 'x.sock'))).rejects.toMatchObject({ code: 'access-denied' });
    await expect(firstValueFrom(tcp().dial({ path: newPath() }))).rejects.toMatchObject({
      code: 'connection-refused',
    });
    const stale = newPath();
    leaveStale(stale);
    await expect(firstValueFrom(tcp().dial({ path: stale }))).rejects.toMatchObject({
      code: 'connection-refused',
    });
  });
});

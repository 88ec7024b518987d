import { createHash, type Hash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, rename, rm, statfs, unlink } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { asRefusal, Refusal } from './file-error.js';
import type { Folder } from './folder.js';
import { hashed } from './hashed.js';
import type { Held } from './letters.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;

export interface LandingOptions {
  /** Whether a file of that name is replaced. */
  readonly overwrite: boolean;
  /** Whether what is here when it is given up is kept, and found by the next attempt at the same name and size. */
  readonly resumable: boolean;
}

/**
 * A file on its way into its place.
 *
 * It is written under another name in the same folder and gets its own when it is whole and on the disk, at once: nobody ever sees half of it there. Where that name is
 * taken meanwhile, it fails, and replaces nothing.
 */
export interface Landing {
  /** What is here from an earlier attempt. */
  readonly held: Held;
  /** Keeps so much of it, and goes on behind that. */
  startAt(offset: number): Promise<void>;
  write(part: Uint8Array): Promise<void>;
  /** The hash of all that was kept and written, in hexadecimal. */
  digest(): string;
  /** Puts it into its place. */
  place(): Promise<void>;
  /** Throws away what is here: it is wrong. */
  discard(): Promise<void>;
  /** Gives it up, unless it is in its place; to be called in any case. */
  leave(): Promise<void>;
}

/** Files under way in this process: two writers at one would spoil it. */
const underWay = new Set<string>();

export async function landing(
  folder: Folder,
  name: string,
  size: number,
  { overwrite, resumable }: LandingOptions,
): Promise<Landing> {
  await demandPlace(folder, name, overwrite);
  const { dev, ino } = await folder.handle.stat();
  const key = createHash('sha256').update(`${size} ${name}`).digest('hex').slice(0, 16);
  const partial = `.rx-tinyproto-${resumable ? key : randomUUID()}.part`;
  const path = folder.at(partial);
  const mark = `${dev}:${ino}:${partial}`;
  await taken(mark);
  try {
    await demandRoom(folder, path, size);
    const handle = await opened(path, resumable);
    return new FileLanding(folder, handle, path, name, await heldIn(handle), {
      overwrite,
      resumable,
      left: () => underWay.delete(mark),
    });
  } catch (error) {
    underWay.delete(mark);
    throw asRefusal(error);
  }
}

class FileLanding implements Landing {
  readonly held: Held;
  #hash: Hash;
  #written: number;
  #isThere = true;

  constructor(
    private readonly folder: Folder,
    private readonly handle: FileHandle,
    private readonly path: string,
    private readonly name: string,
    { bytes, hash }: { readonly bytes: number; readonly hash: Hash },
    private readonly how: LandingOptions & { readonly left: () => void },
  ) {
    this.#hash = hash;
    this.#written = bytes;
    this.held = { bytes, sha256: hash.copy().digest('hex') };
  }

  async startAt(offset: number): Promise<void> {
    if (offset !== 0 && offset !== this.held.bytes) throw new Refusal('what is here does not end there');
    if (offset === 0) this.#hash = createHash('sha256');
    await this.handle.truncate(offset);
    this.#written = offset;
  }

  async write(part: Uint8Array): Promise<void> {
    this.#hash.update(part);
    for (let done = 0; done < part.length; ) {
      const { bytesWritten } = await this.handle.write(part, done, part.length - done, this.#written);
      done += bytesWritten;
      this.#written += bytesWritten;
    }
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  async place(): Promise<void> {
    await this.handle.sync();
    await inPlace(this.folder, this.path, this.name, this.how.overwrite);
    this.#isThere = false;
    await synced(this.folder);
  }

  async discard(): Promise<void> {
    this.#isThere = false;
    await rm(this.path, { force: true });
  }

  async leave(): Promise<void> {
    const isKept = this.how.resumable && this.#written > 0;
    try {
      if (this.#isThere && !isKept) await rm(this.path, { force: true });
    } finally {
      this.how.left();
      await this.handle.close();
    }
  }
}

/** Waits a little for it to be free: a connection that broke off may not have noticed it yet. */
async function taken(mark: string): Promise<void> {
  for (let tries = 20; underWay.has(mark); tries--) {
    if (tries === 0) throw new Refusal('somebody else is sending the same file');
    await setTimeout(100);
  }
  underWay.add(mark);
}

async function demandPlace(folder: Folder, name: string, overwrite: boolean): Promise<void> {
  const there = await lstat(folder.at(name)).catch(missing);
  if (there === undefined) return;
  if (!overwrite) throw new Refusal('it exists already');
  if (!there.isFile()) throw new Refusal('what is there is no regular file');
}

const missing = (error: unknown): undefined => {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw asRefusal(error);
};

/** What is here of it from an earlier attempt has its room already. */
async function demandRoom(folder: Folder, partial: string, size: number): Promise<void> {
  const held = await lstat(partial).catch(missing);
  const { bavail, bsize } = await statfs(folder.path);
  if (bavail * bsize < size - (held?.size ?? 0)) throw new Refusal('there is no room for it');
}

/** One from an earlier attempt is ours to go on with only if it is a plain file that nobody else has a name for. */
async function opened(path: string, resumable: boolean): Promise<FileHandle> {
  const flags = O_RDWR | O_CREAT | (O_NOFOLLOW ?? 0) | (resumable ? 0 : O_EXCL);
  const handle = await open(path, flags, 0o666);
  const { nlink } = await handle.stat().then(async (stat) => {
    if (stat.isFile()) return stat;
    await handle.close();
    throw new Refusal('what is in the way is no regular file');
  });
  if (nlink === 1) return handle;
  await handle.close();
  throw new Refusal('what is in the way has another name, too');
}

async function heldIn(handle: FileHandle) {
  const { size } = await handle.stat();
  const hash = createHash('sha256');
  await hashed(handle, size, hash);
  return { bytes: size, hash };
}

/** Gives the file its name. A link fails where the name is taken; a rename would replace what is there. */
async function inPlace(folder: Folder, partial: string, name: string, overwrite: boolean): Promise<void> {
  const final = folder.at(name);
  try {
    if (overwrite) return await rename(partial, final);
    const isLinked = await link(partial, final).then(
      () => true,
      (error) => !isUnsupported(error) && Promise.reject(error),
    );
    if (isLinked) return await unlink(partial);
    // A file system without links: an empty file takes the name, and is replaced.
    await (await open(final, 'wx')).close();
    await rename(partial, final);
  } catch (error) {
    throw asRefusal(error);
  }
}

const isUnsupported = (error: unknown) =>
  error instanceof Error &&
  'code' in error &&
  ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(String(error.code));

/** The new name is on the disk as well, where folders can be synced. */
async function synced({ handle }: Folder): Promise<void> {
  if (process.platform !== 'win32') await handle.sync();
}

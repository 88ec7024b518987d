import { constants, existsSync } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { asRefusal, Refusal } from './file-error.js';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Whether an open folder has a path of its own, which stays with it whatever is renamed: Linux. */
const hasDescriptorPaths = existsSync('/proc/self/fd');

/**
 * A folder that is open: what is looked up in it is looked up there, also when somebody renames it meanwhile, or puts a link in its place.
 *
 * On Linux each name is resolved in the folder that was opened (`/proc/self/fd/…/name`), so there is no moment between check and use. Elsewhere it is resolved by its
 * path and compared with what was opened: who can write below the root by other means might still win a race there.
 */
export class Folder {
  readonly #inUse = new Set<Promise<unknown>>();

  private constructor(
    readonly handle: FileHandle,
    private readonly openedAs: string,
  ) {}

  /** Opens a folder that the user of this program names: links in its path are theirs. */
  static async open(path: string): Promise<Folder> {
    const real = await realpath(path);
    return new Folder(await open(real, O_RDONLY | (O_DIRECTORY ?? 0)), real);
  }

  /** Where names in it are found; nowhere, once it is closed. */
  get path(): string {
    return hasDescriptorPaths ? `/proc/self/fd/${this.handle.fd}` : this.openedAs;
  }

  /** The path of what is called so in here. */
  at(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Opens a folder in this one, and no link to one. */
  async enter(name: string): Promise<Folder> {
    const handle = await this.#open(name, O_RDONLY | (O_DIRECTORY ?? 0));
    return new Folder(handle, this.at(name));
  }

  /** Opens the folder in which the last of the names is to be found. Close it, unless it is this one. */
  async walk(names: readonly string[]): Promise<Folder> {
    let here: Folder = this;
    for (const name of names.slice(0, -1)) {
      const outer = here;
      try {
        here = await outer.enter(name);
      } finally {
        if (outer !== this) await outer.close();
      }
    }
    return here;
  }

  /** Opens a regular file in this folder to be read: no link, device, pipe or folder. */
  async read(name: string): Promise<FileHandle> {
    const handle = await this.#open(name, O_RDONLY | (O_NONBLOCK ?? 0)); // a pipe would be waited for
    return regular(handle);
  }

  /** Does something in here, for which it stays open: the number of a descriptor that is closed may soon be that of another folder. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const working = work();
    this.#inUse.add(working);
    try {
      return await working;
    } finally {
      this.#inUse.delete(working);
    }
  }

  /** Closes it, when all that is done in here has ended. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#inUse);
    await this.handle.close();
  }

  async #open(name: string, flags: number): Promise<FileHandle> {
    const path = this.at(name);
    try {
      const there = await lstat(path); // opening a device may do something
      if (there.isSymbolicLink()) throw new Refusal('symbolic links are not followed');
      if (!there.isFile() && !there.isDirectory()) throw new Refusal('it is no regular file');
      const handle = await open(path, flags | (O_NOFOLLOW ?? 0));
      const opened = await handle.stat();
      if (opened.ino === there.ino && opened.dev === there.dev) return handle;
      await handle.close();
      throw new Refusal('it has changed in this moment');
    } catch (error) {
      throw asRefusal(error);
    }
  }
}

/** @throws Refusal, and closes it, for what is no regular file. */
export async function regular(handle: FileHandle): Promise<FileHandle> {
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new Refusal('it is no regular file');
}

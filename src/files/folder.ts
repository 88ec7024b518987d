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
  private constructor(
    readonly handle: FileHandle,
    /** Where names in it are found. */
    readonly path: string,
  ) {}

  /** Opens a folder that the user of this program names: links in its path are theirs. */
  static async open(path: string): Promise<Folder> {
    const real = await realpath(path);
    return Folder.#opened(await open(real, O_RDONLY | (O_DIRECTORY ?? 0)), real);
  }

  static #opened(handle: FileHandle, path: string): Folder {
    return new Folder(handle, hasDescriptorPaths ? `/proc/self/fd/${handle.fd}` : path);
  }

  /** The path of what is called so in here. */
  at(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Opens a folder in this one, and no link to one. */
  async enter(name: string): Promise<Folder> {
    const handle = await this.#open(name, O_RDONLY | (O_DIRECTORY ?? 0));
    return Folder.#opened(handle, this.at(name));
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

  async close(): Promise<void> {
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

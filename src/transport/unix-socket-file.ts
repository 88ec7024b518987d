import { lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { Observable, type Subscriber } from 'rxjs';
import { nodeError, platformCode } from './node-errors.js';

/**
 * Makes way for a listener at a path that is taken: emits once and completes when the file that a dead server left there is gone.
 *
 * Only knocking tells the dead from the living. Fails with `address-in-use` if somebody answers, or may be about to, and if
 * the file is no socket; with `access-denied` if it may not be removed.
 */
export function removeStaleFile(path: string): Observable<void> {
  return new Observable((subscriber) => {
    const found = look(path);
    if (found && !found.isSocket()) return subscriber.error(inUse(path, 'a file that is no socket'));
    const knock = connect({ path });
    knock.once('connect', () => subscriber.error(inUse(path, 'a living server')));
    knock.on('error', (error) => {
      if (platformCode(error) === 'ECONNREFUSED') remove(path, found, subscriber);
      else if (platformCode(error) === 'ENOENT') done(subscriber);
      else subscriber.error(inUse(path, error));
    });
    return () => knock.destroy();
  });
}

function remove(path: string, found: Stats | undefined, subscriber: Subscriber<void>): void {
  try {
    // While we knocked, another server may have replaced the file by its own: that one is not ours to remove.
    if (isSame(look(path), found)) unlinkSync(path);
    done(subscriber);
  } catch (error) {
    subscriber.error(nodeError(`Removing ${path}`, error));
  }
}

/**
 * To be called when a listener is bound: closes it later, and leaves what another server has put at the path since somebody removed our file. libuv removes whatever is there, so the
 * other's file stands aside while it does.
 */
export function closingAt(path: string, close: () => void): () => void {
  const ours = inodeAt(path);
  return () => {
    const there = inodeAt(path);
    const restore = there === undefined || there === ours ? undefined : putAside(path);
    close();
    restore?.();
  };
}

/** Nothing, where that may not be done: libuv may not remove the file, either. */
function putAside(path: string): (() => void) | undefined {
  const aside = `${path}.${process.pid}.aside`;
  try {
    renameSync(path, aside);
    return () => renameSync(aside, path);
  } catch {
    return undefined;
  }
}

/** Of a socket that is bound the system gives the number to no other file. */
function inodeAt(path: string): number | undefined {
  try {
    return look(path)?.ino;
  } catch {
    return undefined;
  }
}

function done(subscriber: Subscriber<void>): void {
  subscriber.next();
  subscriber.complete();
}

/** The number alone does not tell: that of a file which is gone goes to the next. */
const isSame = (file: Stats | undefined, other: Stats | undefined): boolean =>
  file?.ino === other?.ino && file?.ctimeMs === other?.ctimeMs;

const look = (path: string) => lstatSync(path, { throwIfNoEntry: false });

const inUse = (path: string, by: unknown) =>
  nodeError(
    `Listening on ${path}`,
    Object.assign(new Error(`${path} is in use`, { cause: by }), { code: 'EADDRINUSE' }),
  );
